import assert from "node:assert/strict";
import { test } from "node:test";
import { codeLines } from "../src/parts/slice/code_line";

const CODE: [string, number | null][] = [["features = ", null], ["np.hstack([", null], ["np.stack([hidden_states[l][", null], ["i", 0], [", ", null], [":n_tokens[i]", 1], [", ", null], [":", 2], ["].mean(axis=0) for ", null], ["i", 0], [" in range(n_rows)])", null]];
const texts = (width: number) => codeLines(CODE, width).map((line) => line.map(([text]) => text).join(""));

test("code breaks after spaces where that is enough", () => {
    assert.deepEqual(texts(10_000), [CODE.map(([text]) => text).join("")]);
    assert.equal(texts(400)[0], "features = ");
    assert.equal(texts(400)[1]!.startsWith("np.hstack([np.stack([hidden_states[l][i, "), true);
});

test("code breaks before a call inside brackets where a line is too narrow", () => {
    const lines = texts(270);
    assert.equal(lines.join(""), CODE.map(([text]) => text).join(""));
    assert.ok(lines.some((line) => line.startsWith("hidden_states[l][i, ")));
    // 13 px of a fixed-width font are 7.83 px per character, as in the estimate for where there is no canvas.
    for (const line of lines) assert.ok(line.trimEnd().length * 7.83 <= 270, line);
});
