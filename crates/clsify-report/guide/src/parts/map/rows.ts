// The rows as unpacked: labels, coordinates and logits, and the names of labels.
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
    return labels.map((id) => guide.labels[id]).join(", ") || ui.t({ en: "no label", zh: "无标签" });
}
