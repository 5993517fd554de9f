// Draws precision, recall and F1 of each label as marks on a line.
import { BottomAxis } from "../../frame/axis";
import { percent } from "../../format";
import { linear } from "../../scale";
import { fitName, textWidth } from "../../text";
import { TICKS, whole } from "./chart";
import type { Part, Shared } from "./data";

/** The labels with a row of their own: all, or those with the lowest F1. */
export function shownLabels(shared: Shared): number[] {
    const all = shared.names.map((_, k) => k).filter((k) => shared.scores[k]![3] > 0);
    if (all.length <= 30) return all;
    return all.sort((a, b) => shared.scores[a]![2] - shared.scores[b]![2]).slice(0, 20);
}

export function LabelDots({ shared, guide, ui, x, y, width, rows, step }: Part & { rows: number[]; step: number }) {
    const t = ui.t;
    const longest = Math.max(...rows.map((k) => textWidth(shared.names[k]!, 12, false, true)));
    const left = Math.min(longest + 12, width * 0.36);
    const scale = linear([0, 1], [x + left, x + width - 58]);
    const top = y + 50;
    const bottom = top + rows.length * step;
    const all = shared.names.filter((_, k) => shared.scores[k]![3] > 0).length;
    const title = rows.length < all ? t({ en: `The ${rows.length} labels with the lowest F1`, zh: `F1 最低的 ${rows.length} 个标签` }) : t({ en: "Each label", zh: "各个标签" });
    const legend = [
        { text: t({ en: "● precision", zh: "● 精确率" }), kind: "text-for" },
        { text: t({ en: "◆ recall", zh: "◆ 召回率" }), kind: "text-label" },
        { text: "| F1", kind: "" },
    ];
    let at = x;
    return (
        <g>
            <text x={x} y={y + 13} font-size="14" class="bold">
                {title}
            </text>
            {legend.map(({ text, kind }) => {
                const from = at;
                at += textWidth(text, 12) + 16;
                return (
                    <text x={from} y={y + 36} font-size="12" class={kind}>
                        {text}
                    </text>
                );
            })}
            <text x={x + width} y={y + 36} font-size="12" text-anchor="end">
                F1
            </text>
            {rows.map((k, i) => {
                const middle = top + (i + 0.5) * step;
                const [precision, recall, f1] = shared.scores[k]!;
                const isSelected = shared.names[k] === guide.labels[ui.label.value] && (guide.multiLabel || guide.labels.length > 2);
                const [a, b] = [scale(precision), scale(recall)];
                return (
                    <g>
                        <line class="stroke-grid" x1={scale(0)} x2={scale(1)} y1={middle} y2={middle} />
                        <text x={x + left - 8} y={middle + 4} font-size="12" text-anchor="end" class={isSelected ? "bold" : ""}>
                            {fitName(shared.names[k]!, left - 10, 12, isSelected)}
                        </text>
                        <line class="stroke-muted" stroke-width="2" x1={a} x2={b} y1={middle} y2={middle} />
                        <line class="stroke-ink" stroke-width="2" x1={scale(f1)} x2={scale(f1)} y1={middle - 8} y2={middle + 8} />
                        <circle class="fill-for stroke-for" r="5" cx={a} cy={middle} />
                        <path class="fill-label stroke-label" d={`M${b} ${middle - 6}l6 6l-6 6l-6 -6z`} />
                        <text x={x + width} y={middle + 4} font-size="12" text-anchor="end">
                            {percent(f1)}
                        </text>
                    </g>
                );
            })}
            <BottomAxis scale={scale} ticks={TICKS} format={whole} label="" from={scale(0)} to={scale(1)} y={bottom} />
        </g>
    );
}
