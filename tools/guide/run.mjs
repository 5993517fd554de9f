// Tests pages of `clsify guide` in Chromium:
//
//     node run.mjs [--some-scenes] [--only CHECK] PAGE.html...
//
// Every check runs for the scenes that a page has; that all 13 are there is required unless --some-scenes is given.
// Beside PAGE.html there may be PAGE.predictions.jsonl, the output of `clsify predict -p --output-format json` for
// sentences of the page. Faults of all pages are listed together; the exit code is 1 if there are any.
import { existsSync, readFileSync } from "node:fs";
import { basename, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, launch, open, settle } from "./browser.mjs";
import * as behaviour from "./checks/behaviour.mjs";
import * as content from "./checks/content.mjs";
import * as looks from "./checks/looks.mjs";

const args = process.argv.slice(2);
const all = !args.includes("--some-scenes");
const only = args.includes("--only") ? args[args.indexOf("--only") + 1] : null;
const paths = args.filter((arg, i) => !arg.startsWith("--") && args[i - 1] !== "--only");
if (paths.length === 0) {
    console.error("usage: node run.mjs [--some-scenes] [--only CHECK] PAGE.html...");
    process.exit(2);
}

const WIDTHS = [1200, 390, 320];
/** What axe and the contrast of drawings are checked in: every pair of a width, a language and a colour scheme. */
const CONDITIONS = [
    { width: 1200, conditions: [["light", "en"], ["dark", "zh"]] },
    { width: 390, conditions: [["light", "zh"], ["dark", "en"]] },
];

const faults = [];
const notes = new Set();
const seconds = new Map();
const browser = await launch();

/** What checks need to know of a page. */
function read(path) {
    const html = readFileSync(path, "utf8");
    const data = html.match(/<script type="application\/json" id="guide-data">(.*?)<\/script>/s);
    if (!data) throw new Error("there is no #guide-data");
    const sidecar = path.replace(/\.html$/, ".predictions.jsonl");
    const predictions = existsSync(sidecar) ? readFileSync(sidecar, "utf8").trim().split("\n").map((line) => JSON.parse(line)) : [];
    return { browser, path, html, guide: JSON.parse(data[1]), predictions, expectedTexts: predictions.map(({ text }) => text), all };
}

/** Runs a check; its own failure, such as a control that never comes, is a fault of the page too. */
async function check(page, name, conditions, run) {
    if (only && !name.includes(only)) return;
    const start = performance.now();
    const where = { page, check: name, viewport: describe(conditions) };
    const fail = (scene, expected, got, more = "") => faults.push({ ...where, viewport: more ? `${where.viewport}, ${more}` : where.viewport, scene: scene || "(frame)", expected, got: String(got) });
    try {
        await run(fail, (scene, text) => notes.add(`${page}: ${scene || "(frame)"}: ${text}`));
    } catch (error) {
        fail("", "the check can be run", error.message.split("\n").slice(0, 3).join(" "));
    }
    seconds.set(name, (seconds.get(name) ?? 0) + (performance.now() - start) / 1000);
}

async function switchTo(page, lang) {
    const now = await page.evaluate(() => document.documentElement.lang);
    if ((now === "zh-Hans") !== (lang === "zh")) await page.click(".language");
    await settle(page);
}

