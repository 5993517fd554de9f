// Precision, recall and accuracy of one label at a threshold.
import { percent } from "../../format";
import type { Curve, Part } from "./data";

/** A share that is undefined if nothing is predicted. */
export const share = (x: number | null) => (x === null ? "–" : percent(x));

/** The scores of one label if `right` rows with the label and `wrong` others are above the threshold. */
export function pointOf(right: number, wrong: number, support: number, n: number) {
    const precision = right + wrong === 0 ? null : right / (right + wrong);
    const recall = support === 0 ? null : right / support;
    return { precision, recall, accuracy: (right + n - support - wrong) / n };
}

export interface CurveProps extends Part {
    curve: Curve;
    right: Float32Array;
    wrong: Float32Array;
    /** The threshold that is looked at, with its rows. */
    looked: { threshold: number; right: number; wrong: number };
    height: number;
}
