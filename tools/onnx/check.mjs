// Compares pipeline('text-classification', FOLDER) of transformers.js with `clsify predict`: node check.mjs WORK, after check.py WORK.
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { env, pipeline } from "@huggingface/transformers";

// The library and onnxruntime add in another order, in f32.
const TOLERANCE = 1e-5;

env.allowRemoteModels = false;
const work = resolve(process.argv[2]);
const read = (path) => JSON.parse(readFileSync(join(work, path), "utf8"));
const wrong = [];
let [largest, n_answers, n_skipped] = [0, 0, 0];

// Which tokens a text has is decided by transformers.js. Its normalizers differ from those of `tokenizers` for a few characters.
const ids = (found) => Array.from(found.input_ids.data, Number);

for (const name of read("cases.json")) {
    const classify = await pipeline("text-classification", join(work, name));
    const rows = read(join(name, "expected.json"));
    // The whole list at once, with padding, and each text alone.
    const texts = rows.map((row) => row.text);
    const together = await classify(texts, { top_k: null });
    for (const [i, row] of rows.entries()) {
        const alone = await classify(row.text, { top_k: null });
        for (const answer of [together[i], alone]) {
            for (const { label, score } of answer) {
                const difference = Math.abs(score - row.probabilities[label]);
                if (difference > TOLERANCE) wrong.push(`${name}: ${JSON.stringify(row.text.slice(0, 60))}: ${label}: ${score}, ${row.probabilities[label]}`);
                else largest = Math.max(largest, difference);
                n_answers += 1;
            }
        }
    }
    await classify.dispose();
}
console.log(n_answers, largest);
console.log(wrong.join("\n"));
