// Keeps what Rust wrote about the first sentence true of the picked one: the line below the figure and the table of numbers.
import { effect } from "@preact/signals";
import type { SceneData } from "../page";
import type { Ui } from "../ui";

/** Numbers are aligned at the right, so that their digits stand below each other. */
const NUMBER = /^[-+−]?(\d[\d,]*(\.\d+)?|inf|NaN)\s?%?$/;

export function fillTexts(section: HTMLElement, data: SceneData, ui: Ui) {
    const line = section.querySelector(".line");
    const body = section.querySelector(".numbers tbody");
    let isFirst = true;
    effect(() => {
        const now = data.sentences[ui.sentence.value];
        // The page begins with the texts of the first sentence, which Rust wrote from the same data.
        if (!isFirst && now) {
            if (line && now.line) {
                line.replaceChildren(inLanguage("en", now.line.en), inLanguage("zh", now.line.zh));
            }
            if (body && now.rows) body.replaceChildren(...now.rows.map(row));
        }
        isFirst = false;
    });
}

function inLanguage(lang: "en" | "zh", text: string): HTMLElement {
    const span = document.createElement("span");
    span.className = lang;
    span.lang = lang === "zh" ? "zh-Hans" : "en";
    span.textContent = text;
    return span;
}

function row(cells: string[]): HTMLElement {
    const tr = document.createElement("tr");
    for (const text of cells) {
        const td = document.createElement("td");
        td.textContent = text;
        if (NUMBER.test(text)) td.className = "number";
        tr.append(td);
    }
    return tr;
}
