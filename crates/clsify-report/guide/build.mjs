// Bundles the page's script and styles into ../src/guide/dist, which is committed and compiled into the binary.
//
// Every file of src/scenes and src/style is taken by its name, so a new scene or style sheet edits no list. The output
// is the same for the same sources and the pinned versions; CI rebuilds it and fails on a difference.
import { build } from "esbuild";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const dist = join(here, "../src/guide/dist");

/** The files of a folder with an extension, sorted: a directory listing has no order of its own. */
function files(folder, extension) {
    return readdirSync(join(here, folder))
        .filter((name) => name.endsWith(extension))
        .sort()
        .map((name) => `./${folder}/${name}`);
}

/** Resolves `scenes` to a list of every scene, and `styles` to every style sheet. */
const collected = {
    name: "collected",
    setup(build) {
        build.onResolve({ filter: /^(scenes|styles)$/ }, ({ path }) => ({ path, namespace: "collected" }));
        build.onLoad({ filter: /^scenes$/, namespace: "collected" }, () => {
            const paths = files("src/scenes", ".tsx");
            const imports = paths.map((path, i) => `import { scene as s${i} } from "${path}";`);
            const list = `export const scenes = [${paths.map((_, i) => `s${i}`).join(", ")}];`;
            return { contents: [...imports, list].join("\n"), resolveDir: here, loader: "js" };
        });
        build.onLoad({ filter: /^styles$/, namespace: "collected" }, () => {
            const imports = files("src/style", ".css").map((path) => `@import "${path}";`);
            return { contents: imports.join("\n"), resolveDir: here, loader: "css" };
        });
    },
};

const shared = {
    absWorkingDir: here,
    bundle: true,
    minify: true,
    target: "es2022",
    legalComments: "none",
    charset: "utf8",
    plugins: [collected],
    logLevel: "warning",
};

await build({ ...shared, entryPoints: ["src/main.tsx"], outfile: join(dist, "guide.js"), format: "iife", jsx: "automatic", jsxImportSource: "preact" });
await build({ ...shared, entryPoints: [{ in: "styles", out: "guide" }], outdir: dist, target: [] });

// The files stand inside <script> and <style>, on a page that must not name any address.
const namespaces = /http:\/\/www\.w3\.org\/(2000\/svg|1999\/xhtml|1998\/Math\/MathML|1999\/xlink|XML\/1998\/namespace|2000\/xmlns\/)/g;
for (const name of ["guide.js", "guide.css"]) {
    const text = readFileSync(join(dist, name), "utf8");
    const forbidden = text.replace(namespaces, "").match(/<\/(script|style)|<!--|https?:\/\//i);
    if (forbidden) {
        console.error(`dist/${name} contains ${JSON.stringify(forbidden[0])}`);
        process.exitCode = 1;
    }
    console.log(`dist/${name}: ${Buffer.byteLength(text)} bytes`);
}
