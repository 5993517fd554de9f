// Scene 10: the loss step by step, the weights after a step, and the cross-validated score for other values of C.
import { useMemo, useState } from "preact/hooks";
import { ClassSelector } from "../frame/class_selector";
import { Controls, Slider } from "../frame/controls";
import { AXIS_HEIGHT, BottomAxis, LeftAxis, leftAxisWidth } from "../frame/axis";
import { Drawing } from "../frame/drawing";
import { Legend, LEGEND_LEADING, legendLines, type Entry } from "../frame/legend";
import { Lines } from "../frame/lines";
import { fixed, grouped, percent, signed } from "../format";
import type { Words } from "../page";
import { areaPath, linePath, type Point } from "../path";
import { linear, log, nice } from "../scale";
import type { FigureProps, Scene } from "../scene";
import { wrap } from "../text";
import type { Ui } from "../ui";
import { f32, u16 } from "../unpack";
import { labelName } from "../label_name";

interface Shared {
    /** Number of steps, loss, objective, |w|. */
    steps: [number, number, number, number][];
    converged: boolean;
    scaled: boolean;
    /** True if each label has a fit of its own. */
    isMeanOfLabels: boolean;
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
    /** Why there is no search. */
    noSearch: Words;
    search: { best: number; nFolds: number; points: [number, number, number][] } | null;
}

export const scene: Scene<Shared, null> = { id: "learning", Figure };

/** The heights of the charts without what stands above them. */
const PANEL = 162;
const WEIGHTS = 256;

/** What stands above a chart. */
interface Head {
    title: string[];
    notes: string[];
    entries: Entry[];
    height: number;
}

function headOf(title: string, entries: Entry[], width: number, note = ""): Head {
    const titles = wrap(title, width - 2, 14, 3, false, true);
    const notes = note === "" ? [] : wrap(note, width - 2, 12.5, 3);
    return { title: titles, notes, entries, height: 8 + 18 * (titles.length + notes.length) + LEGEND_LEADING * legendLines(entries, width - 2) };
}

function Heading({ head: { title, notes, entries }, x, y, width }: { head: Head; x: number; y: number; width: number }) {
    const below = y + 14 + title.length * 18;
    return (
        <>
            <Lines lines={title} x={x + 1} y={y + 14} fontSize={14} leading={18} class="bold" />
            <Lines lines={notes} x={x + 1} y={below} fontSize={12.5} leading={18} />
            <Legend entries={entries} x={x + 1} y={below + notes.length * 18} width={width - 2} />
        </>
    );
}

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
    const label = labelName(guide.labels[shared.nLabels === 1 ? 1 : row]!, ui);
    const isWide = width >= 640;
    const half = isWide ? (width - 36) / 2 : width;
    const [lossHead, searchHead] = [lossHeadOf(shared, ui, at, half), searchHeadOf(shared, ui, half)];
    // Beside each other, the charts begin at the same height.
    if (isWide) lossHead.height = searchHead.height = Math.max(lossHead.height, searchHead.height);
    const searchTop = isWide ? 0 : lossHead.height + PANEL + 24;
    // Without a search there is only its heading.
    const weightsTop = searchTop + searchHead.height + (isWide || shared.search ? PANEL : 0) + 24;
    const drawn = {
        now: of(place),
        end: of(shared.kept.length - 1),
        features: features.subarray(row * n, (row + 1) * n),
        intercept: intercepts[place * shared.nLabels + row]!,
        label,
        rival: shared.nLabels === 1 ? labelName(guide.labels[0]!, ui) : null,
        nIter,
        norm,
    };
    const weightsHead = weightsHeadOf({ shared, ui, width, ...drawn });
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
                height={weightsTop + weightsHead.height + WEIGHTS}
                title={t({ en: "The fit of the classifier", zh: "分类器的拟合" })}
                desc={t({
                    en: `After ${grouped(nIter)} of ${grouped(last)} steps the log loss is ${fixed(loss, 4)} and the norm of the weights is ${fixed(norm, 4)}.`,
                    zh: `${grouped(last)} 步中的第 ${grouped(nIter)} 步之后，对数损失是 ${fixed(loss, 4)}，权重的范数是 ${fixed(norm, 4)}。`,
                })}
            >
                <Loss {...{ shared, ui, at }} head={lossHead} x={0} y={0} width={half} />
                <Search {...{ shared, ui }} head={searchHead} x={isWide ? half + 36 : 0} y={searchTop} width={half} />
                <Weights {...{ shared, ui, width }} {...drawn} head={weightsHead} y={weightsTop} />
            </Drawing>
        </>
    );
}