async function test(path) {
    const name = basename(path);
    let subject;
    try {
        subject = read(path);
    } catch (error) {
        faults.push({ page: name, check: "read", viewport: "", scene: "(frame)", expected: "a page with data", got: error.message });
        return;
    }
    const { guide } = subject;
    const initial = { width: 1200, lang: guide.lang };
    const run = (label, conditions, body) => check(name, label, conditions, body);
    /** Opens the page for a few checks, after which nothing may be in its console or have been requested. */
    const session = async (label, conditions, body) => {
        await run(label, conditions, async (fail, note) => {
            const { lang, ...options } = conditions;
            const opened = await open(browser, path, options);
            if (lang) await switchTo(opened.page, lang);
            try {
                await body({ ...subject, page: opened.page }, fail, note);
            } finally {
                for (const error of new Set(opened.errors)) fail("", "no error in the console", error.slice(0, 300));
                const other = opened.requests.filter((address) => address !== pathToFileURL(path).href && !address.startsWith("blob:"));
                if (other.length > 0) fail("", "no request but the page itself", other.slice(0, 3).join(" "));
                await opened.close();
            }
        });
    };

    await run("structure", initial, (fail) => content.structure(subject, fail));
    if (guide.lang === "zh") await session("opens in Chinese", { width: 1200 }, content.chinese);
    const wide = { width: 1200, lang: "en" };
    await session("parts", wide, content.parts);
    await session("mistakes", wide, content.mistakes);
    await session("picking", wide, behaviour.picking);
    await session("words", wide, behaviour.words);
    await session("texts", wide, content.texts);
    await session("numbers", wide, content.numbers);
    await session("steps", wide, behaviour.steps);
    await session("keyboard", wide, behaviour.keyboard);
    await session("saving", wide, behaviour.saving);
    await session("chinese", { width: 1200, lang: "zh" }, async (subject, fail) => {
        await content.chinese(subject, fail);
        await content.mistakes(subject, fail);
    });
    for (const width of [1200, 390]) {
        const conditions = { width, lang: "en", reducedMotion: "reduce" };
        await session("controls", conditions, (subject, fail) => behaviour.controls(subject, fail, conditions));
    }
    await run("themes", initial, (fail) => behaviour.themes(subject, fail));
    await run("policy", initial, (fail) => behaviour.policy(subject, fail));
    await run("without scripts", { ...initial, width: 390 }, (fail) => content.withoutScripts(subject, fail));
    await run("print", initial, (fail) => looks.print(subject, fail));
    await run("motion", initial, (fail) => looks.motion(subject, fail));
    await run("forced colours", initial, (fail) => looks.forcedColours(subject, fail));
    for (const width of WIDTHS) {
        await session("layout", { width, reducedMotion: "reduce" }, async ({ page }, fail) => {
            for (const lang of ["en", "zh"]) {
                await switchTo(page, lang);
                for (const i of looks.hardSentences(guide)) {
                    await page.selectOption(".picker select", String(i));
                    await settle(page);
                    await looks.layout(page, fail, `${lang}, sentence ${i}`);
                    // The words of other sentences stand on other shapes.
                    if (width === 1200 && lang === "en") await looks.contrast(page, fail, `${lang}, sentence ${i}`);
                }
            }
        });
    }
    for (const { width, conditions } of CONDITIONS) {
        await session("colours", { width, reducedMotion: "reduce", withAxe: true }, async ({ page }, fail, note) => {
            await page.evaluate(() => document.querySelectorAll("details").forEach((details) => (details.open = true)));
            for (const [colorScheme, lang] of conditions) {
                await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
                await switchTo(page, lang);
                const here = `${colorScheme}, ${lang}`;
                await looks.contrast(page, fail, here);
                await looks.axe(page, (scene, expected, got) => fail(scene, expected, got, here), note);
            }
        });
    }
}

// Two pages at a time: Chromium waits for this process as often as it works.
const queue = paths.map((path) => resolve(path));
await Promise.all([0, 1].map(async () => {
    for (let path = queue.shift(); path; path = queue.shift()) {
        const start = performance.now();
        await test(path);
        console.log(`${basename(path)}: ${((performance.now() - start) / 1000).toFixed(0)} s`);
    }
}));
await browser.close();

if (process.env.CLSIFY_GUIDE_TIMES) console.log([...seconds].sort(([, a], [, b]) => b - a).map(([name, s]) => `${name} ${s.toFixed(1)} s`).join(", "));
for (const note of notes) console.log(`note: ${note}`);
// The same fault in several viewports is one fault.
const merged = new Map();
for (const { page, check, scene, viewport, expected, got } of faults) {
    const key = [page, scene, check, expected, got].join("\0");
    if (!merged.has(key)) merged.set(key, { page, scene, check, expected, got, viewports: new Set() });
    merged.get(key).viewports.add(viewport);
}
for (const { page, scene, check, expected, got, viewports } of merged.values()) {
    console.log(`FAULT ${page} ${scene}, ${check} (${[...viewports].slice(0, 4).join("; ")}${viewports.size > 4 ? ` and ${viewports.size - 4} more` : ""})\n    expected ${expected}\n    got      ${got}`);
}
console.log(merged.size === 0 ? `${paths.length} pages passed` : `${merged.size} faults`);
process.exitCode = merged.size === 0 ? 0 : 1;
