// The section of a scene, as Rust writes it into the page of a guide (page.rs).
import { both, head, row } from "../frame/table";
import type { Cell, SceneData, Words } from "../page";

/** A scene with the words around its figure, which a guide has in its HTML. */
export interface LiveScene extends SceneData {
    title: Words;
    caption: Words;
    code: string;
}

function element(name: string, className: string, ...children: (Node | string)[]): HTMLElement {
    const made = document.createElement(name);
    made.className = className;
    made.append(...children);
    return made;
}

/** `figure` is that of the scene before, if it is drawn again. */
export function sectionOf(scene: LiveScene, number: number, figure?: Element): HTMLElement {
    const heading = element("h2", "", element("span", "number", `${number}`), " ", ...both(scene.title));
    heading.id = `${scene.id}-title`;
    heading.tabIndex = -1;
    const section = element(
        "section",
        "scene",
        heading,
        element("p", "caption", ...both(scene.caption)),
        figure ?? element("div", "figure"),
        element("p", "line"),
        element("pre", "code", element("code", "", scene.code)),
    );
    section.id = scene.id;
    section.setAttribute("aria-labelledby", heading.id);
    const rows = scene.rows ?? scene.sentences[0]?.rows;
    if (rows) section.append(numbers(scene, rows, heading.id));
    return section;
}

function numbers(scene: LiveScene, rows: Cell[][], headingId: string): HTMLElement {
    const table = element("table", "", element("thead", "", head(scene.columns, rows)), element("tbody", "", ...rows.map(row)));
    const scroll = element("div", "scroll", table);
    scroll.tabIndex = 0;
    scroll.setAttribute("role", "group");
    scroll.setAttribute("aria-labelledby", headingId);
    return element("details", "numbers", element("summary", "", ...both({ en: "The numbers in this figure", zh: "图中的数字" })), scroll);
}
