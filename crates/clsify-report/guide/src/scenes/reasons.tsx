// Scene 11: the logit as a sum of products, the probability that it becomes, and the words without which it would be another one.
import { useMemo, useState } from "preact/hooks";
import { AXIS_HEIGHT, BottomAxis, LeftAxis, leftAxisWidth } from "../frame/axis";
import { ClassSelector } from "../frame/class_selector";
import { Controls, Slider } from "../frame/controls";
import { Lines } from "../frame/lines";
import { Drawing } from "../frame/drawing";
import { SentenceWords } from "../frame/word";
import { fixed, grouped, percent, signed } from "../format";
import type { Guide, Sentence, Words } from "../page";
import { linePath } from "../path";
import { linear, nice } from "../scale";
import type { FigureProps, Scene } from "../scene";
import { fit, textWidth, wrap } from "../text";
import type { Ui } from "../ui";
import { f64, logitWithout, type Packed, type Reasons, reasonsFor, sigmoid, toggled } from "./reasons_data";

interface Shared {
    /** Two classes with one logit, more classes with a logit each, or labels that are independent. */
    kind: "two" | "classes" | "sets";
    thresholds: number[] | null;
    nFeatures: number;
    /** The fit standardised the features. */
    scaled: boolean;
    rule: Words;
    hasNeighbours: boolean;
}

export const scene: Scene<Shared, Packed> = { id: "reasons", Figure };

interface Common {
    shared: Shared;
    data: Packed;
    reasons: Reasons;
    sentence: Sentence;
    guide: Guide;
    ui: Ui;
}

interface Place {
    x: number;
    y: number;
    width: number;
}

const ROW = 22;
const HEAD = 30;

function Figure({ shared, data, sentence, guide, ui, width }: FigureProps<Shared, Packed>) {
    const t = ui.t;
    const reasons = useMemo(() => reasonsFor(data, ui.label.value), [data, ui.label.value]);
    const [removal, setRemoval] = useState<{ words: number[]; of: Packed }>({ words: [], of: data });
    const removed = removal.of === data && logitWithout(reasons, removal.words) !== null ? removal.words : [];
    const setRemoved = (words: number[]) => setRemoval({ words, of: data });
    const common = { shared, data, reasons, sentence, guide, ui };
    const isWide = width >= 640;
    const name = guide.labels[reasons.label]!;
    const list = listHeight(common, width);
    const half = isWide ? (width - 40) / 2 : width;
    const lower = list + waterfallTexts(common, width).height;
    const curve = Number.isFinite(reasons.logit) ? 250 + (shared.thresholds ? 17 : 0) + titleExtra(curveTitle(name, ui), half) : 0;
    const path = pathHeight(data, ui, half);
    const p = sentence.probability[reasons.label]!;
    return (
        <div class="reasons">
            <Controls>
                <ClassSelector ui={ui} guide={guide} sentence={sentence} evenForTwo />
            </Controls>
            {reasons.label !== ui.label.value && (
                <p class="hint">
                    {t({
                        en: `For this sentence the page has the details of ${data.kept.map((k) => guide.labels[k]).join(", ")}. Shown: ${name}.`,
                        zh: `对这个句子，本页有这些标签的细节：${data.kept.map((k) => guide.labels[k]).join("、")}。现在显示：${name}。`,
                    })}
                </p>
            )}
            <Drawing
                ui={ui}
                width={width}
                height={lower + (isWide ? Math.max(curve, path) : curve + path)}
                title={t({ en: `The probability of ${name} as arithmetic`, zh: `${name} 的概率是怎样算出来的` })}
                desc={t({
                    en: `The sum of ${grouped(shared.nFeatures)} products and the intercept is ${signed(reasons.total, 4)}. The probability of ${name} is ${fixed(p, 4)}.`,
                    zh: `${grouped(shared.nFeatures)} 个乘积与截距之和是 ${signed(reasons.total, 4)}。${name} 的概率是 ${fixed(p, 4)}。`,
                })}
            >
                {shared.kind === "classes" && <Logits {...common} x={0} y={0} width={width} />}
                {shared.kind === "sets" && <Gauges {...common} x={0} y={0} width={width} />}
                <Waterfall {...common} x={0} y={list} width={width} />
                {curve > 0 && <Curve {...common} removed={removed} x={0} y={lower} width={half} />}
                {path > 0 && <Path {...common} x={isWide ? half + 40 : 0} y={lower + (isWide ? 0 : curve)} width={half} />}
            </Drawing>
            <p class="hint">{t(shared.rule)}</p>
            <WordReasons {...common} removed={removed} setRemoved={setRemoved} />
            <Neighbours {...common} />
        </div>
    );
}

