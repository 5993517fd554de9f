// What the marks of a chart mean, in lines that wrap.
import type { ComponentChildren } from "preact";
import { textWidth } from "../text";

export interface Entry {
    text: string;
    /** Drawn left of the text, from 0 to 22 px, around y = 0. */
    mark: ComponentChildren;
    class?: string;
    /** The widest text that may stand here, so that the other entries stay where they are. */
    widest?: string;
}

const SIZE = 12;
export const LEGEND_LEADING = 18;

function place(entries: Entry[], width: number): { left: number; line: number }[] {
    let [left, line] = [0, 0];
    return entries.map(({ text, widest }) => {
        const room = 28 + textWidth(widest ?? text, SIZE);
        if (left > 0 && left + room > width) [left, line] = [0, line + 1];
        const placed = { left, line };
        left += room + 14;
        return placed;
    });
}

/** How many lines the entries take. */
export function legendLines(entries: Entry[], width: number): number {
    return entries.length === 0 ? 0 : place(entries, width).at(-1)!.line + 1;
}

/** `y` is the baseline of the first line. */
export function Legend({ entries, x, y, width }: { entries: Entry[]; x: number; y: number; width: number }) {
    const placed = place(entries, width);
    return (
        <>
            {entries.map(({ text, mark, class: classes }, i) => (
                <g transform={`translate(${x + placed[i]!.left} ${y + placed[i]!.line * LEGEND_LEADING})`}>
                    <g transform="translate(0 -4)">{mark}</g>
                    <text class={classes} x="28" font-size={SIZE}>
                        {text}
                    </text>
                </g>
            ))}
        </>
    );
}
