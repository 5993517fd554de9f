// Lists the routes of the OpenAPI document.
"use strict";

const element = (name, ...children) => {
  const made = document.createElement(name);
  made.append(...children);
  return made;
};

/** A text of the document, in which backticks stand around code. */
const prose = (text) => text.split("`").map((part, i) => (i % 2 === 0 ? part : element("code", part)));

/** The form of a schema in a few words. */
const form = (schema, all) => {
  if (!schema) return "";
  if (schema.$ref) return form(all[schema.$ref.split("/").at(-1)], all);
  if (schema.oneOf) return schema.oneOf.map((one) => form(one, all)).join(" or ");
  if (schema.type === "array") return `list of ${form(schema.items, all) || "anything"}`;
  if (schema.properties) return "object";
  return schema.enum ? schema.enum.join(", ") : [schema.type ?? "anything"].flat().join(" or ");
};

/** The fields of a request; nothing if it has none. */
const fields = (schema, all) => {
  const object = schema?.$ref ? all[schema.$ref.split("/").at(-1)] : schema;
  const rows = Object.entries(object?.properties ?? {}).map(([name, of]) =>
    element("tr", element("td", element("code", name)), element("td", form(of, all)), element("td", ...prose(of.description ?? ""))));
  if (rows.length === 0) return [];
  const names = element("tr", ...["field", "form", "meaning"].map((name) => element("th", name)));
  return [element("table", element("thead", names), element("tbody", ...rows))];
};

const show = ({ paths, components }) => {
  const all = components.schemas;
  const routes = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { summary, description, requestBody, responses }]) => {
      const request = requestBody?.content["application/json"]?.schema;
      const statuses = Object.entries(responses).map(([status, of]) => element("li", `${status}: `, ...prose(of.description)));
      const section = element("section", element("h2", element("code", `${method.toUpperCase()} ${path}`)),
        element("p", ...prose([summary, description].filter(Boolean).join(" "))), ...fields(request, all),
        element("details", element("summary", "Statuses"), element("ul", ...statuses)));
      section.className = "route";
      return section;
    }));
  document.getElementById("routes").replaceChildren(...routes);
};

fetch("api-doc/openapi.json").then((response) => response.json()).then(show, () => {
  document.getElementById("routes").textContent = "The server cannot be reached.";
});
