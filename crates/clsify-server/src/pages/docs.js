// Lists the routes of the OpenAPI document.
"use strict";

const element = (name, ...children) => {
  const made = document.createElement(name);
  made.append(...children);
  return made;
};

/** The form of a schema in a few words. */
const form = (schema, all) => {
  if (!schema) return "";
  if (schema.$ref) return form(all[schema.$ref.split("/").at(-1)], all);
  if (schema.oneOf) return schema.oneOf.map((one) => form(one, all)).join(" or ");
  if (schema.type === "array") return `list of ${form(schema.items, all) || "anything"}`;
  if (schema.properties) return "object";
  return schema.enum ? schema.enum.join(", ") : [schema.type ?? "anything"].flat().join(" or ");
};

const fields = (schema, all) => {
  const object = schema?.$ref ? all[schema.$ref.split("/").at(-1)] : schema;
  const rows = Object.entries(object?.properties ?? {}).map(([name, of]) =>
    element("tr", element("td", element("code", name)), element("td", of.description ?? ""), element("td", form(of, all))));
  return element("table", ...rows);
};

const show = ({ paths, components }) => {
  const all = components.schemas;
  const routes = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { summary, description, requestBody, responses }]) => {
      const request = requestBody?.content["application/json"]?.schema;
      const statuses = Object.entries(responses).map(([status, of]) => element("li", `${status}: ${of.description}`));
      return element("section", element("h2", element("code", `${method.toUpperCase()} ${path}`)),
        element("p", [summary, description].filter(Boolean).join(" ")), fields(request, all), element("ul", ...statuses));
    }));
  document.getElementById("routes").replaceChildren(...routes);
};

fetch("api-doc/openapi.json").then((response) => response.json()).then(show);
