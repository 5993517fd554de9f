// Keeps what Rust wrote about the first sentence true of the picked one: the line below the figure and the table of numbers.
import { effect } from "@preact/signals";
import type { Cell, SceneData, Words } from "../page";
import type { Ui } from "../ui";

/** Numbers are aligned at the right, so that their digits stand below each other. */
const NUMBER = /^[-+−]?(\d[\d,]*(\.\d+)?|inf|NaN)\s?%?$/;

/** Returns what ends it. A section without texts gets those of the first sentence too. */
export function fillTexts(section: HTMLElement, data: SceneData, ui: Ui, hasTexts = true): () => void {
    const line = section.querySelector(".line");
    const body = section.querySelector(".numbers tbody");
    let isFirst = hasTexts;
    return effect(() => {
        const now = data.sentences[ui.sentence.value];
        // The page begins with the texts of the first sentence, which Rust wrote from the same data.
        if (!isFirst && now) {
            if (line && now.line) {
                line.replaceChildren(...both(now.line));
            }
            if (body && now.rows) body.replaceChildren(...now.rows.map(row));
        }
        isFirst = false;
    });
}

/** A text in both languages, of which the style sheet shows one. */
export function both({ en, zh }: Words): Node[] {
    return en === zh ? [document.createTextNode(en)] : [inLanguage("en", en), inLanguage("zh", zh)];
}

function inLanguage(lang: "en" | "zh", text: string): HTMLElement {
    const span = document.createElement("span");
    span.className = lang;
    span.lang = lang === "zh" ? "zh-Hans" : "en";
    span.textContent = text;
    return span;
}

/** The names of the columns; those of numbers are aligned as the numbers are. */
export function head(columns: Words[], rows: Cell[][]): HTMLElement {
    const tr = document.createElement("tr");
    for (const [i, name] of columns.entries()) {
        const th = document.createElement("th");
        th.scope = "col";
        if (rows.length > 0 && rows.every((cells) => isNumber(cells[i]))) th.className = "number";
        th.append(...both(name));
        tr.append(th);
    }
    return tr;
}

function isNumber(cell: Cell | undefined): boolean {
    return typeof cell === "string" && NUMBER.test(cell);
}

export function row(cells: Cell[]): HTMLElement {
    const tr = document.createElement("tr");
    for (const cell of cells) {
        const td = document.createElement("td");
        td.dir = "auto";
        if (typeof cell === "string") {
            td.textContent = cell;
            if (isNumber(cell)) td.className = "number";
        } else {
            td.append(...both(cell));
        }
        tr.append(td);
    }
    return tr;
}
