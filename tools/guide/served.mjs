// Tests the page of `clsify serve` in Chromium:
//
//     node served.mjs CLSIFY ENCODER MODEL...
//
// CLSIFY is the program, ENCODER a folder, and each MODEL the folder of a classifier. What the page shows must be what the routes of the
// same server answer. With CLSIFY_GUIDE_SHOTS=FOLDER pictures of the page are kept there. The exit code is 1 if there are faults.
import { spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { launch, open, settle } from "./browser.mjs";
import * as looks from "./checks/looks.mjs";

const [clsify, encoder, ...models] = process.argv.slice(2);
if (models.length === 0) {
    console.error("usage: node served.mjs CLSIFY ENCODER MODEL...");
    process.exit(2);
}
const HARD = `a film </script><img src=x onerror="window.injected=1"> "quoted" & 'single' אבל רע 👩‍👩‍👧 &lt;`;
const PLAIN = "the storm was quietly brilliant";
const KEY = "s3cret";
/** The browser itself reports answers that are errors. */
const REPORTED = /Failed to load resource/;
const SCENES = ["verdict", "models", "words", "batch", "layers", "attention", "slice", "reasons"];
const shots = process.env.CLSIFY_GUIDE_SHOTS;

const faults = new Map();
const running = [];

/** Starts a server, and waits for its address. */
function serve(...args) {
    const server = spawn(clsify, ["serve", "--port", "0", ...args], { stdio: ["ignore", "ignore", "pipe"] });
    running.push(server);
    return new Promise((resolve, reject) => {
        let log = "";
        server.stderr.on("data", (data) => {
            log += data;
            const address = log.match(/http:\/\/127\.0\.0\.1:\d+/);
            if (address) resolve(address[0]);
        });
        server.on("exit", (code) => reject(new Error(`clsify serve ended with ${code}: ${log}`)));
    });
}

const post = async (address, route, body) => (await fetch(`${address}/${route}`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) })).json();

/** Opens the page of a server for some checks, after which nothing may be in its console or have been requested elsewhere. */
async function session(name, address, conditions, body, expectedErrors = /^$/) {
    const fail = (scene, expected, got, more = "") => faults.set([name, scene, expected, got].join("\n"), `FAULT ${name} ${scene || "(page)"} ${more}\n    expected ${expected}\n    got      ${got}`);
    const equal = (what, got, expected) => JSON.stringify(got) === JSON.stringify(expected) || fail("", `${what}: ${JSON.stringify(expected)?.slice(0, 300)}`, JSON.stringify(got)?.slice(0, 300));
    const opened = await open(browser, address, { reducedMotion: "reduce", locale: "en-US", ...conditions });
    try {
        await body({ page: opened.page, fail, equal });
        if (await opened.page.evaluate(() => window.injected)) fail("", "texts are no HTML", "a script of the sentence ran");
    } catch (error) {
        fail("", "the check can be run", error.message.split("\n").slice(0, 3).join(" "));
    } finally {
        for (const error of new Set(opened.errors)) if (!expectedErrors.test(error)) fail("", "no error in the console", error.slice(0, 300));
        const other = opened.requests.filter((each) => new URL(each).origin !== new URL(address).origin && !/^(data|blob):/.test(each));
        if (other.length > 0) fail("", "requests to the own origin only", other[0]);
        await opened.close();
    }
}

/** Waits for the answer to what was asked last. */
async function answered(page) {
    await page.waitForFunction(() => document.getElementById("state").textContent === "");
    await settle(page);
}

async function type(page, text) {
    await page.fill("#text", text);
    await page.press("#text", "Enter");
    await answered(page);
}

async function choose(page, model) {
    await page.selectOption("#model", model);
    await answered(page);
}

const shown = (page) =>
    page.evaluate(() => {
        const text = (element) => element.textContent;
        const all = (selector, of = text) => Array.from(document.querySelectorAll(selector), of);
        return {
            chosen: all("#answer .chosen th"),
            labels: all("#answer .probabilities tr", (tr) => [text(tr.children[0]), text(tr.children[2])]),
            verdict: text(document.querySelector("#answer .given strong")),
            words: all("#answer .words .word", (word) => [text(word.firstChild), text(word.querySelector("small"))]),
            tokens: all("#words tbody tr", (tr) => [text(tr.children[1]), text(tr.children[2])]),
            scenes: all("section.scene", ({ id }) => id),
            drawings: Object.fromEntries(all("section.scene", ({ id }) => [id, window.probe.shown(document.getElementById(id)).svg])),
        };
    });

