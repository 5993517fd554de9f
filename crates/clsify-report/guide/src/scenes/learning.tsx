// Scene 10: the loss step by step, the weights after a step, and the cross-validated score for other values of C.
import { useMemo, useState } from "preact/hooks";
import { ClassSelector } from "../frame/class_selector";
import { Controls, Slider } from "../frame/controls";
import { AXIS_HEIGHT, BottomAxis, LeftAxis, leftAxisWidth } from "../frame/axis";
import { Drawing } from "../frame/drawing";
import { fixed, grouped, percent, signed } from "../format";
import type { Words } from "../page";
import { areaPath, linePath, type Point } from "../path";
import { linear, log, nice } from "../scale";
import type { FigureProps, Scene } from "../scene";
import { textWidth, wrap } from "../text";
import type { Ui } from "../ui";
import { f32, u16 } from "../unpack";

interface Shared {
    /** Number of steps, loss, objective, |w|. */
    steps: [number, number, number, number][];
    converged: boolean;
    scaled: boolean;
    nTrain: number;
    /** The indices of the steps of which there are weights. */
    kept: number[];
    /** Rows of weights: 1 for two classes. */
    nLabels: number;
    nFeatures: number;
    /** Weights per label in the figure. */
    nDrawn: number;
    features: string;
    weights: string;
    intercepts: string;
    c: number;
    metric: Words;
    search: { best: number; points: [number, number, number][] } | null;
}

export const scene: Scene<Shared, null> = { id: "learning", Figure };

const HEAD = 58;
/** The height of the picture of the weights. */
const WEIGHTS = 310;

function Figure({ shared, sentence, guide, ui, width }: FigureProps<Shared, null>) {
    const t = ui.t;
    const { features, weights, intercepts } = useMemo(
        () => ({ features: u16(shared.features), weights: f32(shared.weights), intercepts: f32(shared.intercepts) }),
        [shared],
    );
    const [place, setPlace] = useState(shared.kept.length - 1);
    const at = shared.kept[place]!;
    const [nIter, loss, , norm] = shared.steps[at]!;
    const last = shared.steps.at(-1)![0];
    const row = shared.nLabels === 1 ? 0 : ui.label.value;
    const n = shared.nDrawn;
    const of = (step: number) => weights.subarray((step * shared.nLabels + row) * n, (step * shared.nLabels + row + 1) * n);
    const label = guide.labels[shared.nLabels === 1 ? 1 : row]!;
    const isWide = width >= 640;
    const half = isWide ? (width - 36) / 2 : width;
    const panel = 220;
    const weightsTop = isWide ? panel + 24 : 2 * (panel + 24);
    const stepText = t({ en: `${grouped(nIter)} of ${grouped(last)}`, zh: `${grouped(nIter)} / ${grouped(last)}` });
    return (
        <>
            <Controls>
                <Slider label={t({ en: "Steps of the fit", zh: "拟合步数" })} min={0} max={shared.kept.length - 1} value={place} text={stepText} onChange={setPlace} />
                {shared.nLabels > 1 && <ClassSelector ui={ui} guide={guide} sentence={sentence} />}
            </Controls>
            <Drawing
                ui={ui}
                width={width}
                height={weightsTop + WEIGHTS}
                title={t({ en: "The fit of the classifier", zh: "分类器的拟合" })}
                desc={t({
                    en: `After ${grouped(nIter)} of ${grouped(last)} steps the log loss is ${fixed(loss, 4)} and the norm of the weights is ${fixed(norm, 4)}.`,
                    zh: `${grouped(last)} 步中的第 ${grouped(nIter)} 步之后，对数损失是 ${fixed(loss, 4)}，权重的范数是 ${fixed(norm, 4)}。`,
                })}
            >
                <Loss {...{ shared, ui, at }} x={0} y={0} width={half} height={panel} />
                <Search {...{ shared, ui }} x={isWide ? half + 36 : 0} y={isWide ? 0 : panel + 24} width={half} height={panel} />
                <Weights
                    {...{ shared, ui, width, label, nIter, norm }}
                    y={weightsTop}
                    now={of(place)}
                    end={of(shared.kept.length - 1)}
                    features={features.subarray(row * n, (row + 1) * n)}
                    intercept={intercepts[place * shared.nLabels + row]!}
                    rival={shared.nLabels === 1 ? guide.labels[0]! : null}
                />
            </Drawing>
        </>
    );
}

