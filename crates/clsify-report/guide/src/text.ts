// Measures text before it is drawn, and shortens or wraps it to a width.

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

/** The text in lines of at most `maxWidth`; the last one is shortened if there would be more than `maxLines`. */
export function wrap(text: string, maxWidth: number, fontSize: number, maxLines = Infinity, isMono = false): string[] {
    const lines: string[] = [];
    let line = "";
    const parts = segments(text.replace(/\s+/g, " ").trim(), "word");
    for (const [i, part] of parts.entries()) {
        // Punctuation must not begin a line.
        const next = parts[i + 1];
        const glued = next !== undefined && /^[\p{P}]$/u.test(next) && part.trim() !== "" ? part + next : part;
        if (line.trim() !== "" && textWidth((line + glued).trimEnd(), fontSize, isMono) > maxWidth) {
            if (lines.length + 1 === maxLines) {
                const rest = line + parts.slice(i).join("");
                return [...lines, fit(rest, maxWidth, fontSize, isMono)];
            }
            lines.push(line.trim());
            line = "";
        }
        line += part;
    }
    if (line.trim() !== "" || lines.length === 0) lines.push(line.trim());
    return lines.map((each) => fit(each, maxWidth, fontSize, isMono));
}
