// What the page does: picking, lighting, stepping, the keyboard, saving, and what it refuses to do.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { pathToFileURL } from "node:url";
import { open, settle } from "../browser.mjs";
import { layoutOf } from "./looks.mjs";

const equal = (a, b) => JSON.stringify(a) === JSON.stringify(b);
const shownOf = (page) => page.evaluate(() => Object.fromEntries(Array.from(document.querySelectorAll("section.scene"), (section) => [section.id, window.probe.shown(section)])));
const pick = async (page, i) => {
    await page.selectOption(".picker select", String(i));
    await settle(page);
};

/** Clicks where an element is: the browser's own driver would scroll the page if the element moves. */
const click = async (page, selector, i = 0) => {
    const { x, y, width, height } = await page.locator(selector).nth(i).boundingBox();
    await page.mouse.click(x + width / 2, y + height / 2);
    await settle(page);
};

/** Every scene follows the picked sentence, and returns to what it showed. */
export async function picking({ page, guide }, fail) {
    if (guide.sentences.length < 2) return fail("", "several sentences", guide.sentences.length);
    const words = (text, lang) => (typeof text === "string" ? text : text[lang]);
    await pick(page, 0);
    const first = await shownOf(page);
    const changed = new Set();
    const others = [1, Math.floor(guide.sentences.length / 2), guide.sentences.length - 1];
    for (const i of new Set(others)) {
        await pick(page, i);
        const now = await shownOf(page);
        const cells = await page.evaluate(() => Object.fromEntries(Array.from(document.querySelectorAll("section.scene"), (section) => [section.id, {
            rows: Array.from(section.querySelectorAll(".numbers tbody tr"), (row) => Array.from(row.children, (cell) => (cell.querySelector(":scope > .en") ?? cell).textContent)),
            line: (section.querySelector(".line .en") ?? section.querySelector(".line"))?.textContent,
        }])));
        for (const { id, sentences, rows } of guide.scenes) {
            if (now[id]?.svg !== first[id]?.svg) changed.add(id);
            const own = sentences[i];
            const expected = (own?.rows ?? rows)?.map((row) => row.map((cell) => words(cell, "en")));
            if (expected && !equal(cells[id].rows, expected)) {
                const at = expected.findIndex((row, k) => !equal(row, cells[id].rows[k]));
                fail(id, `row ${at} of sentence ${i}: ${expected[at]}`, `${cells[id].rows[at]}`);
            }
            if (own?.line && cells[id].line !== own.line.en) fail(id, own.line.en, cells[id].line);
        }
    }
    for (const { id, sentences } of guide.scenes) {
        const differ = sentences.some(({ data }) => !equal(data, sentences[0].data));
        if (differ && !changed.has(id)) fail(id, "another drawing for another sentence", "the same drawing");
    }
    await pick(page, 0);
    const again = await shownOf(page);
    for (const { id } of guide.scenes) {
        for (const part of ["svg", "line", "table"]) {
            if (first[id]?.[part] !== again[id]?.[part]) fail(id, `the ${part} of the first sentence when it is picked again`, difference(first[id][part], again[id][part]));
        }
    }
}

function difference(a, b) {
    let i = 0;
    while (a[i] === b[i]) i++;
    return `${JSON.stringify(b.slice(Math.max(i - 20, 0), i + 40))} in place of ${JSON.stringify(a.slice(Math.max(i - 20, 0), i + 40))}`;
}

/** A word that has the focus or the pointer is lit wherever it is shown. */
export async function words({ page, guide, all }, fail) {
    const lit = () => page.evaluate(() => {
        const scenes = (selector) => [...new Set(Array.from(document.querySelectorAll(selector), (element) => element.closest("section").id))];
        const index = document.querySelector(".lit")?.getAttribute("data-word");
        const wrong = Array.from(document.querySelectorAll("[data-word]")).filter((e) => e.classList.contains("lit") !== (e.getAttribute("data-word") === index));
        return { index, lit: scenes(".lit"), having: scenes(`[data-word="${index}"]`), wrong: wrong.map((e) => [e.closest("section").id, e.outerHTML.slice(0, 80)]) };
    });
    const stop = page.locator(".words [tabindex='0']").first();
    if ((await stop.count()) === 0) return fail("", "words that the keyboard reaches", "none");
    await stop.focus();
    await page.keyboard.press("ArrowRight");
    const focused = await lit();
    if (focused.index === undefined) fail("", "the focused word is lit", "no element has the class lit");
    for (const [scene, html] of focused.wrong) fail(scene, `lit if and only if its word is ${focused.index}`, html);
    const least = all ? 4 : 1;
    if (focused.lit.length < least) fail("", `a word is lit in at least ${least} scenes`, focused.lit.join(" "));
    await page.evaluate(() => document.activeElement.blur());
    if ((await lit()).index !== undefined) fail("", "no word is lit without focus and pointer", "one is");
    // By the pointer, in the first drawing that has a word.
    const drawn = page.locator("svg [data-word]").first();
    if ((await drawn.count()) > 0) {
        await drawn.hover({ force: true });
        const { index, wrong } = await lit();
        if (index === undefined) fail("", "the word below the pointer is lit", "none is");
        for (const [scene, html] of wrong) fail(scene, `lit if and only if its word is ${index}`, html);
        await page.mouse.move(1, 1);
        await page.mouse.move(2, 450);
    }
}

