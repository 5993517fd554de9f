// The page of a server: sends a sentence to its routes, and shows the answers. Texts only ever become text nodes.
"use strict";

const find = (id) => document.getElementById(id);

/** An element with a class and children; a string is a text. */
const element = (name, className, ...children) => {
  const made = document.createElement(name);
  made.className = className;
  made.append(...children);
  return made;
};

const signed = (x) => (x < 0 ? "\u2212" : "+") + Math.abs(x).toFixed(2);

/** Asks a route; an answer that is an error becomes an Error with the server's message. */
const ask = async (route, body) => {
  const headers = { "content-type": "application/json" };
  if (find("key").value) headers.authorization = "Bearer " + find("key").value;
  const request = body === undefined ? { headers } : { method: "POST", headers, body: JSON.stringify(body) };
  const response = await fetch(route, request);
  if (response.status === 401) find("key-field").hidden = false;
  const answer = await response.json();
  if (!response.ok) {
    const { error } = answer;
    throw new Error(typeof error === "string" ? error : error.message);
  }
  return { answer, headers: response.headers };
};

const showTokens = (tokens) => {
  const shown = tokens.map(({ id, text, special }) =>
    element("span", special ? "token special" : "token", text, " ", element("small", "", String(id))));
  find("tokens").replaceChildren(...shown);
};

const showLabels = ({ answer, headers }) => {
  const rule = (headers.get("x-clsify-decision") ?? "").replaceAll("_", " ");
  const abstains = headers.has("x-clsify-abstained") ? "; the model abstains on this sentence" : "";
  find("rule").textContent = `Decision rule: ${rule}${abstains}. Chosen labels are bold.`;
  const rows = answer.slice(0, 20).map(({ label, score, chosen }) => {
    const meter = element("meter", "");
    meter.value = score;
    meter.setAttribute("aria-label", label);
    return element("tr", chosen ? "chosen" : "", element("td", "", label), element("td", "", meter),
      element("td", "", score.toFixed(4)));
  });
  find("labels").replaceChildren(...rows);
};

const showWords = ({ answer: [{ label, words }] }) => {
  find("explained").textContent =
    `The change of the logit of \u201c${label}\u201d when a word is deleted: underlined words spoke for it, dashed ones against it.`;
  const shown = words.map(({ word, contribution }) =>
    element("span", contribution < 0 ? "word against" : "word for", word, element("small", "", signed(contribution))));
  find("words").replaceChildren(...shown);
};

const showVector = ({ answer: [vector] }) => {
  const first = vector.slice(0, 8).map((x) => x.toFixed(4)).join(", ");
  find("vector").textContent = `${vector.length} numbers, of which the first are ${first}`;
};

const predict = async () => {
  const [inputs, model] = [find("text").value, find("model").value || undefined];
  find("state").textContent = "Computing \u2026";
  find("go").disabled = true;
  try {
    const info = (await ask(model ? `models/${encodeURIComponent(model)}/info` : "info")).answer;
    const isClassifier = "classifier" in info.model_type;
    showTokens((await ask("tokenize", { inputs, model })).answer[0]);
    find("of-classifier").hidden = !isClassifier;
    find("of-encoder").hidden = isClassifier;
    if (isClassifier) {
      showLabels(await ask("predict", { inputs, model, truncate: true }));
      find("explained").textContent = "";
      find("words").replaceChildren();
    } else {
      showVector(await ask("embed", { inputs, model, truncate: true }));
    }
    find("result").hidden = false;
    if (isClassifier) showWords(await ask("explain", { inputs, model }));
    find("state").textContent = "";
  } catch (error) {
    find("state").textContent = error.message;
  } finally {
    find("go").disabled = false;
  }
};

const listModels = async () => {
  const { data } = (await ask("v1/models")).answer;
  find("model").replaceChildren(...data.map(({ id }) => element("option", "", id)));
};

find("go").addEventListener("click", predict);
find("text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) predict();
});
find("key").addEventListener("change", () => listModels().catch(() => {}));
listModels().then(predict, (error) => {
  find("state").textContent = error.message;
});
