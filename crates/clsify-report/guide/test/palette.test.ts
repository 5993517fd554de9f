// Oracle: the formula of relative luminance and contrast of WCAG 2.2, and its limits of level AA.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const css = readFileSync("src/style/palette.css", "utf8");

/** The colours of a scheme by their names; `class-0` for that of `.fill-class-0`. */
function scheme(i: 0 | 1): Map<string, string> {
    const colours = new Map<string, string>();
    for (const [, name, value] of css.matchAll(/(?:--|\.fill-(?=class))([\w-]+)(?: \{ fill)?: ([^;]+);/g)) {
        const hex = value!.match(/#[0-9a-f]{6}/g);
        if (hex) colours.set(name!, hex[i] ?? hex[0]!);
    }
    return colours;
}

function luminance(hex: string): number {
    const channel = (i: number) => {
        const c = parseInt(hex.slice(i, i + 2), 16) / 255;
        return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    };
    return 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5);
}

function contrast(a: string, b: string): number {
    const [x, y] = [luminance(a), luminance(b)];
    return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
}

test("the formula", () => {
    assert.ok(Math.abs(contrast("#ffffff", "#000000") - 21) < 1e-9);
    assert.ok(Math.abs(contrast("#ffffff", "#777777") - 4.48) < 0.005);
});

for (const [i, name] of ["light", "dark"].entries()) {
    const colours = scheme(i as 0 | 1);
    const holds = (a: string, b: string, least: number) => {
        const is = contrast(colours.get(a)!, colours.get(b)!);
        assert.ok(is >= least, `${name}: ${a} on ${b} is ${is.toFixed(2)}, less than ${least}`);
    };
    test(`text and marks of the ${name} scheme`, () => {
        const texts = [...colours.keys()].filter((key) => key.endsWith("-text"));
        const marks = [...colours.keys()].filter((key) => key.endsWith("-line") || key.startsWith("class-"));
        assert.ok(texts.length === 11 && marks.length === 11 + 8, `${texts.length} texts, ${marks.length} marks`);
        for (const text of ["ink", "muted", "link", ...texts]) {
            holds(text, "paper", 4.5);
            holds(text, "ground", 4.5);
        }
        holds("sentence-text", "sentence", 4.5);
        for (const area of ["sentence", "token", "special", "model", "hidden"]) holds("ink", area, 4.5);
        for (const area of ["cls", "train", "test", "label", "for", "against"]) holds("on", area, 4.5);
        for (const mark of marks) holds(mark, "paper", 3);
    });
}