/** Arrow keys, buttons and addresses lead to scenes. */
export async function steps({ page, browser, path, guide }, fail) {
    const ids = guide.scenes.map(({ id }) => id);
    const where = () => page.evaluate(() => ({
        hash: location.hash.slice(1),
        current: Array.from(document.querySelectorAll(".steps li a")).findIndex((dot) => dot.getAttribute("aria-current") === "step"),
        n: document.querySelectorAll(".steps li a").length,
        focus: document.activeElement.closest("section")?.id,
    }));
    await page.evaluate(() => { document.activeElement.blur(); scrollTo(0, 0); });
    await settle(page);
    const { n } = await where();
    if (n !== ids.length) fail("", `${ids.length} dots in the bar`, `${n}`);
    for (let i = 1; i < ids.length; i++) {
        await page.keyboard.press("ArrowRight");
        const { hash, current, focus } = await where();
        if (hash !== ids[i] || current !== i || focus !== ids[i]) fail(ids[i], `ArrowRight leads to #${ids[i]}, dot ${i}`, `#${hash}, dot ${current}, focus in ${focus}`);
    }
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowLeft");
    if (ids.length > 1 && (await where()).hash !== ids.at(-2)) fail("", `ArrowLeft leads to #${ids.at(-2)}`, (await where()).hash);
    await page.focus(".picker select");
    const before = await where();
    await page.keyboard.press("Home");
    await page.keyboard.press("ArrowRight");
    if (!equal((await where()).hash, before.hash)) fail("", "the arrow keys of a list do not step", (await where()).hash);
    await pick(page, 0);
    if (ids.length > 1) {
        await click(page, ".steps li a", 1);
        if ((await where()).hash !== ids[1]) fail("", `the second dot leads to #${ids[1]}`, (await where()).hash);
        await click(page, ".steps button");
        if ((await where()).hash !== ids[0]) fail("", `the button leads back to #${ids[0]}`, (await where()).hash);
    }
    for (const id of new Set([ids.includes("attention") ? "attention" : ids.at(-1), ids.at(-1)])) {
        const opened = await open(browser, path, { hash: `#${id}` });
        // The page goes there again when the figures above have their heights.
        await settle(opened.page);
        await settle(opened.page);
        const [top, bar, atEnd, current] = await opened.page.evaluate((id) => [
            document.getElementById(id).getBoundingClientRect().top, document.getElementById("bar").getBoundingClientRect().bottom,
            scrollY + innerHeight >= document.documentElement.scrollHeight - 2,
            document.querySelector(".steps [aria-current]")?.getAttribute("href"),
        ], id);
        if (!(top >= bar - 2 && (top < bar + 80 || atEnd)) || current !== `#${id}`) fail(id, `the page opens at #${id}, below the bar`, `its top is at ${top}, the bar ends at ${bar}, current is ${current}`);
        await opened.close();
    }
}

