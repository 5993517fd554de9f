// Compares pipeline('text-classification', FOLDER) of transformers.js with `clsify predict`: node check.mjs WORK, after check.py.
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { env, pipeline } from "@huggingface/transformers";

// The library and onnxruntime add in another order, in f32.
const TOLERANCE = 1e-5;

// transformers.js replaces the character map of SentencePiece by an approximation. Only texts with control and format characters
// and combining marks may get other tokens, and only from such a tokenizer.
const APPROXIMATED = /[\p{C}\p{M}]/u;

env.allowRemoteModels = false;
const work = resolve(process.argv[2]);
const read = (path) => JSON.parse(readFileSync(join(work, path), "utf8"));
const wrong = [];
let [largest, nAnswers, nOther] = [0, 0, 0];

const names = read("cases.json");
for (const name of names) {
    const classify = await pipeline("text-classification", join(work, name));
    const rows = read(join(name, "expected.json"));
    const isApproximated = JSON.stringify(read(join(name, "tokenizer.json")).normalizer).includes('"Precompiled"');
    const compare = (row, answers) => {
        const differences = answers.map(({ label, score }) => Math.abs(score - row.probabilities[label]));
        const difference = Math.max(...differences);
        const text = JSON.stringify(row.text.slice(0, 60));
        if (answers.length !== Object.keys(row.probabilities).length) {
            wrong.push(`${name}: ${text}: ${answers.length} labels`);
        } else if (difference <= TOLERANCE) {
            largest = Math.max(largest, difference);
            nAnswers += 1;
        } else if (isApproximated && APPROXIMATED.test(row.text) && !hasIds(classify.tokenizer, row)) {
            nOther += 1;
        } else {
            wrong.push(`${name}: ${text}: ${difference.toExponential(1)}`);
        }
    };
    // All texts at once, with padding, and some alone.
    const together = await classify(rows.map((row) => row.text), { top_k: null });
    rows.forEach((row, i) => compare(row, together[i]));
    for (const row of rows.filter((_, i) => i % 8 === 0)) compare(row, await classify(row.text, { top_k: null }));
    await classify.dispose();
}

// Returns true if a text has the token ids that Python's tokenizers gave it. A text that is cut may end with another one.
function hasIds(tokenizer, row) {
    const ids = Array.from(tokenizer(row.text, { truncation: true }).input_ids.data, Number);
    const end = ids.length === tokenizer.model_max_length ? -1 : ids.length;
    return ids.length === row.ids.length && ids.slice(0, end).every((id, i) => id === row.ids[i]);
}

console.log(`transformers.js: ${names.length} exports, ${nAnswers} answers, the largest difference is ${largest.toExponential(1)}; ${nOther} texts have other tokens`);
if (wrong.length > 0) {
    console.error(`expected probabilities within 1e-5 of those of clsify predict, got\n  ${wrong.join("\n  ")}`);
    process.exit(1);
}
