// What the parts of the reasons share: their properties, and how their titles and notes are drawn.
import { Lines } from "../../frame/lines";
import type { Guide, Sentence, Words } from "../../page";
import { wrap } from "../../text";
import type { Ui } from "../../ui";
import type { Packed, Reasons } from "./data";

export interface Shared {
    /** Two classes with one logit, more classes with a logit each, or labels that are independent. */
    kind: "two" | "classes" | "sets";
    thresholds: number[] | null;
    nFeatures: number;
    /** The fit standardised the features. */
    scaled: boolean;
    rule: Words;
    hasNeighbours: boolean;
}

export interface Common {
    shared: Shared;
    data: Packed;
    reasons: Reasons;
    sentence: Sentence;
    guide: Guide;
    ui: Ui;
}

export interface Place {
    x: number;
    y: number;
    width: number;
}

export const ROW = 22;
export const HEAD = 30;

export function Title({ x, y, width, text }: Place & { text: string }) {
    return <Lines lines={titleLines(text, width)} x={x + 1} y={y + 15} fontSize={14} leading={18} class="bold" />;
}

const titleLines = (text: string, width: number) => wrap(text, width - 2, 14, 3, false, true);

/** The height of a title beyond its first line. */
export const titleExtra = (text: string, width: number) => 18 * (titleLines(text, width).length - 1);

/** Up to two lines below a list. */
export function Notes({ x, y, width, text }: Place & { text: string }) {
    return (
        <>
            {wrap(text, width - 2, 12, 2).map((line, i) => (
                <text x={x + 1} y={y + 14 + i * 16} font-size="12" class="text-muted">
                    {line}
                </text>
            ))}
        </>
    );
}
