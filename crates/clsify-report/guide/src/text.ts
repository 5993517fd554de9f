// Measures text before it is drawn, and shortens or wraps it to a width.
import type { Piece } from "./page";

let context: CanvasRenderingContext2D | null | undefined;
const families = new Map<boolean, string>();
const widths = new Map<string, number>();

/** The font of the page's style sheet, which is the only place that names it. */
function family(isMono: boolean): string {
    let name = families.get(isMono);
    if (name === undefined) {
        const style = getComputedStyle(document.documentElement);
        name = style.getPropertyValue(isMono ? "--mono" : "--sans").trim() || "sans-serif";
        families.set(isMono, name);
    }
    return name;
}

/** A rough width for where there is no canvas: browsers that refuse it against fingerprinting, and tests. */
function estimate(text: string, fontSize: number, isMono: boolean): number {
    let ems = 0;
    for (const char of text) ems += char.codePointAt(0)! >= 0x2e80 ? 1 : isMono ? 0.602 : 0.56;
    return ems * fontSize;
}

/** The width of a line of text in px. */
export function textWidth(text: string, fontSize: number, isMono = false, isBold = false): number {
    if (context === undefined) {
        context = typeof document === "undefined" ? null : document.createElement("canvas").getContext("2d");
    }
    if (!context) return estimate(text, fontSize, isMono) * (isBold ? 1.08 : 1);
    const key = `${isBold}${isMono}${fontSize} ${text}`;
    let width = widths.get(key);
    if (width === undefined) {
        context.font = `${isBold ? "bold " : ""}${fontSize}px ${family(isMono)}`;
        width = context.measureText(text).width;
        if (width === 0 && text !== "") width = estimate(text, fontSize, isMono);
        widths.set(key, width);
    }
    return width;
}

function segments(text: string, granularity: "grapheme" | "word"): string[] {
    if (typeof Intl.Segmenter === "undefined") {
        return granularity === "word" ? text.split(/(?<=\s)/) : Array.from(text);
    }
    return Array.from(new Intl.Segmenter(undefined, { granularity }).segment(text), (part) => part.segment);
}

/** The text, or as much of its start as fits, with an ellipsis. */
export function fit(text: string, maxWidth: number, fontSize: number, isMono = false, isBold = false): string {
    if (textWidth(text, fontSize, isMono, isBold) <= maxWidth) return text;
    const parts = segments(text, "grapheme");
    let [low, high] = [0, parts.length];
    while (low < high) {
        const middle = (low + high + 1) >> 1;
        const cut = parts.slice(0, middle).join("").trimEnd() + "…";
        if (textWidth(cut, fontSize, isMono, isBold) <= maxWidth) low = middle;
        else high = middle - 1;
    }
    return parts.slice(0, low).join("").trimEnd() + "…";
}

/** As `fit`, for a name: keeps its start and its end, because labels often have the same start. */
export function fitName(name: string, maxWidth: number, fontSize: number, isBold = false): string {
    if (textWidth(name, fontSize, false, isBold) <= maxWidth) return name;
    const parts = segments(name, "grapheme");
    const cut = (n: number) => `${parts.slice(0, (n + 1) >> 1).join("").trimEnd()}…${n > 1 ? parts.slice(-(n >> 1)).join("").trimStart() : ""}`;
    let [low, high] = [0, parts.length - 1];
    while (low < high) {
        const middle = (low + high + 1) >> 1;
        if (textWidth(cut(middle), fontSize, false, isBold) <= maxWidth) low = middle;
        else high = middle - 1;
    }
    return cut(low);
}

const EAST_ASIAN = /[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]/;

/** The parts between which a line may break. */
function breakable(text: string, maxWidth: number, widthOf: (text: string) => number): string[] {
    const units = text.match(/\S+\s*/g) ?? [];
    const parts = units.flatMap((unit) => (EAST_ASIAN.test(unit) ? eastAsianParts(unit) : unit.split(/(?<=[\p{L}\p{N}][-/])(?=[\p{L}\p{N}])/u)));
    return parts.flatMap((part) => (widthOf(part.trimEnd()) > maxWidth ? segments(part, "grapheme") : [part]));
}

/** Words, with neither a closing mark at the start of a line nor an opening one or a sign at its end. */
function eastAsianParts(unit: string): string[] {
    const parts: string[] = [];
    for (const part of segments(unit, "word")) {
        const last = parts.at(-1);
        const isGlued = last !== undefined && (/^[\p{Pe}\p{Pf}\p{Po}\s]/u.test(part) || /[\p{Ps}\p{Pi}+−-]$/u.test(last));
        if (isGlued) parts[parts.length - 1] = last + part;
        else parts.push(part);
    }
    return parts;
}

/** The text in lines of at most `maxWidth`; the last one is shortened if there would be more than `maxLines`. */
export function wrap(text: string, maxWidth: number, fontSize: number, maxLines = Infinity, isMono = false, isBold = false): string[] {
    const widthOf = (line: string) => textWidth(line, fontSize, isMono, isBold);
    const parts = breakable(text, maxWidth, widthOf);
    const lines: string[] = [];
    let line = "";
    for (const [i, part] of parts.entries()) {
        if (line !== "" && widthOf((line + part).trimEnd()) > maxWidth) {
            if (lines.length + 1 >= maxLines) return [...lines, fit(line + parts.slice(i).join(""), maxWidth, fontSize, isMono, isBold)];
            lines.push(line.trimEnd());
            line = "";
        }
        line += part;
    }
    return [...lines, line.trimEnd()];
}

/** The pieces of a sentence in lines of at most `maxWidth`; each word keeps its index. Draw a line as a <text> of <tspan>s. */
export function wrapPieces(pieces: Piece[], maxWidth: number, fontSize: number, maxLines = Infinity): Piece[][] {
    const lines = wrap(pieces.map(({ text }) => text).join(""), maxWidth, fontSize, maxLines);
    const left = pieces.map((piece) => ({ ...piece }));
    return lines.map((line) => {
        const parts: Piece[] = [];
        let rest = line;
        while (rest !== "") {
            const piece = left[0];
            // Where the text was shortened, its end and the ellipsis are of no word.
            if (!piece) return [...parts, { text: rest, word: null }];
            const length = common(piece.text, rest);
            if (length > 0) parts.push({ text: rest.slice(0, length), word: piece.word });
            rest = rest.slice(length);
            piece.text = piece.text.slice(length);
            if (piece.text === "") left.shift();
            // A break of the line took the space.
            else if (rest !== "" && /^\s/.test(piece.text)) piece.text = piece.text.slice(1);
            else if (rest !== "") return [...parts, { text: rest, word: piece.word }];
        }
        while (left[0] && /^\s*$/.test(left[0].text)) left.shift();
        if (left[0]) left[0].text = left[0].text.trimStart();
        return parts;
    });
}

/** How long the common start of two texts is. */
function common(a: string, b: string): number {
    let length = 0;
    while (length < a.length && a[length] === b[length]) length++;
    return length;
}

/** The direction that a text is read in, by its first letter that has one; in svg, `rtl` text begins at the right of its x. */
export function directionOf(text: string): "ltr" | "rtl" {
    const first = text.match(/\p{L}/u)?.[0] ?? "";
    return /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/.test(first) ? "rtl" : "ltr";
}
