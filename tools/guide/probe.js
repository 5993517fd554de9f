// Runs in the page, as `probe`: measures what a reader sees. Injected before the page's own script.
(() => {
    const HIDDEN_PARENTS = "defs, pattern, marker, clipPath, mask, symbol, linearGradient, radialGradient";
    const SHAPES = "rect, circle, ellipse, path, polygon, polyline, line";

    // ---- Colours: a canvas reads every notation of CSS.

    // By its namespace, because saved files are no HTML.
    const canvas = document.createElementNS("http://www.w3.org/1999/xhtml", "canvas").getContext("2d", { willReadFrequently: true });
    canvas.canvas.width = canvas.canvas.height = 1;
    const colours = new Map();
    /** [r, g, b, alpha] of a colour, each from 0 to 1. */
    function rgba(text) {
        if (!colours.has(text)) {
            canvas.clearRect(0, 0, 1, 1);
            canvas.fillStyle = "rgba(0, 0, 0, 0)";
            canvas.fillStyle = text;
            canvas.fillRect(0, 0, 1, 1);
            colours.set(text, Array.from(canvas.getImageData(0, 0, 1, 1).data, (x) => x / 255));
        }
        return colours.get(text);
    }
    const over = ([r, g, b, a], below) => [r * a + below[0] * (1 - a), g * a + below[1] * (1 - a), b * a + below[2] * (1 - a), 1];
    const fade = (colour, opacity) => [...colour.slice(0, 3), colour[3] * opacity];
    function luminance(colour) {
        const [r, g, b] = colour.slice(0, 3).map((x) => (x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    }
    function contrast(a, b) {
        const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
        return (high + 0.05) / (low + 0.05);
    }
    const hex = (colour) => "#" + colour.slice(0, 3).map((x) => Math.round(x * 255).toString(16).padStart(2, "0")).join("");

    /** The background of an HTML element, with those of its parents below it. */
    function paper(element) {
        const stack = [];
        for (let at = element; at; at = at.parentElement) {
            const colour = rgba(getComputedStyle(at).backgroundColor);
            stack.push(colour);
            if (colour[3] === 1) break;
        }
        return stack.reduceRight((below, colour) => over(colour, below), rgba("Canvas"));
    }

    /** The product of the opacities up to the svg; 0 if the element is not displayed. */
    function opacity(element) {
        let product = 1;
        for (let at = element; at && !(at instanceof HTMLElement); at = at.parentElement) {
            const style = getComputedStyle(at);
            if (style.display === "none") return 0;
            product *= Number(style.opacity);
        }
        return getComputedStyle(element).visibility === "visible" ? product : 0;
    }

    // ---- Text in svg: runs of characters on one line, with the box of their ink.

    /** A rectangle of user space as its four corners on the screen. */
    function corners(matrix, x, y, width, height) {
        return [[x, y], [x + width, y], [x + width, y + height], [x, y + height]].map(([x, y]) => {
            const point = new DOMPoint(x, y).matrixTransform(matrix);
            return [point.x, point.y];
        });
    }

    function runsOf(text) {
        const matrix = text.getScreenCTM();
        const content = text.textContent;
        if (!matrix || opacity(text) < 0.05 || !content.trim()) return [];
        const scale = Math.sqrt(Math.abs(matrix.a * matrix.d - matrix.b * matrix.c));
        // Each character has the style of the tspan that it is in.
        const owners = [];
        const collect = (node) => {
            if (node.nodeType === 3) for (const _ of node.data) owners.push(...Array(_.length).fill(node.parentElement));
            else for (const child of node.childNodes) collect(child);
        };
        collect(text);
        const n = text.getNumberOfChars();
        const runs = [];
        let run = null;
        for (let i = 0; i < n; i++) {
            const owner = owners[i] ?? text;
            const box = text.getExtentOfChar(i);
            const angle = text.getRotationOfChar(i);
            const size = parseFloat(getComputedStyle(owner).fontSize);
            const baseline = text.getStartPositionOfChar(i).y;
            if (box.width === 0) continue;
            const isNext = run && Math.abs(run.baseline - baseline) < 0.5 && run.owner === owner && box.x <= run.right + size && box.x + box.width >= run.left - size;
            if (!isNext) runs.push((run = { owner, baseline, size, angle, left: box.x, right: box.x + box.width, from: i, to: i }));
            run.left = Math.min(run.left, box.x);
            run.right = Math.max(run.right, box.x + box.width);
            run.to = i;
        }
        return runs.map(({ owner, baseline, size, left, right, from, to }) => ({
            text, owner, content: Array.from(content).length === n ? Array.from(content).slice(from, to + 1).join("") : content.slice(from, to + 1) || content,
            size: size * scale,
            matrix,
            local: { x: left, y: baseline - 0.8 * size, width: right - left, height: size },
            corners: corners(matrix, left, baseline - 0.8 * size, right - left, size),
        })).filter(({ content }) => content.trim());
    }

    const isDrawn = (element) => !element.closest(HIDDEN_PARENTS);
    const runs = (svg) => Array.from(svg.querySelectorAll("text")).filter(isDrawn).flatMap(runsOf);
    const shorten = (text) => JSON.stringify(text.length > 40 ? text.slice(0, 39) + "…" : text);

    /** By how many px two quadrangles overlap; 0 or less if a line separates them. */
    function overlap(a, b) {
        let least = Infinity;
        for (const shape of [a, b]) {
            for (let i = 0; i < 2; i++) {
                const [dx, dy] = [shape[i + 1][0] - shape[i][0], shape[i + 1][1] - shape[i][1]];
                const length = Math.hypot(dx, dy) || 1;
                const along = (corners) => corners.map(([x, y]) => (x * -dy + y * dx) / length);
                const [p, q] = [along(a), along(b)];
                least = Math.min(least, Math.max(...p) - Math.min(...q), Math.max(...q) - Math.min(...p));
            }
        }
        return least;
    }

    const box = (corners) => {
        const [xs, ys] = [corners.map(([x]) => x), corners.map(([, y]) => y)];
        return { left: Math.min(...xs), right: Math.max(...xs), top: Math.min(...ys), bottom: Math.max(...ys) };
    };

    /** Faults of the texts of a drawing: too small, cut off, or on top of each other. */
    function textFaults(svg) {
        const faults = [];
        const all = runs(svg);
        const frame = svg.getBoundingClientRect();
        for (const { content, size, corners } of all) {
            if (size < 10.95) faults.push({ expected: "text of at least 11 px", got: `${shorten(content)} of ${size.toFixed(1)} px` });
            const { left, right, top, bottom } = box(corners);
            const outside = Math.max(frame.left - left, right - frame.right, frame.top - top, bottom - frame.bottom);
            if (outside > 1) faults.push({ expected: "text inside its svg", got: `${shorten(content)} is cut off by ${outside.toFixed(1)} px` });
        }
        const boxes = all.map(({ corners }) => box(corners));
        for (let i = 0; i < all.length; i++) {
            for (let j = i + 1; j < all.length; j++) {
                const [p, q] = [boxes[i], boxes[j]];
                if (p.right < q.left || q.right < p.left || p.bottom < q.top || q.bottom < p.top) continue;
                // Words of one line touch; in text of mixed directions their boxes are not those of the ink.
                if (all[i].text === all[j].text && Math.abs(all[i].local.y - all[j].local.y) < 4) continue;
                const by = overlap(all[i].corners, all[j].corners);
                if (by > 2) faults.push({ expected: "labels that do not overlap", got: `${shorten(all[i].content)} and ${shorten(all[j].content)} by ${by.toFixed(1)} px` });
            }
        }
        return faults;
    }

    // ---- What is painted below a text.

    /** The colours that a paint may have at a point: several for gradients and patterns. */
    function paints(value, alpha) {
        if (value === "none") return [];
        const reference = value.match(/url\("?[^"#]*#([^")]*)"?\)/);
        if (!reference) return [fade(rgba(value), alpha)];
        const server = document.getElementById(reference[1]);
        if (!server) return [];
        if (server.tagName === "pattern") {
            const parts = Array.from(server.querySelectorAll(SHAPES)).flatMap((part) => {
                const style = getComputedStyle(part);
                return [part.tagName === "line" ? "none" : style.fill, style.stroke].filter((x) => x !== "none").map((x) => fade(rgba(x), alpha * Number(style.opacity)));
            });
            return [[0, 0, 0, 0], ...parts.filter(([, , , a]) => a > 0)];
        }
        return Array.from(server.querySelectorAll("stop")).map((stop) => {
            const style = getComputedStyle(stop);
            return fade(rgba(style.stopColor), alpha * Number(style.stopOpacity));
        });
    }

    function layersOf(svg) {
        return Array.from(svg.querySelectorAll(SHAPES)).filter(isDrawn).flatMap((shape) => {
            const alpha = opacity(shape);
            const matrix = shape.getScreenCTM();
            if (alpha === 0 || !matrix) return [];
            const style = getComputedStyle(shape);
            // A line has no area, whatever its fill is.
            const fills = shape.tagName === "line" ? [] : paints(style.fill, alpha * Number(style.fillOpacity));
            const strokes = paints(style.stroke, alpha * Number(style.strokeOpacity));
            if (fills.length + strokes.length === 0) return [];
            const width = parseFloat(style.strokeWidth);
            const area = shape.getBoundingClientRect();
            return [{ shape, inverse: matrix.inverse(), fills, strokes, width, area }];
        });
    }

    /** All colours that may be behind a point on the screen, from the layers in their order. */
    function behind(layers, start, x, y) {
        let possible = [start];
        for (const { shape, inverse, fills, strokes, width, area } of layers) {
            const margin = width + 1;
            if (x < area.left - margin || x > area.right + margin || y < area.top - margin || y > area.bottom + margin) continue;
            const point = new DOMPoint(x, y).matrixTransform(inverse);
            for (const [colours, isInside] of [[fills, () => shape.isPointInFill(point)], [strokes, () => width > 0 && shape.isPointInStroke(point)]]) {
                if (colours.length === 0 || !isInside()) continue;
                possible = possible.flatMap((below) => colours.map((colour) => over(colour, below))).slice(0, 16);
            }
        }
        return possible;
    }

    /** The texts of a drawing that do not stand out from what is painted below them, or are painted over. */
    function contrastFaults(svg) {
        const faults = new Map();
        const layers = layersOf(svg);
        const ground = paper(svg);
        for (const { text, owner, content, size, local, matrix } of runs(svg)) {
            const style = getComputedStyle(owner);
            const alpha = opacity(owner) * Number(style.fillOpacity);
            const isAfter = ({ shape }) => text.compareDocumentPosition(shape) & Node.DOCUMENT_POSITION_FOLLOWING;
            const [below, above] = [layers.filter((layer) => !isAfter(layer)), layers.filter(isAfter)];
            const halo = /^stroke/.test(style.paintOrder) && style.stroke !== "none" && parseFloat(style.strokeWidth) >= 2 ? rgba(style.stroke) : null;
            const needed = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 600) ? 3 : 4.5;
            let worst = { ratio: Infinity };
            for (const share of [0.04, 0.25, 0.5, 0.75, 0.96]) {
                const { x, y } = new DOMPoint(local.x + share * local.width, local.y + 0.55 * local.height).matrixTransform(matrix);
                const painted = behind(below, ground, x, y);
                for (const under of painted) {
                    const back = halo ? over(halo, under) : under;
                    // Of a pattern only its lines, which glyphs cross, are asked for less.
                    const front = over(fade(rgba(style.fill), alpha), back);
                    const ratio = contrast(front, back);
                    const required = under === painted[0] ? needed : 3;
                    if (ratio < required && ratio < worst.ratio) worst = { ratio, front, back, required };
                }
                const covered = behind(above, [0, 0, 0, 1], x, y)[0];
                const coveredToo = behind(above, [1, 1, 1, 1], x, y)[0];
                if (contrast(covered, coveredToo) < 3) faults.set(`${content} covered`, { expected: "text above the shapes", got: `${shorten(content)} is painted over` });
            }
            if (worst.ratio < Infinity) {
                faults.set(content, {
                    expected: `contrast of at least ${worst.required}`,
                    got: `${worst.ratio.toFixed(2)} for ${shorten(content)}, ${hex(worst.front)} on ${hex(worst.back)}`,
                });
            }
        }
        return [...faults.values()];
    }

    /** For each mark of a drawing, the highest contrast that its fill or stroke has with the paper. */
    function marks(svg) {
        const ground = paper(svg);
        return Array.from(svg.querySelectorAll(SHAPES)).filter(isDrawn).map((shape) => {
            const style = getComputedStyle(shape);
            const alpha = opacity(shape);
            const colours = [...paints(style.fill, alpha * Number(style.fillOpacity)), ...paints(style.stroke, alpha * Number(style.strokeOpacity))];
            return Math.max(1, ...colours.map((colour) => contrast(over(colour, ground), ground)));
        });
    }

    /** Whether an element is displayed, and not collapsed. */
    function isShown(element) {
        return element.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true }) && element.getClientRects().length > 0;
    }

    /** Parts of a figure that are outside its column or can be scrolled sideways. */
    function columnFaults(figure) {
        const faults = [];
        const style = getComputedStyle(figure);
        const outer = figure.getBoundingClientRect();
        const left = outer.left + parseFloat(style.borderLeftWidth);
        const right = outer.right - parseFloat(style.borderRightWidth);
        for (const element of figure.querySelectorAll("*")) {
            if (element.closest("svg") && element.tagName !== "svg") continue;
            if (!isShown(element)) continue;
            const { left: l, right: r, width } = element.getBoundingClientRect();
            if (width > 0 && (l < left - 1 || r > right + 1)) faults.push({ expected: `inside the column ${left}..${right}`, got: `${name(element)} at ${l.toFixed(0)}..${r.toFixed(0)}` });
            if (element.scrollWidth > element.clientWidth + 1 && /auto|scroll|hidden/.test(getComputedStyle(element).overflowX) && !element.matches("svg, select, input"))
                faults.push({ expected: "nothing scrolls sideways", got: `${name(element)}: ${element.scrollWidth} px in ${element.clientWidth}` });
        }
        return faults;
    }

    /** A short name of an element for messages. */
    function name(element) {
        const classes = element.getAttribute("class");
        const text = (element.getAttribute("aria-label") ?? element.textContent).trim().replace(/\s+/g, " ").slice(0, 30);
        return `<${element.tagName.toLowerCase()}${element.id ? "#" + element.id : ""}${classes ? "." + classes.trim().split(/\s+/).join(".") : ""}> ${JSON.stringify(text)}`;
    }

    /** What a section shows, without the ids that the frame counts, and without the order in which attributes were set. */
    function shown(section) {
        const sorted = (html) => html.replace(/<([\w-]+)((?: [\w:-]+="[^"]*")+)/g, (_, tag, attributes) => `<${tag}${attributes.match(/ [\w:-]+="[^"]*"/g).sort().join("")}`);
        const clean = (element) => sorted(element?.outerHTML ?? "").replace(/\b(drawing|choice)-\d+/g, "$1");
        return {
            svg: clean(section.querySelector(".figure svg")),
            figure: clean(section.querySelector(".figure")),
            line: section.querySelector(".line")?.textContent ?? "",
            table: section.querySelector(".numbers tbody")?.textContent.replace(/\s+/g, "") ?? "",
        };
    }

    // Listeners are recorded, to find what only a pointer can reach.
    const clickable = new Set();
    const add = EventTarget.prototype.addEventListener;
    EventTarget.prototype.addEventListener = function (type, ...rest) {
        if (/^(click|pointerdown|mousedown)$/.test(type) && this instanceof Element) clickable.add(this);
        return add.call(this, type, ...rest);
    };

    window.probe = { rgba, contrast, luminance, paper, runs, textFaults, contrastFaults, marks, isShown, columnFaults, name, shown, clickable };
})();
