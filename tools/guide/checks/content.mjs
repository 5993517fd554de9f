// What the page says: its scenes, its texts in both languages, its numbers, and that a sentence stays text.
import { open, settle } from "../browser.mjs";

export const IDS = ["verdict", "data", "models", "words", "batch", "layers", "attention", "slice", "split", "learning", "reasons", "score", "map"];
const MAX_BYTES = 2_000_000;

export function structure({ guide, html, all }, fail) {
    const ids = guide.scenes.map(({ id }) => id);
    if (all && ids.join() !== IDS.join()) {
        for (const id of IDS.filter((id) => !ids.includes(id))) fail(id, "the scene is on the page", "it is not in the data");
        if (ids.every((id) => IDS.includes(id))) fail("", `scenes in the order ${IDS.filter((id) => ids.includes(id))}`, `${ids}`);
    }
    for (const id of ids.filter((id) => !IDS.includes(id))) fail(id, `one of ${IDS}`, "an unknown scene");
    const bytes = Buffer.byteLength(html);
    if (bytes > MAX_BYTES) fail("", `at most ${MAX_BYTES} bytes`, `${bytes}`);
}

/** Every scene has its parts, in whatever way the page was opened. */
export async function parts({ page, guide }, fail, { withFigures = true } = {}) {
    const found = await page.evaluate(([ids, withFigures]) => {
        const faults = [];
        const fail = (scene, expected, got) => faults.push({ scene, expected, got });
        const sections = Array.from(document.querySelectorAll("section.scene"), ({ id }) => id);
        if (sections.join() !== ids.join()) fail("", `sections ${ids}`, `${sections}`);
        for (const id of ids) {
            const section = document.getElementById(id);
            if (!section) continue;
            const heading = section.querySelector("h2");
            if (section.getAttribute("aria-labelledby") !== heading?.id) fail(id, "labelled by its heading", section.getAttribute("aria-labelledby"));
            for (const [what, selector] of [["heading", "h2"], ["caption", ".caption"]]) {
                for (const lang of ["en", "zh"]) {
                    const texts = section.querySelectorAll(`${selector} .${lang}`);
                    if (texts.length !== 1 || !texts[0].textContent.trim()) fail(id, `a ${what} in ${lang}`, `${texts.length} texts`);
                    else if (lang === "zh" && !/\p{Script=Han}/u.test(texts[0].textContent)) fail(id, `a ${what} in Chinese`, texts[0].textContent);
                }
            }
            if (!section.querySelector("pre.code code")?.textContent.trim()) fail(id, "a line of code or a formula", "none");
            const [columns, rows] = [section.querySelectorAll("details.numbers thead th"), section.querySelectorAll("details.numbers tbody tr")];
            if (columns.length === 0 || rows.length === 0) fail(id, "a table of numbers", `${columns.length} columns, ${rows.length} rows`);
            for (const row of rows) if (row.children.length !== columns.length) { fail(id, `${columns.length} cells in each row`, row.textContent); break; }
            if (withFigures) {
                const svgs = section.querySelectorAll(".figure svg");
                if (svgs.length !== 1) fail(id, "one drawing", `${svgs.length}`);
                for (const svg of svgs) {
                    const shapes = svg.querySelectorAll("rect, circle, path, line, polygon, polyline, ellipse").length;
                    const { width, height } = svg.getBoundingClientRect();
                    if (shapes < 3 || svg.querySelectorAll("text").length === 0 || width < 100 || height < 40) fail(id, "a drawing with shapes and text", `${shapes} shapes, ${width} x ${height} px`);
                    if (svg.getAttribute("role") !== "img") fail(id, "role=img", svg.getAttribute("role"));
                    for (const part of ["title", "desc"]) if (!svg.querySelector(`:scope > ${part}`)?.textContent.trim()) fail(id, `a drawing with a ${part}`, "none");
                }
                if (section.querySelector(".broken")) fail(id, "a figure that is drawn", section.querySelector(".broken").textContent);
            }
        }
        const once = new Set();
        for (const { id } of document.querySelectorAll("[id]")) {
            if (once.has(id)) fail("", "each id once", `#${id} twice`);
            once.add(id);
        }
        for (const element of document.querySelectorAll("[style*='url(']")) fail("", "no addresses in styles", element.outerHTML.slice(0, 80));
        return faults;
    }, [guide.scenes.map(({ id }) => id), withFigures]);
    for (const { scene, expected, got } of found) fail(scene, expected, got);
}

