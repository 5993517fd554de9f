// Applies the language and the colours that the reader has chosen to the whole page.
import { effect } from "@preact/signals";
import type { Ui } from "../ui";

export function applySettings(ui: Ui) {
    const root = document.documentElement;
    effect(() => {
        root.lang = ui.lang.value === "zh" ? "zh-Hans" : "en";
    });
    effect(() => {
        if (ui.theme.value === "auto") delete root.dataset.theme;
        else root.dataset.theme = ui.theme.value;
    });
}
