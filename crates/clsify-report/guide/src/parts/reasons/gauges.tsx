// Draws the probability of every label with its threshold.
import { fixed } from "../../format";
import { linear } from "../../scale";
import { fitName, textWidth } from "../../text";
import type { Ui } from "../../ui";
import { type Common, HEAD, Notes, type Place, ROW, Title, titleExtra } from "./layout";

export const gaugesTitle = (ui: Ui) => ui.t({ en: "Each label has a logit, a probability and a threshold of its own", zh: "每个标签有自己的 logit、概率和阈值" });

export function Gauges({ shared, data, reasons, sentence, guide, ui, x: left, y: titleY, width }: Common & Place) {
    const t = ui.t;
    const top = titleY + titleExtra(gaugesTitle(ui), width);
    const names = data.listed.map((k) => guide.labels[k]!);
    const nameWidth = Math.min(width * 0.3, Math.max(...names.map((name) => textWidth(name, 13, false, true))) + 8);
    const given = (k: number) => sentence.probability[k]! > shared.thresholds![k]!;
    const text = (k: number) => {
        const numbers = `${fixed(sentence.probability[k]!, 4)} ${given(k) ? ">" : "≤"} ${fixed(shared.thresholds![k]!, 4)}`;
        return [numbers, given(k) ? t({ en: "assigned", zh: "给出" }) : t({ en: "not assigned", zh: "不给出" })] as const;
    };
    // On a phone the sign of the comparison alone says whether a label is assigned.
    const isNarrow = width < 420;
    const lastWidth = isNarrow ? -8 : textWidth(t({ en: "not assigned", zh: "不给出" }), 12.5, false, true) + 4;
    const textWidths = Math.max(...data.listed.map((k) => textWidth(text(k)[0], 12.5))) + 10 + lastWidth;
    const x = linear([0, 1], [left + nameWidth + 6, left + width - textWidths - 8]);
    const bottom = top + HEAD + names.length * ROW;
    const nMore = guide.labels.length - names.length;
    const note = `${t({ en: "bar: probability; vertical line: threshold", zh: "横条：概率；竖线：阈值" })}${nMore > 0 ? t({ en: `; ${nMore} less probable labels are not listed`, zh: `；另有 ${nMore} 个概率更小的标签未列出` }) : ""}`;
    return (
        <g>
            <Title x={left} y={titleY} width={width} text={gaugesTitle(ui)} />
            {data.listed.map((k, i) => {
                const y = top + HEAD + i * ROW;
                const [numbers, outcome] = text(k);
                const isBold = k === reasons.label;
                return (
                    <g>
                        <text x={left + 1} y={y + 12} font-size="13" class={isBold ? "bold" : ""}>
                            {fitName(names[i]!, nameWidth, 13, isBold)}
                        </text>
                        <rect class="fill-ground stroke-muted" x={x(0)} y={y + 1} width={x(1) - x(0)} height="13" rx="2" />
                        <rect class={given(k) ? "fill-label stroke-label" : "fill-grid stroke-muted"} x={x(0)} y={y + 1} width={x(sentence.probability[k]!) - x(0)} height="13" rx="2" />
                        <line class="stroke-ink" stroke-width="2.5" x1={x(shared.thresholds![k]!)} x2={x(shared.thresholds![k]!)} y1={y - 3} y2={y + 18} />
                        <text x={left + width - lastWidth - 8} y={y + 12} font-size="12.5" text-anchor="end" class={isNarrow && given(k) ? "bold text-label" : ""}>
                            {numbers}
                        </text>
                        {!isNarrow && (
                            <text x={left + width - 1} y={y + 12} font-size="12.5" text-anchor="end" class={given(k) ? "bold text-label" : "text-muted"}>
                                {outcome}
                            </text>
                        )}
                    </g>
                );
            })}
            <Notes x={left} y={bottom} width={width} text={note} />
        </g>
    );
}
