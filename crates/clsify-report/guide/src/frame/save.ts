// Makes a file of an svg of the page: the styles that classes gave it become attributes, since the style sheet stays behind.

/** The properties that figures use, with the value that an element has if nothing sets it. */
const PROPERTIES: Record<string, string> = {
    "fill": "rgb(0, 0, 0)",
    "fill-opacity": "1",
    "stroke": "none",
    "stroke-width": "1px",
    "stroke-opacity": "1",
    "stroke-dasharray": "none",
    "stroke-linecap": "butt",
    "stroke-linejoin": "miter",
    "paint-order": "normal",
    "opacity": "1",
    "font-family": "",
    "font-size": "",
    "font-weight": "400",
    "font-style": "normal",
    "text-anchor": "start",
    "direction": "ltr",
    "dominant-baseline": "auto",
    "text-decoration-line": "none",
    "letter-spacing": "normal",
    "display": "inline",
    "visibility": "visible",
};
/** These do not pass to children, so each element is compared with the initial value. */
const OWN = new Set(["opacity", "text-decoration-line", "display", "dominant-baseline"]);

/** The figure on the page stands in a box with a margin; the file has it by itself. */
const MARGIN = 12;

export function standalone(svg: SVGSVGElement): string {
    const copy = svg.cloneNode(true) as SVGSVGElement;
    inline(svg, copy, null);
    const { width, height } = svg.viewBox.baseVal;
    const frame = { x: -MARGIN, y: -MARGIN, width: width + 2 * MARGIN, height: height + 2 * MARGIN };
    copy.setAttribute("viewBox", Object.values(frame).join(" "));
    copy.setAttribute("width", `${frame.width}`);
    copy.setAttribute("height", `${frame.height}`);
    const paper = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    for (const [name, value] of Object.entries(frame)) paper.setAttribute(name, `${value}`);
    paper.setAttribute("fill", paperColour(svg));
    copy.insertBefore(paper, copy.querySelector("desc")?.nextSibling ?? copy.firstChild);
    return new XMLSerializer().serializeToString(copy);
}

/** The background that the reader sees behind the figure. */
function paperColour(svg: Element): string {
    for (let element: Element | null = svg; element; element = element.parentElement) {
        const colour = getComputedStyle(element).backgroundColor;
        if (!/^(transparent|rgba\(.*, 0\))$/.test(colour)) return colour;
    }
    return "white";
}

function inline(from: Element, to: Element, parent: CSSStyleDeclaration | null) {
    const style = getComputedStyle(from);
    const isShown = !/^(title|desc|defs|pattern|marker|clipPath|linearGradient)$/.test(from.tagName);
    if (isShown || from.tagName === "pattern" || from.tagName === "marker") {
        for (const [name, initial] of Object.entries(PROPERTIES)) {
            // The page's own address before a fragment would be wrong in a file.
            const value = style.getPropertyValue(name).replace(/url\("?[^"#]*(#[^")]*)"?\)/, "url($1)");
            const inherited = parent && !OWN.has(name) ? parent.getPropertyValue(name) : initial;
            if (name === "display" && value !== "none") continue;
            if (value !== inherited) to.setAttribute(name === "text-decoration-line" ? "text-decoration" : name, value);
        }
    }
    // Attributes, not a style attribute: the page's policy forbids that, and it applies to the copy too.
    for (const name of ["class", "data-word", "style", "tabindex"]) to.removeAttribute(name);
    const [sources, copies] = [from.children, to.children];
    for (let i = 0; i < sources.length; i++) inline(sources[i]!, copies[i]!, style);
}
