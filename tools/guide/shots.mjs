// Takes pictures of a page of `clsify guide` for people to look at:
//
//     node shots.mjs PAGE.html OUTDIR
//
// OUTDIR gets the whole page and every scene, in English, Chinese, dark, at the width of a phone and with forced colours,
// with two more sentences, and print.pdf.
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { launch, open, settle } from "./browser.mjs";

const [path, out] = process.argv.slice(2);
if (!out) {
    console.error("usage: node shots.mjs PAGE.html OUTDIR");
    process.exit(2);
}
mkdirSync(out, { recursive: true });
const variants = {
    en: {},
    zh: { lang: "zh" },
    dark: { colorScheme: "dark" },
    narrow: { width: 390, height: 844 },
    "narrow-zh-dark": { width: 390, height: 844, lang: "zh", colorScheme: "dark" },
    forced: { forcedColors: "active" },
    "sentence-2": { sentence: 1 },
    "sentence-last": { sentence: -1 },
};
const browser = await launch();
for (const [name, { lang = "en", sentence = 0, ...conditions }] of Object.entries(variants)) {
    const { page, close } = await open(browser, resolve(path), { reducedMotion: "reduce", ...conditions });
    if ((await page.evaluate(() => document.documentElement.lang)) !== (lang === "zh" ? "zh-Hans" : "en")) await page.click(".language");
    if (sentence !== 0) await page.locator(".picker select").selectOption({ index: sentence > 0 ? sentence : (await page.locator(".picker option").count()) - 1 });
    await settle(page);
    await page.screenshot({ path: join(out, `page-${name}.png`), fullPage: true });
    // A tall scene is taken in parts, and the bar at the top would be in each of them.
    await page.evaluate(() => (document.getElementById("bar").style.position = "static"));
    for (const id of await page.evaluate(() => Array.from(document.querySelectorAll("section.scene"), ({ id }) => id))) {
        await page.locator(`#${id}`).screenshot({ path: join(out, `${id}-${name}.png`) });
    }
    if (name === "en") await page.pdf({ path: join(out, "print.pdf"), format: "A4" });
    await close();
}
await browser.close();
