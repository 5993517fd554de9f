// Starts the page: reads its data, puts the bar at its top, and draws a figure into each scene. A page without data gets it later.
import { effect } from "@preact/signals";
import { render } from "preact";
import { scenes } from "scenes";
import { Bar } from "./frame/bar";
import { Figure } from "./frame/figure";
import { applySettings } from "./frame/settings";
import { followScroll, goTo, sections, stepByKeys } from "./frame/steps";
import { fillTexts } from "./frame/table";
import { followWords } from "./frame/word";
import { startLive } from "./live/live";
import { type Guide, readGuide } from "./page";
import { makeUi } from "./ui";

const guide = readGuide();
if (guide) draw(guide);
else Object.assign(globalThis, { clsifyGuide: startLive });

function draw(guide: Guide) {
    const ui = makeUi(guide);
    applySettings(ui);
    effect(() => {
        document.title = ui.t(guide.title);
    });
    for (const data of guide.scenes) {
        const section = document.getElementById(data.id);
        const scene = scenes.find(({ id }) => id === data.id);
        if (!section) continue;
        fillTexts(section, data, ui);
        const place = section.querySelector(".figure");
        if (place && scene) render(<Figure scene={scene} data={data} guide={guide} ui={ui} />, place);
    }
    render(<Bar guide={guide} ui={ui} />, document.getElementById("controls")!);
    followWords(ui);
    followScroll(ui);
    stepByKeys(ui);

    // The browser went to the address's scene before the figures above it had their height.
    const asked = sections().findIndex(({ id }) => `#${id}` === location.hash);
    if (asked > 0) requestAnimationFrame(() => requestAnimationFrame(() => goTo(ui, asked)));
}
