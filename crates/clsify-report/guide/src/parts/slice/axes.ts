// The three axes: their names, their colours and their emphasis.
import { grouped } from "../../format";
import type { Ui } from "../../ui";
import type { Shared } from "./data";

export const KINDS = ["sentence", "cls", "model"] as const;

/** The colour of an axis, its emphasis, and what pointing at it does. */
export function axisProps(axis: number, lit: number | null, onAxis: (axis: number | null) => void, classes = "") {
    return {
        class: `slice-axis text-${KINDS[axis]} ${lit === axis ? "slice-lit bold" : ""} ${classes}`,
        onPointerEnter: () => onAxis(axis),
        onPointerLeave: () => onAxis(null),
    };
}

export function axisNames({ shape }: Shared, ui: Ui): string[] {
    const [rows, positions, units] = shape.map(grouped);
    return [
        ui.t({ en: `axis 0: ${rows} ${rows === "1" ? "sentence" : "sentences"}`, zh: `轴 0：${rows} 个句子` }),
        ui.t({ en: `axis 1: ${positions} positions`, zh: `轴 1：${positions} 个位置` }),
        ui.t({ en: `axis 2: ${units} hidden units`, zh: `轴 2：${units} 个隐藏单元` }),
    ];
}
