// There is no canvas in node, so the estimated widths decide; what must hold does not depend on them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fit, fitName, textWidth, wrap, wrapPieces } from "../src/text";

const sentences = [
    "a stirring, funny and finally transporting re-imagining of beauty and the beast",
    "这部电影节奏缓慢，但“结尾”非常动人（真的）。",
    "فيلم رائع جدا but the sound was poor 👩‍👩‍👧‍👦🎬",
    "one   two\n three",
    "",
    "x".repeat(90),
];

test("lines hold the whole text and are not wider than asked", () => {
    for (const text of sentences) {
        for (const width of [90, 120, 400]) {
            const lines = wrap(text, width, 14);
            assert.ok(lines.every((line) => textWidth(line, 14) <= width), `${text} in ${width}`);
            assert.equal(lines.join("").replace(/\s/g, ""), text.replace(/\s/g, ""));
        }
    }
});

test("no line begins with a closing mark", () => {
    for (const width of [90, 120, 150]) {
        for (const line of wrap(sentences[1]!, width, 14)) assert.doesNotMatch(line, /^[，。”）]|[“（]$/);
    }
});

test("a sign stays with its number", () => {
    for (let width = 60; width < 200; width += 7) {
        for (const line of wrap("这个句子：+0.16；中位数：−0.43。", width, 14)) assert.doesNotMatch(line, /[+−]$/);
    }
});

test("more lines than there may be end with an ellipsis", () => {
    const lines = wrap(sentences[0]!, 120, 14, 2);
    assert.equal(lines.length, 2);
    assert.match(lines[1]!, /…$/);
    assert.ok(textWidth(lines[1]!, 14) <= 120);
});

test("a shortened text fits", () => {
    assert.equal(fit("short", 100, 14), "short");
    assert.match(fit(sentences[0]!, 100, 14), /^a stir.*…$/);
    assert.ok(textWidth(fit(sentences[0]!, 100, 14), 14) <= 100);
});

test("words keep their index across lines", () => {
    for (const text of sentences) {
        let word = 0;
        const pieces = (text.match(/\w+|[^\w]+/g) ?? []).map((part) => ({ text: part, word: /\w/.test(part) ? word++ : null }));
        for (const width of [90, 120, 400]) {
            const lines = wrapPieces(pieces, width, 14);
            assert.deepEqual(lines.map((line) => line.map((piece) => piece.text).join("")), wrap(text, width, 14));
            for (const piece of lines.flat()) {
                if (piece.word !== null) assert.ok(pieces.find((whole) => whole.word === piece.word)!.text.includes(piece.text));
            }
            const shown = new Set(lines.flat().map((piece) => piece.word));
            for (let i = 0; i < word; i++) assert.ok(shown.has(i), `${text}: word ${i} in ${width}`);
        }
    }
});

test("a name keeps its start and its end", () => {
    assert.equal(fitName("short", 200, 12), "short");
    for (const name of ["description, what is", "description, what does", sentences[1]!, "x".repeat(90)]) {
        for (const width of [45, 60, 90]) {
            const cut = fitName(name, width, 12);
            const [start, end] = cut.split("…");
            assert.ok(textWidth(cut, 12) <= width && name.startsWith(start!) && name.endsWith(end!) && end !== "", `${cut} in ${width}`);
            // A space beside the ellipsis is left out.
            assert.ok(Math.abs([...start!].length - [...end!].length) <= 2, cut);
        }
    }
    assert.notEqual(fitName("description, what is", 90, 12), fitName("description, what does", 90, 12));
});