/** Tab reaches everything that can be used, and what has the focus can be seen. */
export async function keyboard({ page, guide }, fail, note) {
    await page.evaluate(() => {
        document.activeElement.blur();
        scrollTo(0, 0);
        getSelection().removeAllRanges();
        const { probe } = window;
        const looks = (element) => [element, ...Array.from(element.querySelectorAll("*")).slice(0, 8), element.nextElementSibling, element.parentElement].map((e) => {
            if (!e) return "";
            const s = getComputedStyle(e);
            return [s.outlineStyle === "none" ? "" : s.outlineWidth + s.outlineColor, s.boxShadow, s.backgroundColor, s.borderColor, s.borderWidth, s.stroke, s.strokeWidth, s.textDecoration].join("|");
        }).join("\n");
        const groups = new Set();
        const isTabbable = (element) => {
            if (element.disabled || element.tabIndex < 0 || !element.checkVisibility({ checkVisibilityCSS: true })) return false;
            if (element.tagName === "SUMMARY" || element.closest("details:not([open])") === null) {
                if (element.type !== "radio") return true;
                // One of a group takes the focus.
                if (!element.checked && document.querySelector(`input[name="${element.name}"]:checked`)) return false;
                return !groups.has(element.name) && groups.add(element.name);
            }
            return false;
        };
        const all = Array.from(document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]")).filter(isTabbable);
        window.tabs = { looks, before: new Map(all.map((element) => [element, looks(element)])), reached: new Set(), unseen: [], bar: new Set() };
        for (const element of probe.clickable) {
            if (!element.isConnected || !element.closest(".figure")) continue;
            if (element.matches("button, input, select, a, summary, label") || element.tabIndex >= 0 || element.closest("[role=toolbar], [tabindex]")) continue;
            (window.tabs.pointerOnly ??= new Map()).set(element.closest("section").id, (window.tabs.pointerOnly?.get(element.closest("section").id) ?? 0) + 1);
        }
    });
    const n = await page.evaluate(() => window.tabs.before.size);
    for (let i = 0; i < n + 3; i++) {
        await page.keyboard.press("Tab");
        await page.evaluate(() => {
            const { looks, before, reached, unseen } = window.tabs;
            const element = document.activeElement;
            if (element === document.body || reached.has(element)) return;
            reached.add(element);
            for (const selector of [".picker select", ".language", ".theme", ".steps a", ".steps button"]) if (element.matches(selector)) window.tabs.bar.add(selector);
            if (looks(element) === before.get(element)) unseen.push([element.closest("section")?.id ?? "", window.probe.name(element)]);
        });
    }
    const { missing, unseen, pointerOnly } = await page.evaluate(() => ({
        missing: [...window.tabs.before.keys()].filter((element) => !window.tabs.reached.has(element)).map((element) => [element.closest("section")?.id ?? "", window.probe.name(element)]),
        unseen: window.tabs.unseen,
        pointerOnly: [...(window.tabs.pointerOnly ?? [])],
    }));
    for (const [scene, name] of missing) fail(scene, "Tab reaches it", name);
    for (const [scene, name] of unseen) fail(scene, "the focus can be seen", name);
    for (const [scene, count] of pointerOnly) note(scene, `${count} elements react to clicks and cannot have the focus: is there a control that does the same?`);
    const bar = await page.evaluate(() => [...window.tabs.bar]);
    const wanted = [".picker select", ".language", ".theme", ".steps a", ...(guide.scenes.length > 1 ? [".steps button"] : [])];
    for (const selector of wanted) if (!bar.includes(selector)) fail("", `Tab reaches ${selector}`, "it does not");
}