interface PanelProps {
    shared: Shared;
    ui: Ui;
    x: number;
    y: number;
    width: number;
    height: number;
}

/** The loss and the objective after each step. */
function Loss({ shared, ui, at, x: left, y: top, width, height }: PanelProps & { at: number }) {
    const t = ui.t;
    const { steps } = shared;
    const last = steps.at(-1)![0];
    const isLog = last > 30;
    const values = steps.flatMap(([, loss, objective]) => [loss, objective]);
    const domain = nice([Math.min(0, ...values), Math.max(...values)], 4);
    const y = linear(domain, [top + height - AXIS_HEIGHT, top + HEAD]);
    const ticks = y.ticks(4);
    const format = (value: number) => fixed(value, domain[1] >= 10 ? 0 : domain[1] > 0.5 ? 1 : 2);
    const from = left + leftAxisWidth(ticks, format);
    const squeeze = (n: number) => (isLog ? Math.log1p(n) : n);
    const line = linear([0, squeeze(last)], [from, left + width - 8]);
    const x = (n: number) => line(squeeze(n));
    const points = (which: 1 | 2): Point[] => steps.map((step) => [x(step[0]), y(step[which])]);
    const [n, loss, objective] = steps[at]!;
    return (
        <g>
            <text x={left + 1} y={top + 14} class="bold">
                {t({ en: "Log loss and objective after each step", zh: "每一步之后的对数损失和目标函数" })}
            </text>
            <g font-size="12">
                <line class="stroke-train" stroke-width="2.5" x1={left + 1} x2={left + 23} y1={top + 30} y2={top + 30} />
                <text x={left + 29} y={top + 34} font-size="12">{`${t({ en: "log loss", zh: "对数损失" })} ${fixed(loss, 4)}`}</text>
                <Legend x={left + 42 + textWidth(`${t({ en: "log loss", zh: "对数损失" })} ${fixed(loss, 4)}`, 12)} y={top + 30} text={`${t({ en: "objective", zh: "目标函数" })} ${fixed(objective, 4)}`} />
            </g>
            <LeftAxis scale={y} ticks={ticks} format={format} label="" from={top + HEAD - 8} to={top + height - AXIS_HEIGHT} x={from} gridTo={left + width} />
            <BottomAxis
                scale={x}
                ticks={apart(steps.map((step) => step[0]), x)}
                format={grouped}
                label={t(isLog ? { en: "steps (logarithmic)", zh: "步数（对数刻度）" } : { en: "steps", zh: "步数" })}
                from={from}
                to={left + width}
                y={top + height - AXIS_HEIGHT}
            />
            <path class="fill-none stroke-model" stroke-width="2" stroke-dasharray="5 3" d={linePath(points(2))} />
            <path class="fill-none stroke-train" stroke-width="2.5" d={linePath(points(1))} />
            <line class="stroke-ink" stroke-dasharray="2 3" x1={x(n)} x2={x(n)} y1={top + HEAD - 8} y2={top + height - AXIS_HEIGHT} />
            <circle class="fill-paper stroke-model" stroke-width="2" r="4.5" cx={x(n)} cy={y(objective)} />
            <circle class="fill-train stroke-train" stroke-width="2" r="4.5" cx={x(n)} cy={y(loss)} />
        </g>
    );
}

/** The numbers that have room beside each other, with the last one. */
function apart(numbers: number[], x: (n: number) => number): number[] {
    const kept: number[] = [];
    for (const n of numbers.toReversed()) {
        if (kept.length === 0 || x(kept.at(-1)!) - x(n) >= 26) kept.push(n);
    }
    return kept.reverse();
}

function Legend({ x, y, text }: { x: number; y: number; text: string }) {
    return (
        <>
            <line class="stroke-model" stroke-width="2" stroke-dasharray="5 3" x1={x} x2={x + 22} y1={y} y2={y} />
            <text x={x + 28} y={y + 4} font-size="12">
                {text}
            </text>
        </>
    );
}

/** 10^n with its exponent as a superscript, or the number itself. */
function power(value: number): string {
    const exponent = Math.round(Math.log10(value));
    if (exponent >= -3 && exponent <= 3) return `${+value.toPrecision(3)}`;
    return `10${[...`${exponent}`].map((digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(digit)] ?? "⁻").join("")}`;
}

