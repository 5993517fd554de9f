// Starts the page: reads its data, puts the bar at its top, and draws a figure into each scene.
import { effect } from "@preact/signals";
import { render } from "preact";
import { scenes } from "scenes";
import { Bar } from "./frame/bar";
import { Figure } from "./frame/figure";
import { followScroll, goTo, sections, stepByKeys } from "./frame/steps";
import { fillTexts } from "./frame/table";
import { followWords } from "./frame/word";
import { readGuide } from "./page";
import { makeUi } from "./ui";

const guide = readGuide();
const ui = makeUi(guide);
const root = document.documentElement;

effect(() => {
    root.lang = ui.lang.value === "zh" ? "zh-Hans" : "en";
    document.title = ui.t(guide.title);
});
effect(() => {
    if (ui.theme.value === "auto") delete root.dataset.theme;
    else root.dataset.theme = ui.theme.value;
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
