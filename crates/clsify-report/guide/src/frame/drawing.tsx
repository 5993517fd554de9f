// The svg of a figure, and the button that saves it as a file of its own.
import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";
import { useUnique } from "./ids";
import { standalone } from "./save";
import type { Ui } from "../ui";

interface Props {
    ui: Ui;
    width: number;
    height: number;
    /** The name of the figure, in the language of the page. */
    title: string;
    /** What can be seen in it, for those who cannot see it: the numbers that matter, in a sentence or two. */
    desc: string;
    children: ComponentChildren;
}

export function Drawing({ ui, width, height, title, desc, children }: Props) {
    const svg = useRef<SVGSVGElement>(null);
    const id = useUnique("drawing");
    return (
        <div class="drawing">
            <svg
                ref={svg}
                xmlns="http://www.w3.org/2000/svg"
                role="img"
                aria-labelledby={`${id}-title`}
                aria-describedby={`${id}-desc`}
                viewBox={`0 0 ${width} ${Math.ceil(height)}`}
                width={width}
                height={Math.ceil(height)}
            >
                <title id={`${id}-title`}>{title}</title>
                <desc id={`${id}-desc`}>{desc}</desc>
                {children}
            </svg>
            <button type="button" class="quiet save" onClick={() => save(svg.current!)}>
                {ui.t({ en: "Save as SVG", zh: "保存为 SVG" })}
            </button>
        </div>
    );
}

function save(svg: SVGSVGElement) {
    const url = URL.createObjectURL(new Blob([standalone(svg)], { type: "image/svg+xml" }));
    const link = document.createElement("a");
    link.href = url;
    link.download = `${svg.closest("section")?.id ?? "figure"}.svg`;
    link.click();
    // The browser reads the address after this call returns.
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** A pattern of slanted lines: fill with `url(#id)`. Ids are those of the whole page, so begin them with the scene's. */
export function Hatch({ id, class: classes = "stroke-muted" }: { id: string; class?: string }) {
    return (
        <pattern id={id} width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
            <line x1="0" y1="0" x2="0" y2="6" stroke-width="1.5" class={classes} />
        </pattern>
    );
}

/** The head of an arrow: `marker-end="url(#id)"` on a path or line. */
export function ArrowHead({ id, class: classes = "fill-muted" }: { id: string; class?: string }) {
    return (
        <marker id={id} viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto">
            <path d="M0 0L8 4L0 8Z" class={classes} />
        </marker>
    );
}