/** The score on held-out folds of the training rows for values of C. */
function Search({ shared, ui, x: left, y: top, width, height }: PanelProps) {
    const t = ui.t;
    const title = t({ en: `Mean ${shared.metric.en} ± std over folds, by C`, zh: `各折${shared.metric.zh}的均值 ± 标准差，随 C 变化` });
    const { search, c } = shared;
    if (!search) {
        const lines = wrap(t({ en: "There are too few training rows for cross-validation.", zh: "训练数据太少，无法做交叉验证。" }), width, 13);
        return (
            <g>
                <text x={left} y={top + 14} class="bold">
                    {t({ en: `C = ${c}`, zh: `C = ${c}` })}
                </text>
                {lines.map((line, i) => (
                    <text x={left} y={top + 36 + i * 18} font-size="13">
                        {line}
                    </text>
                ))}
            </g>
        );
    }
    const { points, best } = search;
    const low = Math.min(...points.map(([, mean, std]) => mean - std));
    const high = Math.max(...points.map(([, mean, std]) => mean + std));
    const domain = nice([Math.max(0, low), Math.min(1, high)], 4);
    const y = linear(domain, [top + height - AXIS_HEIGHT, top + HEAD]);
    const ticks = y.ticks(4);
    const format = (value: number) => percent(value, 0);
    const from = left + leftAxisWidth(ticks, format);
    const x = log([points[0]![0], points.at(-1)![0]], [from + 12, left + width - 12]);
    const used = points.find(([value]) => Math.abs(value / c - 1) < 1e-9);
    const text = used ? t({ en: `C used: ${+c.toPrecision(4)} (${percent(used[1])})`, zh: `使用的 C：${+c.toPrecision(4)}（${percent(used[1])}）` }) : "";
    const bestText = t({ en: `best: ${+best.toPrecision(4)}`, zh: `最佳：${+best.toPrecision(4)}` });
    const isBest = Math.abs(best / c - 1) < 1e-9;
    const at = (value: number): Point => [x(value), y(points.find(([p]) => p === value)![1])];
    return (
        <g>
            <text x={left + 1} y={top + 14} class="bold">
                {title}
            </text>
            <circle class="fill-test stroke-test" stroke-width="2" r="4.5" cx={left + 7} cy={top + 30} />
            <text x={left + 18} y={top + 34} font-size="12">
                {text}
            </text>
            {!isBest && (
                <g>
                    <path class="fill-none stroke-ink" stroke-width="1.8" d={diamond(left + 40 + textWidth(text, 12), top + 30)} />
                    <text x={left + 51 + textWidth(text, 12)} y={top + 34} font-size="12">
                        {bestText}
                    </text>
                </g>
            )}
            <LeftAxis scale={y} ticks={ticks} format={format} label="" from={top + HEAD - 8} to={top + height - AXIS_HEIGHT} x={from} gridTo={left + width} />
            <BottomAxis
                scale={x}
                ticks={points.map(([value]) => value)}
                format={power}
                label={t({ en: "C (logarithmic)", zh: "C（对数刻度）" })}
                from={from}
                to={left + width}
                y={top + height - AXIS_HEIGHT}
            />
            {points.map(([value, mean, std]) => (
                <line class="stroke-muted" stroke-width="2" x1={x(value)} x2={x(value)} y1={y(Math.max(mean - std, domain[0]))} y2={y(Math.min(mean + std, domain[1]))} />
            ))}
            <path class="fill-none stroke-test" stroke-width="2" d={linePath(points.map(([value, mean]) => [x(value), y(mean)]))} />
            {points.map(([value, mean]) => (
                <circle class="fill-paper stroke-test" stroke-width="2" r="3.5" cx={x(value)} cy={y(mean)} />
            ))}
            {used && <circle class="fill-test stroke-test" stroke-width="2" r="5.5" cx={x(used[0])} cy={y(used[1])} />}
            {!isBest && <path class="fill-none stroke-ink" stroke-width="1.8" d={diamond(...at(best))} />}
        </g>
    );
}

const diamond = (x: number, y: number) => `M${x} ${y - 7}l7 7l-7 7l-7 -7z`;

interface WeightsProps {
    shared: Shared;
    ui: Ui;
    y: number;
    width: number;
    now: Float32Array;
    end: Float32Array;
    features: Uint16Array;
    intercept: number;
    label: string;
    rival: string | null;
    nIter: number;
    norm: number;
}