/** What the page shows is what the routes answer. */
async function sameAsRoutes(page, address, model, inputs, equal) {
    const now = await shown(page);
    const predicted = await post(address, "predict", { inputs, model });
    const [explained] = await post(address, "explain", { inputs, model });
    const [tokens] = await post(address, "tokenize", { inputs, model });
    const percent = (p) => `${(100 * p).toFixed(1)}%`;
    equal("probabilities", now.labels, predicted.slice(0, 6).map(({ label, score }) => [label, percent(score)]));
    equal("chosen labels", [...now.chosen].sort(), predicted.filter(({ chosen }) => chosen).map(({ label }) => label).sort());
    const signed = (x) => (x < 0 ? "−" : "+") + Math.abs(x).toFixed(2);
    equal("words", now.words, explained.words.map(({ word, contribution }) => [word, signed(contribution)]));
    equal("ids of tokens", now.tokens.map(([, id]) => id), tokens.map(({ id }) => `${id}`));
    equal("scenes", now.scenes, SCENES);
    equal("scenes with a drawing", Object.keys(now.drawings).filter((id) => now.drawings[id] !== ""), SCENES);
    return now;
}

async function picture(page, name) {
    if (!shots) return;
    mkdirSync(join(shots, "served"), { recursive: true });
    await page.screenshot({ path: join(shots, "served", `${name}.png`), fullPage: true });
}

async function switchTo(page, lang) {
    if ((await page.evaluate(() => document.documentElement.lang)) !== (lang === "zh" ? "zh-Hans" : "en")) await page.click(".language");
    await settle(page);
}

async function classifier(address, model, isFirst) {
    await session(`${model}, answers`, address, {}, async ({ page, fail, equal }) => {
        await answered(page);
        await choose(page, model);
        await type(page, PLAIN);
        const before = await sameAsRoutes(page, address, model, PLAIN, equal);
        equal("steps of the bar", await page.locator(".steps a").count(), SCENES.length);
        equal("a field for a key", await page.isVisible("#key"), false);
        await picture(page, `${model}-en`);
        // A choice in a figure outlives the next sentence.
        await page.click("#slice .choice label:has-text('3 table')");
        await type(page, HARD);
        const after = await sameAsRoutes(page, address, model, HARD, equal);
        for (const id of SCENES) if (id !== "models" && before.drawings[id] === after.drawings[id]) fail(id, "a drawing of the new sentence", "that of the one before");
        equal("the chosen step of the cube", await page.isChecked("#slice .choice label:has-text('3 table') input"), true);
        await picture(page, `${model}-hard`);
        await page.click("#compare summary");
        await page.fill("#other", PLAIN);
        await page.press("#other", "Enter");
        await answered(page);
        equal("sentences", await page.locator(".picker option").count(), 2);
        equal("the answer", (await shown(page)).labels, after.labels);
        await page.selectOption(".picker select", "1");
        equal("the answer of the picked sentence", (await shown(page)).labels, before.labels);
        await picture(page, `${model}-two-sentences`);
    });
    const narrowest = isFirst ? [[320, "light", ["en"]]] : [];
    for (const [width, scheme, languages] of [[1200, "light", ["en"]], [390, "dark", ["zh", "en"]], ...narrowest]) {
        await session(`${model}, ${width} px`, address, { width, colorScheme: scheme, withAxe: true }, async ({ page, fail }) => {
            await answered(page);
            await choose(page, model);
            await type(page, HARD);
            for (const lang of languages) {
                await switchTo(page, lang);
                const here = `${scheme}, ${lang}`;
                await looks.layout(page, fail, here);
                await looks.contrast(page, fail, here);
                if (lang === languages[0]) await looks.axe(page, fail, () => {});
                await picture(page, `${model}-${width}-${scheme}-${lang}`);
            }
        });
    }
}

