// The name of a label within a sentence or a title.
import type { Ui } from "./ui";

/** The label, or "label 1" for a number, which alone would be taken for a value. */
export function labelName(label: string, ui: Ui): string {
    return /^[+-]?[\d.]+$/.test(label) ? ui.t({ en: `label ${label}`, zh: `标签 ${label}` }) : label;
}
