// Writes a page with invented numbers to out/mock.html, to look at figures without a trained model.
//
// A scene's own invented numbers are in dev/data/NAME.json: {"shared": .., "columns": .., "rows": .., "sentences": [..]}.
// Sentence data is repeated if there is less of it than sentences. The numbers of real pages come from Rust.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const ids = ["verdict", "data", "models", "words", "batch", "layers", "attention", "slice", "split", "learning", "reasons", "score", "map"];
const titles = {
    verdict: ["The verdict", "判定"], data: ["The data", "数据"], models: ["Two models", "两个模型"], words: ["Words become ids", "从词到编号"],
    batch: ["The batch", "批次"], layers: ["Inside the encoder", "编码器内部"], attention: ["Attention", "注意力"], slice: ["Cube, slice, table", "立方体、切片、表格"],
    split: ["The shuffled split", "打乱后划分"], learning: ["Learning", "学习"], reasons: ["One prediction as arithmetic", "一次预测的算术"],
    score: ["How good, how honest", "有多准，有多可信"], map: ["The map and the mistakes", "地图与错误"],
};
const why = {
    own: { en: "Your sentences", zh: "您的句子" },
    wrong: { en: "Most confident mistakes", zh: "最自信的错误" },
    near: { en: "Nearest to the boundary", zh: "最接近分界" },
};

function sentence(text, given, probability, reason) {
    let word = 0;
    const segments = new Intl.Segmenter("zh", { granularity: "word" }).segment(text);
    const pieces = Array.from(segments, ({ segment, isWordLike }) => ({ text: segment, word: isWordLike ? word++ : null }));
    const label = probability >= 0.5 ? 1 : 0;
    const labels = ["negative", "positive"];
    return { text, pieces, given: given === null ? null : [labels[given]], predicted: [labels[label]], label, probability: [1 - probability, probability], why: reason };
}

const sentences = [
    sentence("a stirring, funny and finally transporting re-imagining of beauty and the beast and 1930s horror films", null, 0.9731, why.own),
    sentence("apparently reassembled from the cutting-room floor of any given daytime soap </script><b>& \"quotes\" 'too'", 0, 0.0421, why.own),
    sentence("这部电影节奏缓慢，但结尾非常动人 👩‍👩‍👧‍👦🎬", 1, 0.6125, why.near),
    sentence("فيلم رائع جدا but the sound was poor", 0, 0.4873, why.near),
    sentence("they presume their audience won't sit still for a sociology lesson", 1, 0.0312, why.wrong),
];

const invented = {
    verdict: {
        shared: {
            accuracy: 0.824, interval: [0.788, 0.855], baseline: 0.527, nTest: 500, metric: { en: "accuracy", zh: "准确率" },
            encoder: "distilbert-base-uncased", hiddenSize: 768, pooling: { en: "[CLS]", zh: "[CLS]" }, partner: 1,
        },
        columns: [{ en: "label", zh: "标签" }, { en: "probability", zh: "概率" }],
        rows: null,
        sentences: sentences.map(({ probability, predicted }) => ({
            line: { en: `The classifier answers ${predicted[0]}.`, zh: `分类器的回答是 ${predicted[0]}。` },
            rows: [["negative", probability[0].toFixed(4)], ["positive", probability[1].toFixed(4)]],
            data: {},
        })),
    },
};

const data = ids.map((id) => {
    const file = here(`data/${id}.json`);
    const own = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : (invented[id] ?? {});
    const some = own.sentences ?? [];
    const all = some.length === 0 ? [] : sentences.map((_, i) => ({ line: null, rows: null, ...some[i % some.length] }));
    return { id, shared: own.shared ?? {}, columns: own.columns ?? [], rows: own.rows ?? null, sentences: all };
});
const guide = {
    lang: process.argv.includes("--zh") ? "zh" : "en",
    title: { en: "clsify guide: films", zh: "clsify 图解：影评" },
    labels: ["negative", "positive"], multiLabel: false, abstains: false, sentences, scenes: data,
};

const escape = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/"/g, "&quot;");
const both = ({ en, zh }) => `<span class="en" lang="en">${escape(en)}</span><span class="zh" lang="zh-Hans">${escape(zh)}</span>`;
const table = ({ columns, rows, sentences }) => {
    const shown = rows ?? sentences[0]?.rows;
    if (!shown) return "";
    const isNumber = (cell) => /^[-+]?[\d.,]+%?$/.test(cell);
    const kind = (cell) => (isNumber(cell ?? "") ? ' class="number"' : "");
    const head = columns.map((name, i) => `<th scope="col"${kind(shown[0]?.[i])}>${both(name)}</th>`).join("");
    const body = shown.map((row) => `<tr>${row.map((cell) => `<td${kind(cell)}>${escape(cell)}</td>`).join("")}</tr>`).join("");
    return `<details class="numbers"><summary>${both({ en: "The numbers", zh: "数字" })}</summary><div class="scroll" tabindex="0"><table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div></details>`;
};
const captions = { verdict: { en: "A program read these two sentences and gave each a label; this page shows every number in between.", zh: "程序读了这两句话，各给出一个标签；本页展示其间的每一个数字。" } };
const section = (scene, i) => `<section class="scene" id="${scene.id}" aria-labelledby="${scene.id}-title">
<h2 id="${scene.id}-title"><span class="number">${i + 1}</span> ${both({ en: titles[scene.id][0], zh: titles[scene.id][1] })}</h2>
<p class="caption">${both(captions[scene.id] ?? { en: `The caption of ${scene.id}.`, zh: `${scene.id} 的说明。` })}</p>
<div class="figure"></div>
<p class="line">${scene.sentences[0]?.line ? both(scene.sentences[0].line) : ""}</p>
<pre class="code"><code>clf.predict_proba(encoder(tokenizer(sentence)))</code></pre>
${table(scene)}
</section>`;

const script = readFileSync(here("../../src/guide/dist/guide.js"), "utf8");
const style = readFileSync(here("../../src/guide/dist/guide.css"), "utf8");
const hash = (text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
const policy = `default-src 'none'; script-src ${hash(script)}; style-src ${hash(style)}; img-src data:`;
const page = `<!doctype html>
<html lang="${guide.lang === "zh" ? "zh-Hans" : "en"}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}"><title>${escape(guide.title[guide.lang])}</title><style>${style}</style></head>
<body><header id="bar"><h1 class="brand">${both(guide.title)}</h1><div id="controls"></div></header>
<main>
${data.map(section).join("\n")}
</main>
<script type="application/json" id="guide-data">${JSON.stringify(guide).replace(/</g, "\\u003c")}</script><script>${script}</script></body></html>
`;
mkdirSync(here("../out"), { recursive: true });
writeFileSync(here("../out/mock.html"), page);
console.log(`out/mock.html: ${Buffer.byteLength(page)} bytes`);