interface PanelProps {
    shared: Shared;
    ui: Ui;
    head: Head;
    x: number;
    y: number;
    width: number;
}

function lossHeadOf({ steps, isMeanOfLabels }: Shared, ui: Ui, at: number, width: number): Head {
    const [, loss, objective] = steps[at]!;
    const most = (which: 1 | 2) => Math.max(...steps.map((step) => step[which]));
    const text = (name: Words, value: number) => `${ui.t(name)} ${fixed(value, 4)}`;
    const [first, second] = [{ en: "log loss", zh: "对数损失" }, { en: "objective", zh: "目标函数" }];
    return headOf(
        ui.t({
            en: `Log loss and objective after each step${isMeanOfLabels ? ", mean over the labels" : ""}`,
            zh: `每一步之后的对数损失和目标函数${isMeanOfLabels ? "（各标签的平均）" : ""}`,
        }),
        [
            { text: text(first, loss), widest: text(first, most(1)), mark: <line class="stroke-train" stroke-width="2.5" x2="22" /> },
            { text: text(second, objective), widest: text(second, most(2)), mark: <line class="stroke-model" stroke-width="2" stroke-dasharray="5 3" x2="22" /> },
        ],
        width,
    );
}

/** The loss and the objective after each step. */
function Loss({ shared, ui, at, head, x: left, y: top, width }: PanelProps & { at: number }) {
    const t = ui.t;
    const { steps } = shared;
    const last = steps.at(-1)![0];
    const isLog = last > 30;
    const values = steps.flatMap(([, loss, objective]) => [loss, objective]);
    const domain = nice([Math.min(0, ...values), Math.max(...values)], 4);
    const chart = top + head.height;
    const bottom = chart + PANEL - AXIS_HEIGHT;
    const y = linear(domain, [bottom, chart + 8]);
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
            <Heading head={head} x={left} y={top} width={width} />
            <LeftAxis scale={y} ticks={ticks} format={format} label="" from={chart} to={bottom} x={from} gridTo={left + width} />
            <BottomAxis
                scale={x}
                ticks={apart(steps.map((step) => step[0]), x)}
                format={grouped}
                label={t(isLog ? { en: "steps (logarithmic)", zh: "步数（对数刻度）" } : { en: "steps", zh: "步数" })}
                from={from}
                to={left + width - 6}
                y={bottom}
            />
            <path class="fill-none stroke-model" stroke-width="2" stroke-dasharray="5 3" d={linePath(points(2))} />
            <path class="fill-none stroke-train" stroke-width="2.5" d={linePath(points(1))} />
            <line class="stroke-ink" stroke-dasharray="2 3" x1={x(n)} x2={x(n)} y1={chart} y2={bottom} />
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

/** 10^n with its exponent as a superscript, or the number itself. */
function power(value: number): string {
    const exponent = Math.round(Math.log10(value));
    if (exponent >= -3 && exponent <= 3) return `${+value.toPrecision(3)}`;
    return `10${[...`${exponent}`].map((digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(digit)] ?? "⁻").join("")}`;
}

const isSame = (a: number, b: number) => Math.abs(a / b - 1) < 1e-9;

function searchHeadOf({ search, noSearch, c, metric }: Shared, ui: Ui, width: number): Head {
    const t = ui.t;
    if (!search) return headOf(`C = ${c}`, [], width, t(noSearch));
    const used = search.points.find(([value]) => isSame(value, c));
    const entries: Entry[] = [];
    if (used) {
        const text = t({ en: `C used: ${+c.toPrecision(4)} (${percent(used[1])})`, zh: `使用的 C：${+c.toPrecision(4)}（${percent(used[1])}）` });
        entries.push({ text, mark: <circle class="fill-test stroke-test" stroke-width="2" r="4.5" cx="11" /> });
    }
    if (!isSame(search.best, c)) {
        const text = t({ en: `best: ${+search.best.toPrecision(4)}`, zh: `最佳：${+search.best.toPrecision(4)}` });
        entries.push({ text, mark: <path class="fill-none stroke-ink" stroke-width="1.8" d={diamond(11, 0)} /> });
    }
    return headOf(t({ en: `Mean ${metric.en} ± std over ${search.nFolds} folds of the training rows, by C`, zh: `训练数据 ${search.nFolds} 折${metric.zh}的均值 ± 标准差，随 C 变化` }), entries, width);
}

/** The score on held-out folds of the training rows for values of C. */
function Search({ shared, ui, head, x: left, y: top, width }: PanelProps) {
    const t = ui.t;
    const { search, c } = shared;
    if (!search) return <Heading head={head} x={left} y={top} width={width} />;
    const { points, best } = search;
    const low = Math.min(...points.map(([, mean, std]) => mean - std));
    const high = Math.max(...points.map(([, mean, std]) => mean + std));
    const domain = nice([Math.max(0, low), Math.min(1, high)], 4);
    const chart = top + head.height;
    const bottom = chart + PANEL - AXIS_HEIGHT;
    const y = linear(domain, [bottom, chart + 8]);
    const ticks = y.ticks(4);
    const format = (value: number) => percent(value, 0);
    const from = left + leftAxisWidth(ticks, format);
    const x = log([points[0]![0], points.at(-1)![0]], [from + 12, left + width - 12]);
    const used = points.find(([value]) => isSame(value, c));
    const at = (value: number): Point => [x(value), y(points.find(([p]) => p === value)![1])];
    return (
        <g>
            <Heading head={head} x={left} y={top} width={width} />
            <LeftAxis scale={y} ticks={ticks} format={format} label="" from={chart} to={bottom} x={from} gridTo={left + width} />
            <BottomAxis
                scale={x}
                ticks={points.map(([value]) => value)}
                format={power}
                label={t({ en: "C (logarithmic)", zh: "C（对数刻度）" })}
                from={from}
                to={left + width - 6}
                y={bottom}
            />
            {points.map(([value, mean, std]) => (
                <line class="stroke-muted" stroke-width="2" x1={x(value)} x2={x(value)} y1={y(Math.max(mean - std, domain[0]))} y2={y(Math.min(mean + std, domain[1]))} />
            ))}
            <path class="fill-none stroke-test" stroke-width="2" d={linePath(points.map(([value, mean]) => [x(value), y(mean)]))} />
            {points.map(([value, mean]) => (
                <circle class="fill-paper stroke-test" stroke-width="2" r="3.5" cx={x(value)} cy={y(mean)} />
            ))}
            {used && <circle class="fill-test stroke-test" stroke-width="2" r="5.5" cx={x(used[0])} cy={y(used[1])} />}
            {!isSame(best, c) && <path class="fill-none stroke-ink" stroke-width="1.8" d={diamond(...at(best))} />}
        </g>
    );
}

const diamond = (x: number, y: number) => `M${x} ${y - 7}l7 7l-7 7l-7 -7z`;

interface WeightsProps {
    shared: Shared;
    ui: Ui;
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

/** The largest weight, and the digits that tell weights of this size apart. */
function sizeOf({ now, end }: WeightsProps): { most: number; digits: number } {
    const most = Math.max(...Array.from(end, Math.abs), ...Array.from(now, Math.abs), 1e-12);
    return { most, digits: most >= 10 ? 0 : most >= 1 ? 1 : most >= 0.1 ? 2 : most >= 0.01 ? 3 : 4 };
}

function weightsHeadOf(props: WeightsProps): Head {
    const { shared, ui, width, now, features, intercept, label, rival, nIter, norm } = props;
    const t = ui.t;
    const { most, digits } = sizeOf(props);
    const title = rival
        ? t({ en: `The weights after step ${grouped(nIter)}: for ${label}, against ${rival}`, zh: `第 ${grouped(nIter)} 步之后的权重：支持 ${label}，反对 ${rival}` })
        : t({ en: `The weights of ${label} after step ${grouped(nIter)}`, zh: `第 ${grouped(nIter)} 步之后 ${label} 的权重` });
    const numbers = t({
        en: `intercept ${signed(intercept, 4)};  |w| = ${fixed(norm, 4)}${shared.nLabels > 1 ? " (all labels)" : ""}`,
        zh: `截距 ${signed(intercept, 4)}；|w| = ${fixed(norm, 4)}${shared.nLabels > 1 ? "（所有标签）" : ""}`,
    });
    // As in scene 11, z is a standardised feature.
    const letter = shared.scaled ? "z" : "x";
    const edge = (i: number) => `${letter}${features[i]}: ${signed(now[i]!, digits + 2)}`;
    const widest = (i: number) => `${letter}${features[i]}: ${signed(-most, digits + 2)}`;
    const entries = [
        { text: { en: "− smallest final weight, ", zh: "− 最小的最终权重，" }, kind: "against", at: 0 },
        { text: { en: "+ largest final weight, ", zh: "+ 最大的最终权重，" }, kind: "for", at: now.length - 1 },
    ].map(({ text, kind, at }): Entry => ({
        text: t(text) + edge(at),
        widest: t(text) + widest(at),
        class: `text-${kind}`,
        mark: <rect class={`fill-${kind}`} width="22" height="12" y="-6" />,
    }));
    entries.push({ text: t({ en: "after the last step", zh: "最后一步之后" }), mark: <line class="stroke-ink" stroke-width="1.6" stroke-dasharray="1 3" x2="22" /> });
    return headOf(title, entries, width, numbers);
}

/** The weights after a step, each at its place in the order of the last step. */
function Weights({ head, y: top, ...props }: WeightsProps & { head: Head; y: number }) {
    const { shared, ui, width, now, end } = props;
    const t = ui.t;
    const chart = top + head.height;
    const bottom = chart + WEIGHTS - 46;
    const { most, digits } = sizeOf(props);
    const y = linear(nice([-most, most], 4), [bottom, chart + 8]);
    const ticks = y.ticks(4);
    const format = (value: number) => fixed(value === 0 ? 0 : value, digits);
    const from = leftAxisWidth(ticks, format);
    const x = linear([0, Math.max(now.length - 1, 1)], [from + 2, width - 2]);
    const side = (sign: 1 | -1): Point[] => Array.from(now, (w, i) => [x(i), y(Math.max(sign * w, 0) * sign)]);
    const zero: Point[] = Array.from(now, (_, i) => [x(i), y(0)]);
    const some = shared.nDrawn < shared.nFeatures;
    const drawn = t({
        en: `${some ? `${grouped(shared.nDrawn)} of ` : "the "}${grouped(shared.nFeatures)} ${shared.scaled ? "standardised " : ""}features, in the order of their last weights`,
        zh: `${grouped(shared.nFeatures)} 个${shared.scaled ? "标准化的" : ""}特征${some ? `中的 ${grouped(shared.nDrawn)} 个` : ""}，按最后一步的权重排列`,
    });
    return (
        <g>
            <Heading head={head} x={0} y={top} width={width} />
            <LeftAxis scale={y} ticks={ticks} format={format} label="" from={chart} to={bottom} x={from} gridTo={width} />
            <Morphing class="fill-for" d={areaPath(side(1), zero)} />
            <Morphing class="fill-against" d={areaPath(side(-1), zero)} />
            <path class="fill-none stroke-ink" stroke-width="1.2" d={linePath(Array.from(end, (w, i) => [x(i), y(w)]))} stroke-dasharray="1 3" />
            <line class="stroke-ink" x1={from} x2={width} y1={y(0)} y2={y(0)} />
            <Lines lines={wrap(drawn, width - 4, 12.5, 2)} x={width / 2} y={bottom + 20} fontSize={12.5} leading={17} anchor="middle" />
        </g>
    );
}

/** A path that moves to its next shape, which has as many points. */
function Morphing({ class: classes, d }: { class: string; d: string }) {
    // The attribute is for the saved file, and for browsers without the property.
    return <path class={`learning-area ${classes}`} d={d} style={{ d: `path("${d}")` }} />;
}