/** Every control of a figure changes it, in every state of which the texts can be read. */
export async function controls({ page, guide }, fail, { width }) {
    for (const { id } of guide.scenes) {
        const figure = page.locator(`#${id} .figure`);
        if ((await figure.count()) === 0) continue;
        const state = () => page.evaluate((id) => {
            const figure = document.querySelector(`#${id} .figure`);
            const values = Array.from(figure.querySelectorAll("input, select"), (e) => (e.type === "checkbox" || e.type === "radio" ? e.checked : e.value));
            return { svg: window.probe.shown(document.getElementById(id)).svg, text: figure.textContent + window.probe.shown(document.getElementById(id)).figure, values: values.join() };
        }, id);
        const look = async (what) => {
            await settle(page);
            const seen = new Set();
            for (const { expected, got } of await layoutOf(page, id)) if (!seen.has(got) && seen.add(got)) fail(id, expected, `${got} (${what})`);
        };
        const names = await page.evaluate((id) => Array.from(document.querySelectorAll(`#${id} .figure :is(input, select, button:not(.save))`), (e, i) => {
            e.dataset.control = i;
            return { i, kind: e.tagName === "INPUT" ? e.type : e.tagName.toLowerCase(), name: window.probe.name(e.closest("label") ?? e), options: e.tagName === "SELECT" ? e.options.length : 0 };
        }), id);
        for (const { i, kind, name, options } of names.slice(0, 24)) {
            const control = page.locator(`#${id} .figure [data-control="${i}"]`);
            // A control may go with the state of another.
            if ((await control.count()) === 0 || (await control.isDisabled())) continue;
            const before = await state();
            const changed = async (what) => {
                await settle(page);
                const now = await state();
                if (now.text === before.text) fail(id, `${what} changes the figure`, name);
            };
            if (kind === "radio") {
                if (await control.isChecked()) continue;
                await control.check({ force: true });
                await changed("the choice");
                await look(`after ${name}`);
            } else if (kind === "checkbox") {
                await control.click({ force: true });
                await changed("the switch");
                await look(`after ${name}`);
                await control.click({ force: true });
            } else if (kind === "range") {
                const value = await control.inputValue();
                for (const key of ["Home", "End"]) {
                    await control.focus();
                    await page.keyboard.press(key);
                    await look(`${name} at its ${key}`);
                }
                await page.keyboard.press("Home");
                await settle(page);
                const low = await state();
                await page.keyboard.press("End");
                await settle(page);
                if (low.svg === (await state()).svg) fail(id, "the slider changes the drawing", name);
                await control.fill(value);
            } else if (kind === "select") {
                if (options < 2) continue;
                const value = await control.inputValue();
                for (const at of new Set([options - 1, 0])) {
                    await control.selectOption({ index: at });
                    await look(`${name} at option ${at}`);
                }
                await control.selectOption(value);
            } else if (kind === "button") {
                await control.click();
                await look(`after ${name}`);
            }
        }
        if (await page.locator(`#${id} .broken`).count()) fail(id, "a figure that is drawn in every state", "it could not be drawn");
    }
    await settle(page);
}

