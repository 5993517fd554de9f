// Starts Chromium and opens pages in it.
import { execFileSync } from "node:child_process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"];
const PROBE = fileURLToPath(new URL("probe.js", import.meta.url));
export const AXE = fileURLToPath(new URL("node_modules/axe-core/axe.min.js", import.meta.url));

/** The path of Chromium: $CLSIFY_CHROMIUM, or the first of its usual names; null if there is none. */
export function executable() {
    if (process.env.CLSIFY_CHROMIUM) return process.env.CLSIFY_CHROMIUM;
    for (const name of ["chromium", "chromium-browser", "google-chrome"]) {
        try {
            return execFileSync("sh", ["-c", `command -v ${name}`], { encoding: "utf8" }).trim();
        } catch {
            // The next name.
        }
    }
    return null;
}

export async function launch() {
    const executablePath = executable();
    if (!executablePath) {
        console.error("NOT RUN: the tests of the guide, because no Chromium was found: install it or set CLSIFY_CHROMIUM");
        process.exit(3);
    }
    return chromium.launch({ executablePath, args: FLAGS });
}

/**
 * Opens a page from disk, or an address. `errors` collects what may not happen on any page; `requests` has all addresses.
 *
 * The probe, and axe if it is asked for, are injected by the debugger, so that the page's own policy stays in force.
 */
export async function open(browser, path, { width = 1200, height = 900, hash = "", withAxe = false, ...options } = {}) {
    const context = await browser.newContext({ viewport: { width, height }, acceptDownloads: true, ...options });
    await context.addInitScript({ path: PROBE });
    if (withAxe) await context.addInitScript({ path: AXE });
    const page = await context.newPage();
    page.setDefaultTimeout(10_000);
    const [errors, requests] = [[], []];
    page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
    page.on("pageerror", (error) => errors.push(`${error.name}: ${error.message}`));
    page.on("request", (request) => requests.push(request.url()));
    await page.goto(/^http:/.test(path) ? path : pathToFileURL(path).href + hash);
    if (options.javaScriptEnabled !== false) await settle(page);
    return { page, errors, requests, close: () => context.close() };
}

/** Waits until what was changed has been drawn. */
export function settle(page) {
    return page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve()))));
}

/** The viewport and the other conditions, for messages. */
export function describe({ width = 1200, lang }) {
    return [`${width} px`, ...(lang ? [lang] : [])].join(", ");
}