/** A model that is never sure enough says so, with its best guess. */
async function abstaining() {
    const folder = mkdtempSync(join(tmpdir(), "served-"));
    const model = join(folder, "unsure");
    cpSync(models[0], model, { recursive: true });
    const saved = JSON.parse(readFileSync(join(model, "clsify.json"), "utf8"));
    writeFileSync(join(model, "clsify.json"), JSON.stringify({ ...saved, decision: { class_thresholds: saved.classes.map(() => 0.5), abstain_below: 0.999999 } }));
    const address = await serve(model);
    rmSync(folder, { recursive: true });
    await session("abstaining", address, {}, async ({ page, equal }) => {
        await answered(page);
        await type(page, PLAIN);
        const now = await sameAsRoutes(page, address, "unsure", PLAIN, equal);
        equal("the answer", await page.textContent("#answer .given"), `The model abstains. Its best guess: ${now.labels[0][0]}`);
        equal("chosen labels", now.chosen, []);
        await picture(page, "abstaining");
        // Before the explanation is there, the page does not know the guess of the model's rule.
        await page.route("**/walk", (asked) => asked.abort());
        await page.press("#text", "Enter");
        await page.waitForFunction(() => /reached/.test(document.getElementById("state").innerText));
        equal("the answer without an explanation", await page.textContent("#answer .given"), "The model abstains");
    }, REPORTED);
}

async function keyboard(address) {
    await session("keyboard", address, {}, async ({ page, equal }) => {
        await answered(page);
        for (let i = 0; i < 20 && (await page.evaluate(() => document.activeElement.id)) !== "text"; i++) await page.keyboard.press("Tab");
        equal("the element that Tab reaches", await page.evaluate(() => document.activeElement.id), "text");
        await page.keyboard.press("ControlOrMeta+A");
        await page.keyboard.type("one");
        await page.keyboard.press("Shift+Enter");
        await page.keyboard.type("two");
        equal("the text", await page.inputValue("#text"), "one\ntwo");
        await page.keyboard.press("Enter");
        await answered(page);
        equal("the words", (await shown(page)).words.map(([word]) => word), ["one", "two"]);
        for (let i = 0; i < 9 && (await page.evaluate(() => document.activeElement.id)) !== "go"; i++) await page.keyboard.press("Tab");
        equal("the element after the sentence", await page.evaluate(() => document.activeElement.id), "go");
        const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
        equal("the outline of the focus", outline, "solid");
        await page.evaluate(() => document.activeElement.blur());
        await page.evaluate(() => scrollTo(0, 0));
        await settle(page);
        await page.keyboard.press("ArrowRight");
        await page.keyboard.press("ArrowRight");
        equal("the focus after two steps", await page.evaluate(() => document.activeElement.id), "models-title");
    });
}

async function refusals(address) {
    const state = (page) => page.locator("#state :visible").allTextContents().then((all) => all.join(""));
    const asked = async (page, text) => {
        await page.fill("#text", text);
        await page.click("#go");
        await page.waitForFunction(() => !/^$|…/.test(document.getElementById("state").innerText));
        return state(page);
    };
    await session("refusals", address, {}, async ({ page, equal, fail }) => {
        await answered(page);
        const long = await post(address, "predict", { inputs: "film ".repeat(3000) });
        equal("the message", await asked(page, "film ".repeat(3000)), long.error);
        equal("scenes of another sentence", (await page.locator("section.scene").count()) + (await page.locator("#answer *").count()), 0);
        const empty = await post(address, "walk", { inputs: "" });
        equal("the message", await asked(page, ""), empty.error);
        for (const [status, route, message] of [[429, "**/predict", "the server has as many requests as it accepts: send this one again later"], [503, "**/walk", "the request took longer than 60 seconds"]]) {
            await page.route(route, (asked) => asked.fulfill({ status, contentType: "application/json", body: JSON.stringify({ error: message, error_type: "Overloaded" }) }));
            equal("the message", await asked(page, PLAIN), message);
            await page.unroute(route);
        }
        await page.route("**/*", (asked) => asked.abort());
        equal("the message", await asked(page, PLAIN), "The server cannot be reached.");
        await switchTo(page, "zh");
        equal("the message", await state(page), "无法连接服务器。");
        await switchTo(page, "en");
        await page.unroute("**/*");
        // The first answer comes late, and is given up.
        let n = 0;
        const gone = [];
        page.on("requestfailed", (request) => gone.push(new URL(request.url()).pathname));
        await page.route("**/predict", (asked) => setTimeout(() => asked.continue().catch(() => {}), n++ === 0 ? 1500 : 0));
        await page.fill("#text", HARD);
        await page.click("#go");
        await page.waitForTimeout(100);
        await type(page, PLAIN);
        equal("requests that were given up", gone, ["/predict"]);
        await page.waitForTimeout(1600);
        equal("the words", (await shown(page)).words.map(([word]) => word).join(" "), PLAIN);
        if (n !== 2) fail("", "two requests", `${n}`);
    }, REPORTED);
    const closed = await serve("--api-key", KEY, models[0]);
    await session("key", closed, {}, async ({ page, equal }) => {
        await page.waitForSelector("#key", { state: "visible" });
        equal("the message", await state(page), "This server expects a key: enter it above.");
        await page.fill("#key", "wrong");
        await page.press("#key", "Enter");
        await page.waitForFunction(() => /not one of/.test(document.getElementById("state").innerText));
        await page.fill("#key", KEY);
        await page.press("#key", "Enter");
        await page.waitForSelector("#reasons svg");
        await answered(page);
        await picture(page, "key");
    }, REPORTED);
}

