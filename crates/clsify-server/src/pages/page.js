// The page of a server: sends sentences to its routes. The script of the guide draws the answers. Texts only ever become text nodes.
"use strict";

const find = (id) => document.getElementById(id);

/** An element with a class and children; a string is a text. */
const element = (name, className, ...children) => {
  const made = document.createElement(name);
  made.className = className;
  made.append(...children);
  return made;
};

/** A text in both languages, of which the style sheet shows one. */
const both = (en, zh) => [["en", "en", en], ["zh", "zh-Hans", zh]].map(([name, lang, text]) => {
  const span = element("span", name, text);
  span.lang = lang;
  return span;
});

/** An error with a text in both languages; that of the server is in English. */
class Refused extends Error {
  constructor(en, zh = en) {
    super(en);
    this.texts = [en, zh];
  }
}

const live = clsifyGuide(
  { controls: find("controls"), answer: find("answer"), scenes: find("scenes") },
  navigator.language.startsWith("zh") ? "zh" : "en",
);

/** Asks a route; an answer that is an error becomes one with the server's message. */
const ask = async (route, body, signal) => {
  const headers = {};
  // Other characters cannot be in a header, so they are in no key.
  const key = find("key").value.trim();
  if (/^[\x21-\x7e]+$/.test(key)) headers.authorization = `Bearer ${key}`;
  if (body) headers["content-type"] = "application/json";
  let response;
  try {
    response = await fetch(route, { method: body ? "POST" : "GET", headers, body: body && JSON.stringify(body), signal });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused("The server cannot be reached.", "无法连接服务器。");
  }
  const answer = await response.json().catch((error) => {
    if (error.name === "AbortError") throw error;
    throw new Refused(`The server answered with status ${response.status}.`, `服务器返回状态 ${response.status}。`);
  });
  if (response.status === 401) {
    find("key-field").hidden = false;
    if (!key) throw new Refused("This server expects a key: enter it above.", "此服务器需要密钥：请在上方输入。");
  }
  if (!response.ok) throw new Refused(typeof answer.error === "string" ? answer.error : answer.error.message);
  return { answer, headers: response.headers };
};

const say = (...nodes) => find("state").replaceChildren(...nodes);

/** The answers of /predict as a guide without scenes: what can be shown before the explanation is there. */
const guideOf = (texts, { answer, headers }, labels, isSets) => {
  const abstained = (headers.get("x-clsify-abstained") ?? "").split(",");
  const sentences = texts.map((text, i) => {
    const score = new Map(answer[i].map(({ label, score }) => [label, score]));
    const isAbstained = abstained.includes(`${i}`);
    const chosen = answer[i].filter(({ chosen }) => chosen).map(({ label }) => label);
    return {
      text,
      pieces: [{ text, word: null }],
      given: null,
      predicted: labels.filter((label) => chosen.includes(label)),
      abstained: isAbstained,
      label: labels.indexOf(chosen[0] ?? answer[i][0].label),
      probability: labels.map((label) => score.get(label)),
      why: { en: "", zh: "" },
    };
  });
  return { labels, multiLabel: isSets, abstains: false, sentences, scenes: [] };
};

const classify = async (inputs, name, info, signal) => {
  find("vectors").replaceChildren();
  const { id2label } = info.model_type.classifier;
  const labels = Object.keys(id2label).map((_, i) => id2label[i]);
  const predicted = await ask("predict", { inputs, model: name }, signal);
  live.show(guideOf(inputs, predicted, labels, info.decision === "label_thresholds"), name);
  find("more").hidden = false;
  hasAnswer = true;
  say(...both("Explaining …", "正在解释…"));
  live.show((await ask("walk", { inputs, model: name }, signal)).answer, name);
};

/** An encoder alone: tokens, and the vector that it makes of them. */
const embed = async (inputs, model, signal) => {
  const tokens = (await ask("tokenize", { inputs, model }, signal)).answer;
  const vectors = (await ask("embed", { inputs, model }, signal)).answer;
  live.clear();
  find("more").hidden = true;
  const parts = inputs.flatMap((_, i) => {
    const shown = tokens[i].map(({ id, text, special }) => {
      const token = element("span", special ? "token special" : "token", element("bdi", "", text), element("small", "", `${id}`));
      return token;
    });
    const first = vectors[i].slice(0, 8).map((x) => x.toFixed(4)).join(", ");
    const [en, zh] = inputs.length === 1 ? ["", ""] : [` of sentence ${i + 1}`, `（句子 ${i + 1}）`];
    return [
      element("h2", "", ...both(`Tokens${en} and their ids`, `词元及其编号${zh}`)),
      element("p", "tokens", ...shown),
      element("h2", "", ...both(`Vector${en}`, `向量${zh}`)),
      element("p", "vector", ...both(`${vectors[i].length} numbers: ${first}, …`, `${vectors[i].length} 个数：${first}，…`)),
    ];
  });
  if (vectors.length === 2) {
    const cosine = vectors[0].reduce((sum, x, i) => sum + x * vectors[1][i], 0).toFixed(4);
    parts.push(element("p", "vector", ...both(`Cosine similarity of the two sentences: ${cosine}`, `两个句子的余弦相似度：${cosine}`)));
  }
  find("vectors").replaceChildren(...parts);
};

let current = new AbortController();
/** True if labels of the current request are shown. */
let hasAnswer = false;

/** Answers what is typed; a request that is still under way is given up. */
const predict = async () => {
  current.abort();
  current = new AbortController();
  const { signal } = current;
  hasAnswer = false;
  const other = find("compare").open ? find("other").value : "";
  const inputs = [find("text").value, other].filter((text, i) => i === 0 || text.trim() !== "");
  say(...both("Computing …", "正在计算…"));
  try {
    if (find("model").options.length === 0) await listModels(signal);
    const name = find("model").value;
    const info = (await ask(`models/${encodeURIComponent(name)}/info`, null, signal)).answer;
    if (info.model_type.classifier) await classify(inputs, name, info, signal);
    else await embed(inputs, name, signal);
    if (!signal.aborted) say();
  } catch (error) {
    if (signal.aborted) return;
    find("vectors").replaceChildren();
    if (hasAnswer) live.erase();
    else live.clear();
    say(...(error instanceof Refused ? both(...error.texts) : [error.message]));
  }
};

const listModels = async (signal) => {
  const { data } = (await ask("v1/models", null, signal)).answer;
  const options = data.map(({ id }) => {
    const option = element("option", "", id);
    option.value = id;
    return option;
  });
  find("model").replaceChildren(...options);
};

find("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  predict();
});
for (const id of ["text", "other"]) {
  find(id).addEventListener("keydown", (event) => {
    // Enter also ends the composition of Chinese characters, and with Shift it begins a line.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    predict();
  });
}
find("model").addEventListener("change", predict);
predict();
