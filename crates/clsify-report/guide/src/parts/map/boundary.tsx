// The line of the decision, with the label that is predicted on each side.
import type { Guide } from "../../page";
import type { Scale } from "../../scale";
import { fit } from "../../text";
import type { Ui } from "../../ui";
import type { Shared } from "./data";

interface BoundaryProps {
    shared: Shared;
    guide: Guide;
    ui: Ui;
    label: number;
    x: Scale;
    top: number;
    height: number;
    left: number;
    right: number;
}

export function Boundary({ shared, guide, ui, label, x, top, height, left, right }: BoundaryProps) {
    const at = shared.boundaries?.[guide.multiLabel ? label : 0];
    if (at === undefined) return null;
    const px = x(at);
    const yes = guide.labels[label]!;
    const [no, is] = guide.multiLabel
        ? [ui.t({ en: `${yes} not predicted`, zh: `不预测 ${yes}` }), ui.t({ en: `${yes} predicted`, zh: `预测 ${yes}` })]
        : [guide.labels[0]!, yes].map((name) => ui.t({ en: `predicted ${name}`, zh: `预测 ${name}` }));
    return (
        <g>
            <line class="stroke-ink" stroke-width="2" stroke-dasharray="6 4" x1={px} x2={px} y1={top - 16} y2={top + height} />
            <text x={px - 8} y={top - 6} font-size="12.5" class="bold" text-anchor="end">
                {fit(`← ${no}`, px - left - 8, 12.5, false, true)}
            </text>
            <text x={px + 8} y={top - 6} font-size="12.5" class="bold">
                {fit(`${is} →`, right - px - 8, 12.5, false, true)}
            </text>
        </g>
    );
}