/** The weights after a step, each at its place in the order of the last step. */
function Weights({ shared, ui, y: top, width, now, end, features, intercept, label, rival, nIter, norm }: WeightsProps) {
    const t = ui.t;
    const bottom = top + WEIGHTS - 60;
    const head = 54;
    const most = Math.max(...Array.from(end, Math.abs), ...Array.from(now, Math.abs), 1e-12);
    const digits = most >= 10 ? 0 : most >= 1 ? 1 : most >= 0.1 ? 2 : most >= 0.01 ? 3 : 4;
    const y = linear(nice([-most, most], 4), [bottom, top + head]);
    const ticks = y.ticks(4);
    const format = (value: number) => fixed(value === 0 ? 0 : value, digits);
    const from = leftAxisWidth(ticks, format);
    const x = linear([0, Math.max(now.length - 1, 1)], [from + 2, width - 2]);
    const side = (sign: 1 | -1): Point[] => Array.from(now, (w, i) => [x(i), y(Math.max(sign * w, 0) * sign)]);
    const zero: Point[] = Array.from(now, (_, i) => [x(i), y(0)]);
    const title = rival
        ? t({ en: `The weights after step ${grouped(nIter)}: for ${label}, against ${rival}`, zh: `第 ${grouped(nIter)} 步之后的权重：支持 ${label}，反对 ${rival}` })
        : t({ en: `The weights of ${label} after step ${grouped(nIter)}`, zh: `第 ${grouped(nIter)} 步之后 ${label} 的权重` });
    const numbers = t({
        en: `intercept ${signed(intercept, 4)};  |w| = ${fixed(norm, 4)}${shared.nLabels > 1 ? " (all labels)" : ""}`,
        zh: `截距 ${signed(intercept, 4)}；|w| = ${fixed(norm, 4)}${shared.nLabels > 1 ? "（所有标签）" : ""}`,
    });
    const some = shared.nDrawn < shared.nFeatures;
    const drawn = t({
        en: `${some ? `${grouped(shared.nDrawn)} of ` : "the "}${grouped(shared.nFeatures)} ${shared.scaled ? "standardised " : ""}features, in the order of their last weights`,
        zh: `${grouped(shared.nFeatures)} 个${shared.scaled ? "标准化的" : ""}特征${some ? `中的 ${grouped(shared.nDrawn)} 个` : ""}，按最后一步的权重排列`,
    });
    const edge = (i: number) => `x${features[i]}: ${signed(now[i]!, digits + 2)}`;
    return (
        <g>
            <text x="1" y={top + 14} class="bold">
                {wrap(title, width - 2, 14, 1)[0]}
            </text>
            <text x="1" y={top + 34} font-size="12.5">
                {numbers}
            </text>
            <LeftAxis scale={y} ticks={ticks} format={format} label="" from={top + head - 8} to={bottom} x={from} gridTo={width} />
            <Morphing class="fill-for" d={areaPath(side(1), zero)} />
            <Morphing class="fill-against" d={areaPath(side(-1), zero)} />
            <path class="fill-none stroke-ink" stroke-width="1.2" d={linePath(Array.from(end, (w, i) => [x(i), y(w)]))} stroke-dasharray="1 3" />
            <line class="stroke-ink" x1={from} x2={width} y1={y(0)} y2={y(0)} />
            <text x={width - 4} y={y(0) + 18} font-size="12" text-anchor="end" class="text-for">
                {t({ en: `+ largest at the end, ${edge(now.length - 1)}`, zh: `+ 最后最大，${edge(now.length - 1)}` })}
            </text>
            <text x={from + 6} y={y(0) - 9} font-size="12" class="text-against">
                {t({ en: `− smallest at the end, ${edge(0)}`, zh: `− 最后最小，${edge(0)}` })}
            </text>
            {[...wrap(drawn, width - 4, 12.5, 2), t({ en: "dotted: after the last step", zh: "点线：最后一步之后" })].map((line, i) => (
                <text x={width / 2} y={bottom + 20 + i * 17} font-size="12.5" text-anchor="middle">
                    {line}
                </text>
            ))}
        </g>
    );
}

/** A path that moves to its next shape, which has as many points. */
function Morphing({ class: classes, d }: { class: string; d: string }) {
    // The attribute is for the saved file, and for browsers without the property.
    return <path class={`learning-area ${classes}`} d={d} style={{ d: `path("${d}")` }} />;
}
