// Draws the logit of every class and the probability that softmax makes of it.
import { useMemo } from "preact/hooks";
import { fixed, signed } from "../../format";
import { linear } from "../../scale";
import { fitName, textWidth } from "../../text";
import { f64 } from "./data";
import { type Common, HEAD, Notes, type Place, ROW, Title } from "./layout";

export function Logits({ data, reasons, sentence, guide, ui, x: left, y: top, width }: Common & Place) {
    const t = ui.t;
    const scores = useMemo(() => f64(data.scores), [data]);
    const names = data.listed.map((k) => guide.labels[k]!);
    const numbers = [68, 64];
    const role = (k: number, i: number) => {
        if (i === 0) return t({ en: "winner", zh: "胜出" });
        if (k === reasons.label) return t({ en: "selected", zh: "所选" });
        return k === reasons.rival ? t({ en: "runner-up", zh: "次高" }) : "";
    };
    const roleWidth = 72;
    const to = left + width - numbers[0]! - numbers[1]! - roleWidth;
    // On the narrowest screens the names need the room of the bars.
    const hasBars = width >= 320;
    const nameWidth = Math.min(hasBars ? width * 0.3 : to - left + 10, Math.max(...names.map((name) => textWidth(name, 13, false, true))) + 8);
    const from = left + nameWidth + 6;
    const x = linear([Math.min(0, ...scores), Math.max(0, ...scores)], [from, to]);
    const nMore = guide.labels.length - names.length;
    const bottom = top + HEAD + names.length * ROW;
    const note = t({
        en: `p = exp(logit) / sum of exp(logit) over all ${guide.labels.length} labels${nMore > 0 ? `; ${nMore} less probable ones are not listed` : ""}`,
        zh: `p = exp(logit) / 全部 ${guide.labels.length} 个标签的 exp(logit) 之和${nMore > 0 ? `；另有 ${nMore} 个概率更小的未列出` : ""}`,
    });
    return (
        <g>
            <Title x={left} y={top} width={to + numbers[0]! - 38 - left} text={t({ en: "Logits", zh: "各类 logit" })} />
            <text x={to + numbers[0]!} y={top + 15} font-size="12" text-anchor="end" class="text-muted">
                logit
            </text>
            <text x={to + numbers[0]! + numbers[1]!} y={top + 15} font-size="12" text-anchor="end" class="text-muted">
                {t({ en: "p", zh: "概率" })}
            </text>
            {data.listed.map((k, i) => {
                const y = top + HEAD + i * ROW;
                const z = scores[i]!;
                const isBold = k === reasons.label || k === reasons.rival;
                return (
                    <g>
                        <text x={left + 1} y={y + 12} font-size="13" class={isBold ? "bold" : ""}>
                            {fitName(names[i]!, nameWidth, 13, isBold)}
                        </text>
                        {hasBars && <rect class={isBold ? "fill-label" : "fill-grid"} x={Math.min(x(0), x(z))} y={y} width={Math.max(Math.abs(x(z) - x(0)), 1)} height={ROW - 7} />}
                        <text x={to + numbers[0]!} y={y + 12} font-size="12.5" text-anchor="end" class={isBold ? "bold" : ""}>
                            {signed(z, 4)}
                        </text>
                        <text x={to + numbers[0]! + numbers[1]!} y={y + 12} font-size="12.5" text-anchor="end" class={isBold ? "bold" : ""}>
                            {fixed(sentence.probability[k]!, 4)}
                        </text>
                        <text x={left + width - 1} y={y + 12} font-size="12" text-anchor="end" class="text-label">
                            {role(k, i)}
                        </text>
                    </g>
                );
            })}
            {hasBars && <line class="stroke-muted" x1={x(0)} x2={x(0)} y1={top + HEAD - 4} y2={bottom - 3} />}
            <Notes x={left} y={bottom} width={width} text={note} />
        </g>
    );
}
