// What can be seen: layout, contrast, paper, and the reader's settings.
import { open, settle } from "../browser.mjs";

/** The faults of the layout of one scene, or of all. */
export function layoutOf(page, id) {
    return page.evaluate((id) => {
        const sections = Array.from(document.querySelectorAll(id ? `#${id}` : "section.scene"));
        const faults = sections.flatMap((section) => {
            const figure = section.querySelector(".figure");
            const svg = figure?.querySelector("svg");
            return [...(svg ? window.probe.textFaults(svg) : []), ...(figure ? window.probe.columnFaults(figure) : [])].map((fault) => ({ scene: section.id, ...fault }));
        });
        const { scrollWidth, clientWidth } = document.documentElement;
        if (scrollWidth > clientWidth) {
            const widest = Array.from(document.querySelectorAll("body *")).find((e) => e.getBoundingClientRect().right > clientWidth + 1 && !e.closest(".scroll, svg"));
            faults.push({ scene: widest?.closest("section")?.id ?? "", expected: `no wider than ${clientWidth} px`, got: `${scrollWidth} px${widest ? `: ${window.probe.name(widest)}` : ""}` });
        }
        return faults;
    }, id);
}

export async function layout(page, fail, note = "") {
    for (const { scene, expected, got } of await layoutOf(page, null)) fail(scene, expected, got, note);
}

export async function contrast(page, fail, note = "") {
    const found = await page.evaluate(() =>
        Array.from(document.querySelectorAll("section.scene")).flatMap((section) => {
            const svg = section.querySelector(".figure svg");
            return svg ? window.probe.contrastFaults(svg).map((fault) => ({ scene: section.id, ...fault })) : [];
        }),
    );
    for (const { scene, expected, got } of found) fail(scene, expected, got, note);
}

/** Sentences whose texts differ most in what a layout has to bear. */
export function hardSentences({ sentences }) {
    const by = (key) => sentences.reduce((best, each, i) => (key(each) > key(sentences[best]) ? i : best), 0);
    const first = (pattern) => sentences.findIndex(({ text }) => pattern.test(text));
    const longestWord = ({ text }) => Math.max(...text.split(/\s+/).map(({ length }) => length));
    const indices = [0, by(({ text }) => text.length), by(({ text }) => -text.length), by(longestWord), by(({ predicted }) => predicted.length), by(({ predicted }) => -predicted.length), first(/[\u0590-\u07ff]/), first(/\p{Script=Han}/u), first(/</)];
    return [...new Set(indices)].filter((i) => i >= 0);
}

