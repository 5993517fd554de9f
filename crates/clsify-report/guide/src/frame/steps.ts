// Steps through the scenes: by keys, by the buttons of the bar, and by noticing which scene is read.
import type { Ui } from "../ui";

export function sections(): HTMLElement[] {
    return Array.from(document.querySelectorAll<HTMLElement>("section.scene"));
}

/** Where the page was scrolled to by a step. A short last scene cannot reach the top, yet is the current one. */
let steppedTo: number | null = null;

/** Shows a scene and moves the focus to its heading, so that reading and tabbing go on from there. */
export function goTo(ui: Ui, index: number) {
    const section = sections()[index];
    if (!section) return;
    const heading = section.querySelector<HTMLElement>("h2");
    // At once: a scroll over a whole scene is slower than 400 ms, and fast steps would wait for each other.
    section.scrollIntoView({ behavior: "instant", block: "start" });
    heading?.setAttribute("tabindex", "-1");
    heading?.focus({ preventScroll: true });
    history.replaceState(null, "", `#${section.id}`);
    steppedTo = scrollY;
    ui.scene.value = index;
}

/** Keeps `ui.scene` at the last scene that begins in the upper third of the window; above them all it is `first`. */
export function followScroll(ui: Ui, first = 0) {
    let isWaiting = false;
    const look = () => {
        isWaiting = false;
        if (steppedTo !== null && Math.abs(scrollY - steppedTo) < 2) return;
        steppedTo = null;
        const line = innerHeight / 3;
        const last = sections().findLastIndex((section) => section.getBoundingClientRect().top <= line);
        ui.scene.value = Math.max(last, first);
    };
    const onScroll = () => {
        if (!isWaiting) requestAnimationFrame(look);
        isWaiting = true;
    };
    addEventListener("scroll", onScroll, { passive: true });
    addEventListener("resize", onScroll);
    look();
}

/** What uses the arrow keys itself. */
const USES_ARROWS = "input, select, textarea, [contenteditable], [role=toolbar], [role=slider], [role=radiogroup], [role=listbox], [role=grid], .scroll, pre";

export function stepByKeys(ui: Ui) {
    addEventListener("keydown", (event) => {
        const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
        if (step === undefined || event.defaultPrevented) return;
        if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
        if (event.target instanceof Element && event.target.closest(USES_ARROWS)) return;
        event.preventDefault();
        goTo(ui, ui.scene.value + step);
    });
}