/** The saved file is a drawing by itself, and looks as it does on the page. */
export async function saving({ page, browser, guide }, fail) {
    for (const { id } of guide.scenes) {
        const button = page.locator(`#${id} .save`);
        if ((await button.count()) !== 1) {
            fail(id, 'a button "Save as SVG"', `${await button.count()}`);
            continue;
        }
        const [download] = await Promise.all([page.waitForEvent("download"), button.click()]);
        if (download.suggestedFilename() !== `${id}.svg`) fail(id, `${id}.svg`, download.suggestedFilename());
        const file = await download.path();
        const text = readFileSync(file, "utf8");
        const faults = await page.evaluate((text) => {
            const faults = [];
            const parsed = new DOMParser().parseFromString(text, "image/svg+xml");
            const error = parsed.querySelector("parsererror");
            if (error) return [["well-formed XML", error.textContent.slice(0, 100)]];
            const svg = parsed.documentElement;
            if (svg.localName !== "svg" || svg.namespaceURI !== "http://www.w3.org/2000/svg") faults.push(["an svg", svg.nodeName]);
            for (const element of parsed.querySelectorAll("*")) {
                for (const { name, value } of element.attributes) {
                    if (name.startsWith("xmlns")) continue;
                    if (/^(href|src|on)|:href$/.test(name) && !value.startsWith("#")) faults.push(["no address", `${name}=${value}`]);
                    if (/class|style/.test(name)) faults.push(["no class or style", `${name}=${value}`]);
                    if (/https?:/.test(value)) faults.push(["no address", `${name}=${value}`]);
                    for (const [, id] of value.matchAll(/url\(["']?([^)"']*)/g)) if (!id.startsWith("#") || !parsed.getElementById(id.slice(1))) faults.push(["a reference within the file", `${name}=${value}`]);
                }
                if (/^(script|foreignObject|image|style)$/.test(element.localName)) faults.push(["shapes and text only", element.localName]);
            }
            return faults;
        }, text);
        for (const [expected, got] of faults) fail(id, `saved: ${expected}`, got);
        if (faults.length > 0) continue;
        const look = () => {
            const svg = document.querySelector("svg[data-saved]") ?? document.documentElement;
            return Array.from(svg.querySelectorAll("text, rect, circle, path, line, polygon"), (element) => {
                if (element.closest("defs")) return null;
                const { fill, stroke, fontSize, fontWeight, display } = getComputedStyle(element);
                const colour = (value) => (value.startsWith("url") ? value.replace(/.*#/, "#") : window.probe.rgba(value).map((x) => x.toFixed(2)).join());
                return [element.tagName, element.tagName === "text" ? element.textContent + fontSize + fontWeight : "", fill === "none" ? fill : colour(fill), stroke === "none" ? stroke : colour(stroke), display].join(" ");
            }).filter(Boolean);
        };
        await page.evaluate((id) => document.querySelector(`#${id} .figure svg`).setAttribute("data-saved", ""), id);
        const onPage = await page.evaluate(look);
        await page.evaluate((id) => document.querySelector(`#${id} .figure svg`).removeAttribute("data-saved"), id);
        const alone = await browser.newPage();
        await alone.addInitScript({ path: new URL("../probe.js", import.meta.url).pathname });
        const addresses = [];
        alone.on("request", (request) => addresses.push(request.url()));
        // Chromium takes the type from the name, which the temporary file has not.
        await download.saveAs(`${file}.svg`);
        await alone.goto(pathToFileURL(`${file}.svg`).href);
        // The first rectangle is the paper, which the page does not have.
        const inFile = (await alone.evaluate(look)).filter((_, i) => i > 0);
        if (addresses.length !== 1) fail(id, "saved: no requests", addresses.join(" "));
        const at = onPage.findIndex((shape, i) => shape !== inFile[i]);
        if (onPage.length !== inFile.length) fail(id, `saved: ${onPage.length} shapes and texts`, inFile.length);
        else if (at >= 0) fail(id, `saved: ${onPage[at]}`, inFile[at]);
        await alone.close();
    }
}

/** The colours that the reader chooses win over those of the system. */
export async function themes({ browser, path }, fail) {
    for (const [system, chosen] of [["light", "dark"], ["dark", "light"]]) {
        const opened = await open(browser, path, { colorScheme: system });
        const isDark = () => opened.page.evaluate(() => window.probe.luminance(window.probe.paper(document.body)) < 0.2 && window.probe.luminance(window.probe.paper(document.querySelector(".figure"))) < 0.2);
        if ((await isDark()) !== (system === "dark")) fail("", `${system} as in the system`, "not");
        await opened.page.selectOption(".theme", chosen);
        await opened.page.waitForTimeout(400);
        if ((await isDark()) !== (chosen === "dark")) fail("", `${chosen} when it is chosen`, "not");
        await opened.page.selectOption(".theme", "auto");
        await opened.page.waitForTimeout(400);
        if ((await isDark()) !== (system === "dark")) fail("", `${system} again with Auto`, "not");
        await opened.close();
    }
}

/** The page's policy refuses the network, whatever might be injected. */
export async function policy({ browser, path }, fail) {
    let hits = 0;
    const server = createServer((_, response) => {
        hits++;
        response.end("ok");
    });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = `http://127.0.0.1:${server.address().port}/`;
    const opened = await open(browser, path);
    const allowed = await opened.page.evaluate(async (addresses) => {
        const allowed = [];
        const refused = new Set();
        document.addEventListener("securitypolicyviolation", ({ blockedURI, effectiveDirective }) => refused.add(`${effectiveDirective} ${blockedURI}`));
        for (const address of addresses) {
            const loads = (tag, attributes) => new Promise((resolve) => {
                const element = Object.assign(document.createElement(tag), attributes);
                element.onload = () => resolve(true);
                element.onerror = () => resolve(false);
                setTimeout(() => resolve(false), 1500);
                document.head.append(element);
            });
            const tries = [
                ["img", loads("img", { src: address })], ["script", loads("script", { src: address })],
                ["link", loads("link", { rel: "stylesheet", href: address })], ["fetch", fetch(address).then(() => true, () => false)],
            ];
            for (const [what, result] of tries) if (await result) allowed.push(`${what} of ${address}`);
        }
        const inline = document.createElement("script");
        inline.textContent = "window.wasInline = true";
        document.body.append(inline);
        if (window.wasInline) allowed.push("an inline script");
        const styled = document.createElement("p");
        styled.setAttribute("style", "color: red");
        document.body.append(styled);
        if (styled.style.color) allowed.push("a style attribute");
        await new Promise((resolve) => setTimeout(resolve, 100));
        for (const directive of ["img-src", "connect-src", "script-src", "style-src"]) if (![...refused].some((text) => text.startsWith(directive))) allowed.push(`nothing was refused by ${directive}`);
        return allowed;
    }, [address, "https://example.com/x.png"]);
    for (const what of allowed) fail("", "refused by the policy", what);
    if (hits > 0) fail("", "no request reaches a server", `${hits}`);
    await opened.close();
    server.close();
}