export async function axe(page, fail, note) {
    const violations = await page.evaluate(async () => {
        const { violations } = await window.axe.run(document, { resultTypes: ["violations"], preload: false });
        return violations.map(({ id, impact, help, nodes }) => ({ id, impact, help, nodes: nodes.map(({ html, target, failureSummary }) => ({ html, target: target.join(" "), failureSummary })) }));
    });
    for (const { id, impact, help, nodes } of violations) {
        for (const { html, target, failureSummary } of nodes.slice(0, 3)) {
            const scene = target.match(/#([a-z]+)/)?.[1] ?? "";
            const what = `${id} (${impact}): ${target} ${html.slice(0, 90)} ${failureSummary.replace(/\s+/g, " ").slice(0, 160)}`;
            if (impact === "serious" || impact === "critical") fail(scene, `axe: ${help}`, what);
            else note(scene, `axe: ${what}`);
        }
    }
}

export async function print({ browser, path, guide }, fail) {
    // A4 less the margins that Chromium leaves, and the colours of a dark screen.
    const opened = await open(browser, path, { colorScheme: "dark" });
    const { page } = opened;
    await page.selectOption(".theme", "dark");
    await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
    await page.emulateMedia({ media: "print" });
    await page.setViewportSize({ width: 718, height: 1000 });
    await settle(page);
    const found = await page.evaluate(() => {
        const { probe } = window;
        const faults = [];
        if (probe.isShown(document.getElementById("bar"))) faults.push(["", "no bar on paper", "it is shown"]);
        for (const section of document.querySelectorAll("section.scene")) {
            for (const selector of ["h2", ".caption", ".figure svg"]) {
                const element = section.querySelector(selector);
                if (!element || !probe.isShown(element)) faults.push([section.id, `${selector} on paper`, "it is not shown"]);
            }
            const svg = section.querySelector(".figure svg");
            const [{ right }, page] = [svg?.getBoundingClientRect() ?? { right: 0 }, document.documentElement.clientWidth];
            if (right > page + 1) faults.push([section.id, `a figure within ${page} px`, `${right}`]);
            // One that would be higher than a page is made smaller.
            const { width, height } = svg?.getBoundingClientRect() ?? {};
            const isWholePage = height > 830;
            if (svg && width < 0.95 * svg.viewBox.baseVal.width && !isWholePage) faults.push([section.id, "a figure laid out for paper", `${svg.viewBox.baseVal.width} px, made ${Math.round(width)} wide`]);
            for (const button of section.querySelectorAll("button")) {
                // The sentence of a list is content too: on paper it may stay, as text without any look of a button.
                const { borderTopWidth, boxShadow, backgroundColor } = getComputedStyle(button);
                const isText = button.matches(".sentence") && borderTopWidth === "0px" && boxShadow === "none" && probe.rgba(backgroundColor)[3] === 0;
                if (probe.isShown(button) && !isText) faults.push([section.id, "no buttons on paper", probe.name(button)]);
            }
        }
        const ink = probe.rgba(getComputedStyle(document.querySelector(".caption")).color);
        if (probe.contrast(ink, [1, 1, 1, 1]) < 7) faults.push(["", "dark ink on paper", getComputedStyle(document.querySelector(".caption")).color]);
        return faults;
    });
    for (const [scene, expected, got] of found) fail(scene, expected, got);
    await contrast(page, fail);
    const pdf = await page.pdf({ format: "A4" });
    const pages = (pdf.toString("latin1").match(/\/Type\s*\/Page\b/g) ?? []).length;
    if (pages < Math.ceil(guide.scenes.length / 4)) fail("", `a PDF with ${guide.scenes.length} scenes`, `${pages} pages`);
    await opened.close();
}

export async function motion({ browser, path, guide }, fail) {
    const opened = await open(browser, path);
    const slow = await opened.page.evaluate(() => {
        const seconds = (text) => Math.max(...text.split(",").map((part) => parseFloat(part) * (part.trim().endsWith("ms") ? 0.001 : 1)));
        return Array.from(document.querySelectorAll("body *"))
            .filter((e) => seconds(getComputedStyle(e).transitionDuration) + Math.max(0, seconds(getComputedStyle(e).transitionDelay)) > 0.4 || seconds(getComputedStyle(e).animationDuration) > 0.4)
            .map((e) => [e.closest("section")?.id ?? "", window.probe.name(e)]);
    });
    for (const [scene, name] of slow.slice(0, 10)) fail(scene, "transitions of at most 400 ms", name);
    await opened.close();

    const still = await open(browser, path, { reducedMotion: "reduce" });
    const { page } = still;
    const moving = () => page.evaluate(() => {
        const seconds = (text) => Math.max(...text.split(",").map((part) => parseFloat(part)));
        const styled = Array.from(document.querySelectorAll("body *")).filter((e) => {
            const { transitionDuration, animationName } = getComputedStyle(e);
            return seconds(transitionDuration) > 0 || animationName !== "none";
        });
        return [...styled.slice(0, 10).map((e) => [e.closest("section")?.id ?? "", window.probe.name(e)]), ...document.getAnimations().map((a) => [a.effect?.target?.closest("section")?.id ?? "", `animation ${a.playState}`])];
    });
    const report = async (when) => {
        for (const [scene, name] of await moving()) fail(scene, `no motion ${when}`, name);
    };
    await report("at the start");
    // Scripts may move things too: after a step of each kind nothing changes by itself.
    const presses = [
        ["a sentence is picked", () => page.selectOption(".picker select", String(Math.min(1, guide.sentences.length - 1)))],
        ["controls are used", () => page.evaluate(() => {
            for (const section of document.querySelectorAll("section.scene")) section.querySelector(".figure :is(button:not(.save), input[type=checkbox], input[type=radio]:not(:checked))")?.click();
        })],
    ];
    for (const [when, press] of presses) {
        await press();
        await settle(page);
        const shot = () => page.evaluate(() => Object.fromEntries(Array.from(document.querySelectorAll("section.scene"), (section) => [section.id, window.probe.shown(section).svg])));
        const before = await shot();
        await page.waitForTimeout(600);
        const after = await shot();
        for (const id of Object.keys(before)) if (before[id] !== after[id]) fail(id, `no motion after ${when}`, "the drawing goes on changing");
        await report(`after ${when}`);
    }
    await still.close();
}

/** With the colours of the system, such as Windows' high contrast, every text and mark can still be seen. */
export async function forcedColours({ browser, path }, fail) {
    const marksOf = (page) => page.evaluate(() => Object.fromEntries(Array.from(document.querySelectorAll("section.scene"), (section) => {
        const svg = section.querySelector(".figure svg");
        return [section.id, svg ? window.probe.marks(svg) : []];
    })));
    const usual = await open(browser, path, { reducedMotion: "reduce" });
    const before = await marksOf(usual.page);
    await usual.close();
    for (const colorScheme of ["light", "dark"]) {
        const forced = await open(browser, path, { forcedColors: "active", colorScheme, reducedMotion: "reduce" });
        const after = await marksOf(forced.page);
        for (const [id, marks] of Object.entries(before)) {
            const visible = marks.map((contrast, i) => [contrast, i]).filter(([contrast]) => contrast > 1.15);
            const lost = visible.filter(([, i]) => !(after[id][i] > 1.15));
            if (lost.length > 0.1 * visible.length) fail(id, `marks that are seen with forced colours (${colorScheme})`, `${lost.length} of ${visible.length} vanish`);
        }
        await contrast(forced.page, fail, `${colorScheme} forced colours`);
        const focus = await forced.page.evaluate(() => {
            document.querySelector(".picker select").focus();
            return getComputedStyle(document.querySelector(".picker select")).outlineStyle;
        });
        if (focus === "none") fail("", "a visible focus with forced colours", focus);
        await forced.close();
    }
}
