// What the map draws: rows of sentences, their labels, and the coordinates of each view, packed.
import type { Words } from "../../page";

/** The lowest and the highest value, and where each row is between them. */
export type Packed = [low: number, high: number, steps: string];

export interface View {
    id: "logit" | "logits" | "pca";
    /** Without it, x is the logit of the selected label. */
    xName?: Words;
    yName: Words;
    x?: Packed;
    y: Packed;
}

export interface Shared {
    /** Rows come in this order: held-out, training, the reader's own. */
    nHeldOut: number;
    nTrain: number;
    nAllHeldOut: number;
    nAllTrain: number;
    texts: string[];
    /** One id per row, packed; for label sets a list per row. */
    given: string | number[][];
    predicted: string | number[][];
    /** The rows on which the classifier abstains. */
    abstained: number[];
    /** The row of each sentence of the page. */
    picks: number[];
    mistakes: number[];
    near: number[];
    /** Of the second class, or of label after label. */
    logits: string | null;
    boundaries: number[] | null;
    /** The logits between which the classifier abstains. */
    abstains: [number, number] | null;
    views: View[];
}