/** Values that a program shows by mistake. */
export async function mistakes({ page, guide }, fail) {
    const known = guide.sentences.map(({ text }) => text).join("\n");
    const found = await page.evaluate(() =>
        Array.from(document.querySelectorAll("section.scene"), (section) => ({
            scene: section.id,
            texts: Array.from(section.querySelectorAll("text, td, .line, .figure p, .figure output, .figure td, title, desc"), ({ textContent }) => textContent),
        })),
    );
    for (const { scene, texts } of found) {
        for (const text of texts) {
            const match = text.match(/\[object \w+\]|\bundefined\b|\bNaN\b|\bInfinity\b|\$\{/);
            if (match && !known.includes(match[0])) fail(scene, "a text", JSON.stringify(text.slice(0, 80)));
        }
    }
}

/** Sentences are text: they make no element, and are shown as they are. */
export async function texts({ page, guide, expectedTexts }, fail) {
    for (const text of expectedTexts) if (!guide.sentences.some((sentence) => sentence.text === text)) fail("", "the sentence is on the page", JSON.stringify(text));
    const before = await foreign(page);
    if (before.length > 0) fail("", "no elements made of text", before.join(" "));
    for (const [i, { text, pieces }] of guide.sentences.entries()) {
        if (pieces.map((piece) => piece.text).join("") !== text) fail("", `the pieces of ${JSON.stringify(text)}`, pieces.map((piece) => piece.text).join(""));
        // Plain sentences are read by the other checks.
        if (!/[^ -~]|[<>&"']/.test(text)) continue;
        await page.selectOption(".picker select", String(i));
        await settle(page);
        const now = await foreign(page);
        if (now.length > 0) fail("", `${JSON.stringify(text)} makes no elements`, now.join(" "));
        const faults = await page.evaluate(({ text, pieces }) => {
            const faults = [];
            const letters = (text) => text.replace(/\s+/g, "").replace(/[\u2066-\u2069\u200e\u200f]/g, "");
            for (const words of document.querySelectorAll(".words")) {
                const copy = words.cloneNode(true);
                copy.querySelectorAll("small").forEach((small) => small.remove());
                if (copy.textContent !== text) faults.push([words.closest("section").id, text, copy.textContent]);
            }
            // A word that is drawn is either whole, a part of it, or shortened.
            for (const element of document.querySelectorAll("svg [data-word]")) {
                const word = pieces.find((piece) => piece.word === Number(element.getAttribute("data-word")));
                const shown = letters(element.tagName === "g" ? "" : element.textContent);
                if (!word) faults.push([element.closest("section").id, "a word of the sentence", element.getAttribute("data-word")]);
            }
            const option = document.querySelector(".picker option:checked").textContent;
            const start = letters(text).slice(0, 15);
            if (!letters(option).includes(start)) faults.push(["", `an option with ${start}`, option]);
            const verdict = document.querySelector("#verdict svg");
            if (verdict && !letters(verdict.textContent).includes(start.slice(0, 8))) faults.push(["verdict", start, verdict.textContent]);
            return faults;
        }, { text, pieces });
        for (const [scene, expected, got] of faults) fail(scene, JSON.stringify(expected), JSON.stringify(got));
    }
    await page.selectOption(".picker select", "0");
    await settle(page);
}

/** Elements that the page does not make itself, and traces of scripts that ran. */
function foreign(page) {
    return page.evaluate(() => {
        const elements = Array.from(document.querySelectorAll("img, iframe, object, embed, video, audio, link, base, form, foreignObject, image, [onerror], [onload], [onclick], b, marquee, a[href^='javascript']"));
        const scripts = document.querySelectorAll("script").length;
        return [
            ...elements.map((element) => element.outerHTML.slice(0, 80)),
            ...(scripts === 2 ? [] : [`${scripts} scripts`]),
            ...("injected" in window ? ["a script of a sentence ran"] : []),
        ];
    });
}

/** After the switch, or on a page that was written with `--lang zh`. */
export async function chinese({ page, guide }, fail) {
    // Names and sentences are the reader's own, in whatever language.
    const own = [];
    const collect = (value) => {
        if (typeof value === "string") own.push(value);
        else if (value && typeof value === "object" && !(Object.keys(value).sort().join() === "en,zh")) Object.values(value).forEach(collect);
    };
    collect([guide.sentences.map(({ text, given, predicted }) => [text, given, predicted]), guide.labels, guide.scenes]);
    const same = guide.scenes.flatMap(({ shared }) => JSON.stringify(shared)).join("\n");
    const found = await page.evaluate(([own, same]) => {
        const faults = [];
        const fail = (scene, expected, got) => faults.push([scene, expected, got]);
        const { probe } = window;
        if (document.documentElement.lang !== "zh-Hans") fail("", "lang=zh-Hans", document.documentElement.lang);
        for (const element of document.querySelectorAll(".en")) if (probe.isShown(element)) fail(element.closest("section")?.id ?? "", "no English text", element.textContent);
        for (const element of document.querySelectorAll("h2 .zh, .caption .zh")) if (!probe.isShown(element)) fail(element.closest("section").id, "a Chinese text", `${element.textContent} is not shown`);
        // The document's title is set by script: it follows the switch.
        if (!/\p{Script=Han}/u.test(document.title)) fail("", "a Chinese title", document.title);
        const haystack = own.join("\n");
        const elements = document.querySelectorAll(".figure text, .figure p, .figure label > span, .figure legend, .figure button, .figure option, .figure output, .figure title, .figure desc, #bar button, #bar label span");
        for (const element of elements) {
            for (const [phrase] of element.textContent.matchAll(/[A-Za-z]{2,}(?:[ ,][A-Za-z]{2,})+/g)) {
                if (phrase === "Save as SVG" || (!haystack.includes(phrase) && !same.includes(`"zh":"${phrase}`))) fail(element.closest("section")?.id ?? "", "no English words", JSON.stringify(phrase));
            }
        }
        // A font that lacks a character draws the same box for all that it lacks.
        for (const selector of [".caption", ".figure text", "pre.code"]) {
            const element = document.querySelector(selector);
            if (!element) continue;
            const { fontWeight, fontFamily } = getComputedStyle(element);
            const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
            const drawn = (text) => {
                context.clearRect(0, 0, 300, 150);
                context.font = `${fontWeight} 40px ${fontFamily}`;
                context.fillText(text, 10, 60);
                return context.getImageData(0, 0, 120, 120).data.join();
            };
            const glyphs = new Set([..."中文词片层"].map(drawn));
            if (glyphs.size < 5 || glyphs.has(drawn("\u{10FFFF}")) || glyphs.has(drawn("\uFFFE"))) fail("", `glyphs of Chinese characters in ${fontFamily}`, "boxes");
        }
        return faults;
    }, [own, same]);
    for (const [scene, expected, got] of found) fail(scene, expected, got);
}

/** What is shown is the data of the page; and that is what `predict` answers, if its answers are given. */
export async function numbers({ page, guide, predictions }, fail) {
    for (const { text, probabilities } of predictions) {
        const sentence = guide.sentences.find((sentence) => sentence.text === text);
        if (!sentence) continue;
        guide.labels.forEach((label, i) => {
            const [expected, got] = [probabilities[label], sentence.probability[i]];
            // Batches of other sizes add up in another order.
            if (!(Math.abs(expected - got) < 1e-5)) fail("", `p(${label}) = ${expected} by predict, for ${JSON.stringify(text)}`, got);
        });
    }
    const format = (x, digits) => x.toFixed(digits);
    for (let i = 0; i < Math.min(guide.sentences.length, 6); i++) {
        const { probability, label } = guide.sentences[i];
        await page.selectOption(".picker select", String(i));
        await settle(page);
        const { rows, drawn } = await page.evaluate(() => ({
            rows: Array.from(document.querySelectorAll("#verdict tbody tr"), (row) => Array.from(row.children, ({ textContent }) => textContent)),
            drawn: Array.from(document.querySelectorAll("#verdict svg text"), ({ textContent }) => textContent).join("\n"),
        }));
        guide.labels.forEach((name, k) => {
            const row = rows.find(([label]) => label === name);
            const digits = row?.[1]?.match(/\.(\d+)/)?.[1].length ?? 4;
            if (row?.[1] !== format(probability[k], digits)) fail("verdict", `${name} ${format(probability[k], digits)} in the table of sentence ${i}`, `${row}`);
        });
        const percent = `${format(100 * probability[label], 1)}%`;
        if (!drawn.includes(percent)) fail("verdict", `${percent} in the figure of sentence ${i}`, JSON.stringify(drawn.slice(0, 200)));
    }
    await page.selectOption(".picker select", "0");
    await settle(page);
}

/** Without scripts, at the width of a phone. */
export async function withoutScripts({ browser, path, guide }, fail) {
    const opened = await open(browser, path, { width: 390, javaScriptEnabled: false });
    const { page } = opened;
    await parts({ page, guide }, fail, { withFigures: false });
    for (const { id } of guide.scenes) {
        for (const selector of ["h2", ".caption"]) {
            const text = await page.locator(`#${id} ${selector}`).innerText();
            if (text.trim().length < 3) fail(id, `a ${selector} that is displayed`, JSON.stringify(text));
        }
        const summary = page.locator(`#${id} summary`);
        if ((await summary.count()) === 1) await summary.click();
        if (!(await page.locator(`#${id} table`).isVisible())) fail(id, "a table that opens", "it is not visible");
    }
    const [wide, narrow, controls] = await page.evaluate(() => [
        document.documentElement.scrollWidth, document.documentElement.clientWidth, document.querySelectorAll("button, select, input").length,
    ]);
    if (wide > narrow) fail("", `no wider than ${narrow} px`, `${wide} px`);
    if (controls > 0) fail("", "no controls that do nothing", `${controls}`);
    await opened.close();
}