async function encoderAlone() {
    const address = await serve("--encoder", encoder);
    for (const [width, scheme] of [[1200, "light"], [390, "dark"]]) {
        await session(`encoder, ${width} px`, address, { width, colorScheme: scheme, withAxe: true }, async ({ page, fail, equal }) => {
            await answered(page);
            await type(page, HARD);
            const [tokens] = await post(address, "tokenize", { inputs: HARD });
            equal("tokens", await page.locator("#vectors .token").allTextContents(), tokens.map(({ text, id }) => `${text}${id}`));
            const [vector] = await post(address, "embed", { inputs: HARD });
            const text = await page.locator("#vectors .vector .en").textContent();
            equal("the vector", text, `${vector.length} numbers: ${vector.slice(0, 8).map((x) => x.toFixed(4)).join(", ")}, …`);
            await looks.layout(page, fail);
            await looks.axe(page, fail, () => {});
            await page.click("#compare summary");
            await page.fill("#other", HARD);
            await page.press("#other", "Enter");
            await answered(page);
            equal("the cosine of a sentence and itself", (await page.locator("#vectors .vector .en").allTextContents()).at(-1), "Cosine similarity of the two sentences: 1.0000");
            await picture(page, `encoder-${width}`);
        });
    }
}

async function documentation(address) {
    const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    const document = await (await fetch(`${address}/api-doc/openapi.json`)).json();
    for (const [width, colorScheme] of [[1200, "light"], [390, "dark"]]) {
        await session(`routes, ${width} px`, `${address}/docs`, { width, colorScheme, withAxe: true }, async ({ page, fail, equal }) => {
            await page.waitForSelector(".route");
            const n = Object.values(document.paths).flatMap((methods) => Object.keys(methods)).length;
            equal("routes", await page.locator(".route").count(), n);
            for (const path of ["/", "/docs"]) equal("the policy", (await fetch(address + path)).headers.get("content-security-policy"), policy);
            await looks.layout(page, fail);
            await looks.axe(page, fail, () => {});
            await picture(page, `docs-${width}`);
        });
    }
}

const browser = await launch();
try {
    const address = await serve(...models);
    const names = models.map((path) => basename(path));
    const work = [...names.map((name, i) => () => classifier(address, name, i === 0)), abstaining, () => keyboard(address), () => refusals(address), encoderAlone, () => documentation(address)];
    // Two at a time: Chromium waits for this process and for the server as often as it works.
    await Promise.all([0, 1].map(async () => {
        for (let next = work.shift(); next; next = work.shift()) await next();
    }));
} finally {
    await browser.close();
    for (const server of running) server.removeAllListeners("exit").kill();
}
for (const fault of faults.values()) console.log(fault);
console.log(faults.size === 0 ? `the page of the server passes (${(performance.now() / 1000).toFixed(0)} s)` : `${faults.size} faults`);
process.exitCode = faults.size === 0 ? 0 : 1;
