// The rows as unpacked: labels, coordinates and logits, and the names of labels.
import { labelList } from "../../format";
import type { Guide } from "../../page";
import type { Ui } from "../../ui";
import { u16 } from "../../unpack";
import type { Packed, Shared } from "./data";

export const unpacked = ([low, high, steps]: Packed) => Float64Array.from(u16(steps), (step) => low + (step / 65535) * (high - low));

export const ids = (labels: string | number[][]): number[][] =>
    typeof labels === "string" ? Array.from(u16(labels), (id) => (id === 65535 ? [] : [id])) : labels;

export interface Rows {
    given: number[][];
    predicted: number[][];
    /** The rows whose prediction is only the best guess. */
    abstained: Set<number>;
    pickOf: Map<number, number>;
    views: { x: Float64Array | null; y: Float64Array }[];
    logits: Float32Array | null;
}

export function logitsOf(rows: Rows, n: number, label: number): Float64Array {
    return Float64Array.from(rows.logits!.subarray(label * n, (label + 1) * n));
}

export interface RowProps {
    shared: Shared;
    guide: Guide;
    ui: Ui;
    rows: Rows;
    show: (row: number) => void;
    label: number;
}

export function namesOf(labels: number[], guide: Guide, ui: Ui): string {
    return labelList(labels.map((id) => guide.labels[id]!)) || ui.t({ en: "no label", zh: "无标签" });
}

/** The answer for a row, after a word that says that it is one. */
export function answerOf(row: number, rows: Rows, guide: Guide, ui: Ui): string {
    const name = namesOf(rows.predicted[row]!, guide, ui);
    if (rows.abstained.has(row)) return ui.t({ en: `abstains, best guess ${name}`, zh: `弃权，最佳猜测 ${name}` });
    return ui.t({ en: `predicted ${name}`, zh: `预测 ${name}` });
}
