// What the parts of the score share: its data, and the place that each part is given.
import type { Guide, Sentence, Words } from "../../page";
import type { Ui } from "../../ui";

type Scores = [precision: number, recall: number, f1: number, support: number];

export interface Curve {
    label: number;
    /** The number of held-out rows that have the label. */
    support: number;
    /** The rows above each threshold that have the label, and those that do not. */
    right: string;
    wrong: string;
    own: { threshold: number; right: number; wrong: number } | null;
}

interface Bin {
    range: [number, number];
    n: number;
    mean: number;
    accuracy: number;
    interval: [number, number];
}

export interface Shared {
    score: number;
    interval: [number, number];
    baseline: number;
    baselineName: Words;
    metric: Words;
    nTest: number;
    /** How many of them are training rows too; null if that is unknown. */
    nSeen: number | null;
    paired: { onlyModel: number; onlyBaseline: number; difference: number; interval: [number, number]; p: number } | null;
    calibration: { ece: number; brier: number; logLoss: number };
    bins: Bin[];
    /** The labels of the classifier and those that only held-out rows have. */
    names: string[];
    scores: Scores[];
    confusion: number[][] | null;
    /** Given, predicted, number of rows. */
    worst: Pair[] | null;
    /** Given and predicted, or label and kind; then sentences: their number on this page, or their text. */
    cells: [number, number, (number | string)[]][];
    curves: Curve[];
    hasThresholds: boolean;
    /** The probabilities of the second of two classes between which the classifier abstains. */
    abstains: [number, number] | null;
}

export interface Data {
    /** Given and predicted; for label sets the kind of each label. */
    cell: number[] | null;
    bin: number | null;
}

/** What the parts of the figure share. */
export interface Part {
    shared: Shared;
    data: Data;
    guide: Guide;
    sentence: Sentence;
    ui: Ui;
    x: number;
    y: number;
    width: number;
}

export type Pair = [given: number, predicted: number, rows: number];
