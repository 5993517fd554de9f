// Draws the guides that a page gets from its server, one after the other.
import { render } from "preact";
import { scenes } from "scenes";
import { Bar } from "../frame/bar";
import { Figure } from "../frame/figure";
import { applySettings } from "../frame/settings";
import { followScroll, stepByKeys } from "../frame/steps";
import { fillTexts } from "../frame/table";
import { followWords } from "../frame/word";
import type { Guide } from "../page";
import { type Lang, makeUi } from "../ui";
import { Answer } from "./answer";
import { type LiveScene, sectionOf } from "./section";

interface LiveGuide extends Guide {
    scenes: LiveScene[];
}

interface Places {
    controls: Element;
    answer: Element;
    scenes: Element;
}

/** What the script of a page calls. */
interface Live {
    /** Shows the answers of a guide and, if it has scenes, draws them. Those before are dimmed until then, and kept in their state if they are of the same model. */
    show(guide: LiveGuide, model: string): void;
    /** Takes the scenes away: they are those of another sentence. */
    erase(): void;
    /** Shows nothing. */
    clear(): void;
}

export function startLive(places: Places, lang: Lang): Live {
    const none: LiveGuide = { lang, title: { en: "", zh: "" }, labels: [], multiLabel: false, abstains: false, sentences: [], scenes: [] };
    const ui = makeUi(none);
    let shownModel: string | null = null;
    let ends: (() => void)[] = [];
    const bar = (guide: Guide) => render(<Bar guide={guide} ui={ui} hasPicker={guide.sentences.length > 1} />, places.controls);
    const figures = () => Array.from(places.scenes.querySelectorAll(".figure"));
    const erase = () => {
        for (const end of ends.splice(0)) end();
        for (const figure of figures()) render(null, figure);
        places.scenes.replaceChildren();
        shownModel = null;
        bar(none);
    };
    const draw = (guide: LiveGuide, model: string) => {
        const old = new Map(Array.from(places.scenes.children, (section) => [section.id, section]));
        for (const end of ends) end();
        if (model !== shownModel) {
            erase();
            old.clear();
        }
        shownModel = model;
        ui.take(guide);
        const sections = guide.scenes.map((data, i) => {
            const before = old.get(data.id);
            const section = sectionOf(data, i + 1, before?.querySelector(".figure") ?? undefined);
            const [details, detailsBefore] = [section, before].map((each) => each?.querySelector("details"));
            if (details && detailsBefore) details.open = detailsBefore.open;
            return section;
        });
        places.scenes.replaceChildren(...sections);
        ends = guide.scenes.map((data, i) => {
            const scene = scenes.find(({ id }) => id === data.id);
            if (scene) render(<Figure scene={scene} data={data} guide={guide} ui={ui} />, sections[i]!.querySelector(".figure")!);
            return fillTexts(sections[i]!, data, ui, false);
        });
        bar(guide);
    };
    applySettings(ui);
    bar(none);
    followWords(ui);
    // Above the scenes is the answer, so the first step goes to the first of them.
    followScroll(ui, -1);
    stepByKeys(ui);
    return {
        show(guide, model) {
            if (guide.scenes.length > 0) draw(guide, model);
            places.scenes.classList.toggle("stale", guide.scenes.length === 0);
            render(<Answer guide={guide} ui={ui} />, places.answer);
        },
        erase,
        clear() {
            erase();
            render(null, places.answer);
        },
    };
}