function Title({ x, y, width, text }: Place & { text: string }) {
    return <Lines lines={titleLines(text, width)} x={x + 1} y={y + 15} fontSize={14} leading={18} class="bold" />;
}

const titleLines = (text: string, width: number) => wrap(text, width - 2, 14, 3, false, true);

/** The height of a title beyond its first line. */
const titleExtra = (text: string, width: number) => 18 * (titleLines(text, width).length - 1);

/** Up to two lines below a list. */
function Notes({ x, y, width, text }: Place & { text: string }) {
    return (
        <>
            {wrap(text, width - 2, 12, 2).map((line, i) => (
                <text x={x + 1} y={y + 14 + i * 16} font-size="12" class="text-muted">
                    {line}
                </text>
            ))}
        </>
    );
}

const gaugesTitle = (ui: Ui) => ui.t({ en: "Each label has a logit, a probability and a threshold of its own", zh: "每个标签有自己的 logit、概率和阈值" });

function listHeight({ shared, data, ui }: Common, width: number): number {
    if (shared.kind === "two") return 0;
    return (shared.kind === "sets" ? titleExtra(gaugesTitle(ui), width) : 0) + HEAD + data.listed.length * ROW + 46;
}

/** The logit of every class and the probability that softmax makes of it. */
function Logits({ data, reasons, sentence, guide, ui, x: left, y: top, width }: Common & Place) {
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
                            {fit(names[i]!, nameWidth, 13, false, isBold)}
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

/** The probability of every label with its threshold. */
function Gauges({ shared, data, reasons, sentence, guide, ui, x: left, y: titleY, width }: Common & Place) {
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
                            {fit(names[i]!, nameWidth, 13, false, isBold)}
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

interface Bar {
    name: string;
    numbers: [string, string] | null;
    amount: number;
}

/** What stands above and below the terms, and the height of all. */
function waterfallTexts({ shared, reasons, sentence, guide, ui }: Common, width: number) {
    const t = ui.t;
    const { terms, total, label, rival } = reasons;
    const name = guide.labels[label]!;
    const title =
        rival === null
            ? t({ en: `The logit of ${name}, term by term`, zh: `${name} 的 logit，逐项相加` })
            : t({ en: `${name} minus ${guide.labels[rival]}, term by term`, zh: `${name} 减 ${guide.labels[rival]}，逐项相加` });
    const p = fixed(sentence.probability[label]!, 4);
    const end =
        rival === null
            ? `p(${name}) = 1 / (1 + exp(−(${signed(total, 4)}))) = ${p}`
            : t({
                  en: `above 0: ${name} is more probable than ${guide.labels[rival]}; the weight here is the difference of their two weights`,
                  zh: `大于 0：${name} 的概率高于 ${guide.labels[rival]}；这里的权重是两者权重之差`,
              });
    const scaled = t({ en: "z: the feature minus its mean over the training rows, divided by its standard deviation.", zh: "z：特征减去它在训练集上的均值，再除以标准差。" });
    const isConstant = !Number.isFinite(reasons.logit);
    const result = isConstant ? t({ en: "This label was the same for all training rows, so its probability is fixed.", zh: "这个标签在所有训练行上都一样，因此概率是固定的。" }) : end;
    const lines = [...(shared.scaled ? [scaled] : []), result].flatMap((text) => wrap(text, width - 2, 12.5, 5));
    return { title, lines, height: titleExtra(title, width) + HEAD + 24 + (terms.length + 3) * ROW + AXIS_HEIGHT + 14 + 17 * Math.max(lines.length, 2) };
}

/** The terms one after the other: each bar begins where the last one ended. */
function Waterfall({ x: left, y, width, ...common }: Common & Place) {
    const { shared, reasons, ui } = common;
    const t = ui.t;
    const { terms, rest, intercept, total, rival } = reasons;
    const { title, lines } = waterfallTexts(common, width);
    const top = y + titleExtra(title, width);
    const isNarrow = width < 560;
    const size = isNarrow ? 11.5 : 13;
    const x0 = shared.scaled ? "z" : "x";
    const all: Bar[] = [
        ...terms.map(({ feature, value, weight }): Bar => ({ name: `${x0}${feature}`, numbers: [fixed(value, 4), fixed(weight, 4)], amount: value * weight })),
        { name: t({ en: `${grouped(shared.nFeatures - terms.length)} other terms`, zh: `其余 ${grouped(shared.nFeatures - terms.length)} 项` }), numbers: null, amount: rest },
        { name: t({ en: "intercept", zh: "截距" }), numbers: null, amount: intercept },
    ];
    const totalName = rival === null ? "logit" : t({ en: "logit difference", zh: "logit 之差" });
    // On the narrowest screens the bars need the room of the factors, which are in the table too.
    const isTight = width < 320;
    const bars = isTight ? all.map((bar) => ({ ...bar, numbers: null })) : all;
    const wide = (pick: (bar: Bar) => string) => Math.max(...bars.map((bar) => textWidth(pick(bar), size)));
    const columns = [
        Math.max(wide((bar) => (bar.numbers || isTight ? bar.name : "")), isTight ? textWidth(totalName, size, false, true) : 0) + 12,
        wide((bar) => bar.numbers?.[0] ?? ""),
        wide((bar) => bar.numbers?.[1] ?? ""),
        Math.max(wide((bar) => signed(bar.amount, 4)), textWidth(signed(total, 4), size, false, true)) + 2,
    ] as [number, number, number, number];
    const operator = isTight ? 0 : isNarrow ? 14 : 20;
    const ends = [columns[0] + columns[1], columns[0] + columns[1] + operator + columns[2], columns[0] + columns[1] + columns[2] + columns[3] + 2 * operator] as [number, number, number];
    const barFrom = left + ends[2] + 12;
    const sums = bars.reduce<number[]>((sums, bar) => [...sums, sums.at(-1)! + bar.amount], [0]);
    const domain = nice([Math.min(...sums), Math.max(...sums)], 4);
    const x = linear(domain, [barFrom, left + width - 8]);
    const first = top + HEAD + 24;
    const totalY = first + bars.length * ROW;
    const bottom = totalY + ROW + 4;
    return (
        <g>
            <Title x={left} y={y} width={width} text={title} />
            <g class="text-muted">
                {!isTight && (
                    <>
                        <text x={left + ends[0]} y={top + HEAD + 12} font-size="12" text-anchor="end" class="text-muted">
                            {isNarrow ? x0 : t({ en: `feature ${x0}`, zh: `特征 ${x0}` })}
                        </text>
                        <text x={left + ends[1]} y={top + HEAD + 12} font-size="12" text-anchor="end" class="text-muted">
                            {isNarrow ? "w" : t({ en: "weight w", zh: "权重 w" })}
                        </text>
                    </>
                )}
                <text x={left + ends[2]} y={top + HEAD + 12} font-size="12" text-anchor="end" class="text-muted">
                    w · {x0}
                </text>
            </g>
            {x.ticks(4).map((tick) => (
                <line class="stroke-grid" x1={x(tick)} x2={x(tick)} y1={first - 4} y2={bottom} />
            ))}
            <line class="stroke-ink" x1={x(0)} x2={x(0)} y1={first - 4} y2={bottom} />
            {bars.map((bar, i) => {
                const y = first + i * ROW;
                const [from, to] = [x(sums[i]!), x(sums[i + 1]!)];
                return (
                    <g>
                        <text x={left + 1} y={y + 13} font-size={size}>
                            {bar.name}
                        </text>
                        {bar.numbers && (
                            <>
                                <text x={left + ends[0]} y={y + 13} font-size={size} text-anchor="end">
                                    {bar.numbers[0]}
                                </text>
                                <text x={left + ends[0] + operator / 2} y={y + 13} font-size={size} text-anchor="middle" class="text-muted">
                                    ×
                                </text>
                                <text x={left + ends[1]} y={y + 13} font-size={size} text-anchor="end">
                                    {bar.numbers[1]}
                                </text>
                                <text x={left + ends[1] + operator / 2} y={y + 13} font-size={size} text-anchor="middle" class="text-muted">
                                    =
                                </text>
                            </>
                        )}
                        <text x={left + ends[2]} y={y + 13} font-size={size} text-anchor="end" class={bar.amount < 0 ? "text-against" : "text-for"}>
                            {signed(bar.amount, 4)}
                        </text>
                        <rect class={bar.amount < 0 ? "fill-against" : "fill-for"} x={Math.min(from, to)} y={y + 2} width={Math.max(Math.abs(to - from), 1)} height={ROW - 8} />
                        <line class="stroke-muted" x1={to} x2={to} y1={y + ROW - 6} y2={y + ROW + 2} />
                    </g>
                );
            })}
            <line class="stroke-muted" x1={left} x2={left + ends[2]} y1={totalY} y2={totalY} />
            <text x={left + 1} y={totalY + 15} font-size={size} class="bold">
                {fit(totalName, ends[2] - columns[3] - 6, size, false, true)}
            </text>
            <text x={left + ends[2]} y={totalY + 15} font-size={size} text-anchor="end" class="bold">
                {signed(total, 4)}
            </text>
            <rect class="fill-label stroke-label" x={Math.min(x(0), x(total))} y={totalY + 3} width={Math.max(Math.abs(x(total) - x(0)), 1)} height={ROW - 7} />
            <BottomAxis scale={x} ticks={x.ticks(4)} format={(value) => fixed(value === 0 ? 0 : value, domain[1] - domain[0] > 4 ? 0 : domain[1] - domain[0] > 0.6 ? 1 : 2)} label={t({ en: "running sum", zh: "累计和" })} from={barFrom} to={left + width - 7} y={bottom} />
            {lines.map((line, i) => (
                <text x={left + 1} y={bottom + AXIS_HEIGHT + 14 + i * 17} font-size="12.5">
                    {line}
                </text>
            ))}
        </g>
    );
}

const curveTitle = (name: string, ui: Ui) => ui.t({ en: `From logit to probability: ${name}`, zh: `从 logit 到概率：${name}` });

/** The probability for every logit, with the sentence on it, and where it goes without the removed words. */
function Curve({ shared, reasons, removed, guide, ui, x: left, y: titleY, width }: Common & Place & { removed: number[] }) {
    const t = ui.t;
    const title = curveTitle(guide.labels[reasons.label]!, ui);
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
    const x = linear([-reach, reach], [from, left + width - 4]);
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
            <BottomAxis scale={x} ticks={x.ticks(6)} format={(value) => `${+value.toFixed(1)}`} label={label} from={from} to={left + width} y={bottom} />
            <path class="fill-none stroke-model" stroke-width="2" d={linePath(Array.from({ length: 81 }, (_, i) => [x(-reach + (i * reach) / 40), y(sigmoid(-reach + (i * reach) / 40))]))} />
            {threshold !== null && <line class="stroke-ink" stroke-dasharray="4 3" x1={from} x2={left + width} y1={y(threshold)} y2={y(threshold)} />}
            <line class="stroke-label" stroke-dasharray="3 3" x1={x(logit)} x2={x(logit)} y1={bottom} y2={y(sigmoid(logit))} />
            <circle class="fill-label stroke-label" stroke-width="2" r="6" cx={x(logit)} cy={y(sigmoid(logit))} />
            <circle class={`reasons-point fill-paper ${without === null ? "stroke-label" : "stroke-ink"}`} stroke-width="2.5" r={without === null ? 3 : 6} {...point(without ?? logit)} />
        </g>
    );
}

const MOST_STEPS = 9;

const pathTitle = (ui: Ui) => ui.t({ en: "Removing words until the answer changes", zh: "逐个去掉词，直到答案改变" });

function pathHeight({ path }: Packed, ui: Ui, width: number): number {
    return path ? titleExtra(pathTitle(ui), width) + HEAD + 24 + (Math.min(path.words.length, MOST_STEPS) + 1) * ROW + 44 : 0;
}

/** The words that are removed one after the other, and the probability that is left. */
function Path({ data, sentence, guide, ui, x: left, y: titleY, width }: Common & Place) {
    const t = ui.t;
    const top = titleY + titleExtra(pathTitle(ui), width);
    const path = data.path!;
    const explained = useMemo(() => reasonsFor(data, data.kept[0]!), [data]);
    const name = guide.labels[explained.label]!;
    const texts = wordTexts(sentence);
    const steps = path.words.map((word, i) => ({ text: `− ${texts[word]}`, n: i + 1, z: explained.path!.logits[i]! }));
    const hidden = Math.max(steps.length - MOST_STEPS, 0);
    // The last step is the one that changes the answer.
    const shown = hidden > 0 ? [...steps.slice(0, MOST_STEPS - 1), steps.at(-1)!] : steps;
    const rows = [{ text: t({ en: "all words", zh: "全部词" }), n: 0, z: explained.logit }, ...shown];
    const nameWidth = Math.min(width * 0.42, Math.max(...rows.map((row) => textWidth(row.text, 13))) + 26);
    const x = linear([0, 1], [left + nameWidth + 8, left + width - 58]);
    const first = top + HEAD + 16;
    const end = path.changedTo
        ? t({ en: `then the answer is: ${path.changedTo.en}`, zh: `这时答案是：${path.changedTo.zh}` })
        : t({ en: "the answer never changes", zh: "答案始终不变" });
    return (
        <g>
            <Title x={left} y={titleY} width={width} text={pathTitle(ui)} />
            <text x={left + 1} y={top + 35} font-size="12.5">
                {fit(t({ en: `probability of ${name} that is left`, zh: `剩下的 ${name} 的概率` }), width - 2, 12.5)}
            </text>
            {rows.map(({ text, n, z }, i) => {
                const y = first + i * ROW;
                const isAfterGap = hidden > 0 && i === rows.length - 1;
                return (
                    <g>
                        <text x={left + 18} y={y + 13} font-size="11" text-anchor="end" class="text-muted">
                            {n}
                        </text>
                        <text x={left + 24} y={y + 13} font-size="13">
                            {fit(isAfterGap ? `… ${text}` : text, nameWidth - 24, 13)}
                        </text>
                        <rect class="fill-ground stroke-muted" x={x(0)} y={y + 2} width={x(1) - x(0)} height={ROW - 8} rx="2" />
                        <rect class="fill-label stroke-label" x={x(0)} y={y + 2} width={x(sigmoid(z)) - x(0)} height={ROW - 8} rx="2" />
                        <text x={left + width - 1} y={y + 13} font-size="12.5" text-anchor="end">
                            {fixed(sigmoid(z), 4)}
                        </text>
                    </g>
                );
            })}
            {wrap(end, width - 2, 12.5, 2).map((line, i) => (
                <text x={left + 1} y={first + rows.length * ROW + 14 + i * 17} font-size="12.5" class="bold">
                    {line}
                </text>
            ))}
        </g>
    );
}

function wordTexts(sentence: Sentence): string[] {
    return sentence.pieces.filter(({ word }) => word !== null).map(({ text }) => text);
}

/** The words with their contributions, and what removing some of them does. */
function WordReasons({ data, reasons, sentence, guide, ui, shared, removed, setRemoved }: Common & { removed: number[]; setRemoved: (words: number[]) => void }) {
    const t = ui.t;
    const name = guide.labels[reasons.label]!;
    const texts = wordTexts(sentence);
    const unit = shared.kind === "classes" ? t({ en: "log-odds", zh: "对数几率" }) : "logit";
    const most = Math.max(...reasons.words.map(Math.abs), 1e-12);
    const shade = (word: number) => {
        const share = Math.abs(reasons.words[word]!) / most;
        const level = share < 0.08 ? 0 : share < 0.33 ? 1 : share < 0.67 ? 2 : 3;
        return level === 0 ? "" : `reasons-${reasons.words[word]! < 0 ? "against" : "for"}-${level}`;
    };
    const without = logitWithout(reasons, removed)!;
    const quote = (words: number[]) => words.map((word) => `“${texts[word]}”`).join(t({ en: ", ", zh: "、" }));
    const result =
        removed.length === 0
            ? t({
                  en: `The number below a word is the ${unit} of ${name} with all words minus the one without this word: + speaks for ${name}, − against it. Each was computed by encoding the sentence again, ${data.nEncodings} encodings in all.`,
                  zh: `词下面的数 = 有全部词时 ${name} 的 ${unit} − 去掉这个词后的 ${unit}：+ 支持 ${name}，− 反对。每个数都通过重新编码句子得到，共编码 ${data.nEncodings} 次。`,
              })
            : t({
                  en: `Without ${quote(removed)}: ${unit} ${signed(reasons.logit, 4)} → ${signed(without, 4)}; probability of ${name}: ${fixed(sigmoid(reasons.logit), 4)} → ${fixed(sigmoid(without), 4)}.`,
                  zh: `去掉${quote(removed)}：${unit} ${signed(reasons.logit, 4)} → ${signed(without, 4)}；${name} 的概率：${fixed(sigmoid(reasons.logit), 4)} → ${fixed(sigmoid(without), 4)}。`,
              });
    const pairs = reasons.pairs
        .map((together, i) => ({ i, together, interaction: together - reasons.words[i]! - reasons.words[i + 1]! }))
        .sort((a, b) => Math.abs(b.interaction) - Math.abs(a.interaction))
        .slice(0, 3);
    const steps = reasons.path?.words.length ?? 0;
    const isPrefix = reasons.path !== null && `${removed}` === `${reasons.path.words.slice(0, removed.length)}`;
    return (
        <>
            <h3>{t({ en: `Words for and against ${name}`, zh: `支持和反对 ${name} 的词` })}</h3>
            <SentenceWords
                ui={ui}
                sentence={sentence}
                hint={t({
                    en: "Press a word to remove it, then a neighbour to remove both. Other combinations were not computed.",
                    zh: "按一个词就去掉它，再按相邻的词就去掉两个。其他组合没有计算。",
                })}
                onPress={(word) => setRemoved(toggled(reasons, removed, word))}
                isPressed={(word) => removed.includes(word)}
                classOf={shade}
                below={(word) => signed(reasons.words[word]!, 2).replace("-", "−")}
            />
            <p class="reasons-result" aria-live="polite">
                {result}
            </p>
            {steps > 0 && (
                <Controls>
                    <Slider
                        label={t({ en: "Remove the words of the deletion path", zh: "按删除路径去掉词" })}
                        min={0}
                        max={steps}
                        value={isPrefix ? removed.length : 0}
                        text={t({ en: `${isPrefix ? removed.length : 0} of ${steps}`, zh: `${isPrefix ? removed.length : 0} / ${steps}` })}
                        onChange={(n) => setRemoved(reasons.path!.words.slice(0, n))}
                    />
                </Controls>
            )}
            {pairs.length > 0 && (
                <>
                    <h3>{t({ en: "Neighbouring words with the strongest interaction", zh: "相互作用最强的相邻词" })}</h3>
                    <ul>
                        {pairs.map(({ i, together, interaction }) => (
                            <li>
                                {t({
                                    en: `“${texts[i]} ${texts[i + 1]}”: together ${signed(together, 2)}, each alone ${signed(reasons.words[i]!, 2)} and ${signed(reasons.words[i + 1]!, 2)}, so ${signed(interaction, 2)} comes from the pair`,
                                    zh: `“${texts[i]} ${texts[i + 1]}”：一起 ${signed(together, 2)}，单独 ${signed(reasons.words[i]!, 2)} 和 ${signed(reasons.words[i + 1]!, 2)}，其中 ${signed(interaction, 2)} 来自两词的配合`,
                                })}
                            </li>
                        ))}
                    </ul>
                </>
            )}
        </>
    );
}

function Neighbours({ data, ui }: Common) {
    if (data.neighbours.length === 0) return null;
    return (
        <>
            <h3>{ui.t({ en: "The nearest training sentences", zh: "最接近的训练句子" })}</h3>
            <ul>
                {data.neighbours.map(({ text, label, cosine }) => (
                    <li dir="auto">
                        {ui.t({ en: `${text} (${label}; cosine similarity ${fixed(cosine, 4)})`, zh: `${text}（${label}；余弦相似度 ${fixed(cosine, 4)}）` })}
                    </li>
                ))}
            </ul>
        </>
    );
}
