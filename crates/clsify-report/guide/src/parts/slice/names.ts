// The names of rows and poolings.
import { grouped } from "../../format";
import type { Ui } from "../../ui";
import type { Shared } from "./data";

/** The name of a row; null is the reader's own sentence. */
export function rowName(row: number | null, ui: Ui): string {
    return row === null ? ui.t({ en: "yours", zh: "你的" }) : ui.t({ en: `row ${grouped(row)}`, zh: `第 ${grouped(row)} 行` });
}

export function isSeveralLayers({ layers: [first, last] }: Shared): boolean {
    return first !== last;
}

export function poolingText(pooling: string, { nPrompt }: Shared, ui: Ui): string {
    if (pooling === "cls") return ui.t({ en: `position ${nPrompt}`, zh: `位置 ${nPrompt}` });
    return pooling === "mean" ? ui.t({ en: "mean", zh: "平均" }) : ui.t({ en: "maximum", zh: "最大值" });
}
