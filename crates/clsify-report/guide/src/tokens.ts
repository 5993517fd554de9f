// Tokens of a sentence as the scenes inside the encoder draw them.
import { fit, textWidth } from "./text";

/** As Rust's `traced::tokens` writes them. */
export interface Tokens {
    /** The first tokens, as the vocabulary spells them. */
    texts: string[];
    words: (number | null)[];
    /** The indices of those that the tokenizer adds, such as [CLS]. */
    special: number[];
    /** The number of all tokens, which can be more than `texts`. */
    n: number;
}

export interface TokenBox {
    token: number;
    text: string;
    x: number;
    width: number;
}

/**
 * Lines of boxes, one per token, each as wide as its text and at least `least`; filled up like lines of text, of which the first may be
 * shorter.
 */
export function tokenLines(texts: string[], fontSize: number, least: number, full: number, first = full, gap = 2): TokenBox[][] {
    const lines: TokenBox[][] = [[]];
    let x = 0;
    for (const [token, whole] of texts.entries()) {
        const width = lines.length === 1 ? first : full;
        const text = fit(whole, Math.min(width, 120) - 8, fontSize, true);
        const box = Math.max(least, Math.ceil(textWidth(text, fontSize, true)) + 8);
        if (x > 0 && x + box > width) {
            lines.push([]);
            x = 0;
        }
        lines.at(-1)!.push({ token, text, x, width: box });
        x += box + gap;
    }
    return lines;
}
