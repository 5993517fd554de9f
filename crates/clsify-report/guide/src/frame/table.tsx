// Keeps what Rust wrote about the first sentence true of the picked one: the line below the figure and the table of numbers.
import { effect } from "@preact/signals";
import type { Cell, SceneData } from "../page";
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

function row(cells: Cell[]): HTMLElement {
    const tr = document.createElement("tr");
    for (const cell of cells) {
        const td = document.createElement("td");
        td.dir = "auto";
        if (typeof cell === "string") {
            td.textContent = cell;
            if (NUMBER.test(cell)) td.className = "number";
        } else if (cell.en === cell.zh) {
            td.textContent = cell.en;
        } else {
            td.append(inLanguage("en", cell.en), inLanguage("zh", cell.zh));
        }
        tr.append(td);
    }
    return tr;
}
