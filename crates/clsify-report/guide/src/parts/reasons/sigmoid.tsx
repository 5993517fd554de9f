// Draws the probability for every logit, with the sentence on it, and where it goes without the removed words.
import { AXIS_HEIGHT, BottomAxis, LeftAxis, leftAxisWidth } from "../../frame/axis";
import { fixed, percent, signed } from "../../format";
import { linePath } from "../../path";
import { linear } from "../../scale";
import type { Ui } from "../../ui";
import { logitWithout, sigmoid } from "./data";
import { type Common, HEAD, type Place, Title, titleExtra } from "./layout";
import { labelName } from "../../label_name";

export const curveTitle = (name: string, ui: Ui) => ui.t({ en: `From logit to probability: ${name}`, zh: `从 logit 到概率：${name}` });

export function Curve({ shared, reasons, removed, guide, ui, x: left, y: titleY, width }: Common & Place & { removed: number[] }) {
    const t = ui.t;
    const title = curveTitle(labelName(guide.labels[reasons.label]!, ui), ui);
    const threshold = shared.thresholds?.[reasons.label] ?? null;
    const noteY = titleY + titleExtra(title, width) + 35;
    const top = noteY - 35 + (shared.thresholds ? 17 : 0);
    const { logit, words, path } = reasons;
    const without = removed.length === 0 ? null : logitWithout(reasons, removed)!;
    const reach = Math.max(4, Math.abs(logit), ...words.map((c) => Math.abs(logit - c)), ...(path?.logits.map(Math.abs) ?? [])) + 0.5;
    const bottom = top + 250 - AXIS_HEIGHT - 6;
    const head = top + HEAD + 26;
    const y = linear([0, 1], [bottom, head]);
    const ticks = [0, 0.25, 0.5, 0.75, 1];
    const format = (value: number) => percent(value, 0);
    const from = left + leftAxisWidth(ticks, format);
    const x = linear([-reach, reach], [from, left + width - 8]);
    const label = shared.kind === "classes" ? t({ en: "log-odds: ln(p / (1 − p))", zh: "对数几率：ln(p / (1 − p))" }) : "logit";
    const point = (z: number) => ({ transform: `translate(${x(z)} ${y(sigmoid(z))})`, style: { transform: `translate(${x(z)}px,${y(sigmoid(z))}px)` } });
    const note =
        without === null
            ? `${signed(logit, 4)} → p = ${fixed(sigmoid(logit), 4)}`
            : t({ en: `without: ${signed(without, 4)} → p = ${fixed(sigmoid(without), 4)}`, zh: `去掉后：${signed(without, 4)} → p = ${fixed(sigmoid(without), 4)}` });
    return (
        <g>
            <Title x={left} y={titleY} width={width} text={title} />
            <text x={left + 1} y={noteY} font-size="12.5">
                {note}
            </text>
            {threshold !== null && (
                <text x={left + 1} y={noteY + 17} font-size="12.5">
                    {t({ en: `dashed line: threshold ${fixed(threshold, 4)}`, zh: `虚线：阈值 ${fixed(threshold, 4)}` })}
                </text>
            )}
            <LeftAxis scale={y} ticks={ticks} format={format} label="" from={head - 4} to={bottom} x={from} gridTo={left + width} />
            <BottomAxis scale={x} ticks={x.ticks(6)} format={(value) => `${+value.toFixed(1)}`} label={label} from={from} to={left + width - 6} y={bottom} />
            <path class="fill-none stroke-model" stroke-width="2" d={linePath(Array.from({ length: 81 }, (_, i) => [x(-reach + (i * reach) / 40), y(sigmoid(-reach + (i * reach) / 40))]))} />
            {threshold !== null && <line class="stroke-ink" stroke-dasharray="4 3" x1={from} x2={left + width} y1={y(threshold)} y2={y(threshold)} />}
            <line class="stroke-label" stroke-dasharray="3 3" x1={x(logit)} x2={x(logit)} y1={bottom} y2={y(sigmoid(logit))} />
            <circle class="fill-label stroke-label" stroke-width="2" r="6" cx={x(logit)} cy={y(sigmoid(logit))} />
            <circle class={`reasons-point fill-paper ${without === null ? "stroke-label" : "stroke-ink"}`} stroke-width="2.5" r={without === null ? 3 : 6} {...point(without ?? logit)} />
        </g>
    );
}
