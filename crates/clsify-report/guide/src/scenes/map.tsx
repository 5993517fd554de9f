// Scene 13: all sentences as dots, the mistakes with a ring, and lists of those that are worth reading.
import { useMemo, useState } from "preact/hooks";
import { BottomAxis, LeftAxis, leftAxisWidth } from "../frame/axis";
import { ClassSelector } from "../frame/class_selector";
import { Choice, Controls, Slider, Toggle } from "../frame/controls";
import { Drawing, Hatch } from "../frame/drawing";
import { ClassMark, classPath, N_CLASS_MARKS } from "../frame/marks";
import { fixed, grouped, signed } from "../format";
import type { Guide, Sentence, Words } from "../page";
import { linear, type Scale } from "../scale";
import type { FigureProps, Scene } from "../scene";
import { fit, textWidth, wrap } from "../text";
import type { Ui } from "../ui";
import { f32, u16 } from "../unpack";

/** The lowest and the highest value, and where each row is between them. */
type Packed = [low: number, high: number, steps: string];

interface View {
    id: "logit" | "logits" | "pca";
    /** Without it, x is the logit of the selected label. */
    xName?: Words;
    yName: Words;
    x?: Packed;
    y: Packed;
}

interface Shared {
    /** Rows come in this order: held-out, training, the reader's own. */
    nHeldOut: number;
    nTrain: number;
    nAllHeldOut: number;
    nAllTrain: number;
    texts: string[];
    /** One id per row, packed; for label sets a list per row. */
    given: string | number[][];
    predicted: string | number[][];
    /** The row of each sentence of the page. */
    picks: number[];
    mistakes: number[];
    near: number[];
    /** Of the second class, or of label after label. */
    logits: string | null;
    boundaries: number[] | null;
    /** The logits between which the classifier abstains. */
    abstains: [number, number] | null;
    views: View[];
}

export const scene: Scene<Shared, null> = { id: "map", Figure };

const unpacked = ([low, high, steps]: Packed) => Float64Array.from(u16(steps), (step) => low + (step / 65535) * (high - low));

const ids = (labels: string | number[][]): number[][] =>
    typeof labels === "string" ? Array.from(u16(labels), (id) => (id === 65535 ? [] : [id])) : labels;

interface Rows {
    given: number[][];
    predicted: number[][];
    pickOf: Map<number, number>;
    views: { x: Float64Array | null; y: Float64Array }[];
    logits: Float32Array | null;
}

function Figure({ shared, sentence, guide, ui, width }: FigureProps<Shared, null>) {
    const t = ui.t;
    const rows = useMemo(
        (): Rows => ({
            given: ids(shared.given),
            predicted: ids(shared.predicted),
            pickOf: new Map(shared.picks.map((row, pick) => [row, pick])),
            views: shared.views.map(({ x, y }) => ({ x: x ? unpacked(x) : null, y: unpacked(y) })),
            logits: shared.logits === null ? null : f32(shared.logits),
        }),
        [shared],
    );
    const [viewIndex, setView] = useState(0);
    const [onlyMistakes, setOnlyMistakes] = useState(false);
    // A dot without a walk is looked at until another sentence is picked.
    const [looked, look] = useState<{ row: number; sentence: Sentence } | null>(null);
    const n = shared.texts.length;
    const label = guide.labels.length === 2 && !guide.multiLabel ? 1 : ui.label.value;
    const view = shared.views[viewIndex]!;
    const xs = useMemo(() => rows.views[viewIndex]!.x ?? logitsOf(rows, n, guide.multiLabel ? label : 0), [rows, viewIndex, label]);
    const ys = rows.views[viewIndex]!.y;
    const isHidden = (row: number) => onlyMistakes && !isWrong(row) && row !== pickedRow;
    const pickedRow = shared.picks[ui.sentence.value]!;
    const shown = looked?.sentence === sentence ? looked.row : pickedRow;
    /** The dots as they are told apart: by class, or the selected label against the rest. */
    const isOneClass = guide.multiLabel || guide.labels.length > N_CLASS_MARKS;
    const kindOf = (row: number) => (isOneClass ? (rows.given[row]!.includes(label) ? 0 : 1) : (rows.given[row]![0] ?? N_CLASS_MARKS));
    function isWrong(row: number) {
        if (row >= shared.nHeldOut) return false;
        const [given, predicted] = [rows.given[row]!, rows.predicted[row]!];
        return guide.multiLabel ? given.includes(label) !== predicted.includes(label) : given[0] !== predicted[0];
    }
    const show = (row: number) => {
        const pick = rows.pickOf.get(row);
        look(pick === undefined ? { row, sentence } : null);
        if (pick !== undefined) ui.pick(pick);
    };

    const isWide = width >= 720;
    const xEnds = extent(xs, view.x === undefined ? (shared.boundaries ?? []) : []);
    const yEnds = extent(ys, []);
    const yTicks = linear(yEnds, [0, 1]).ticks(5);
    const left = leftAxisWidth(yTicks, short);
    const right = width - 12;
    const yName = wrap(t(view.yName), width - 4, 12.5, 2);
    const top = (view.x === undefined ? 30 : 14) + yName.length * 17;
    const height = Math.min(isWide ? 470 : 380, width * 0.95);
    const x = linear(xEnds, [left, right]);
    const y = linear(yEnds, [top + height, top]);
    const legend = legendOf({ shared, guide, ui, label, isOneClass, hasOwn: shared.nHeldOut + shared.nTrain < n, width });
    const xName = view.xName ? t(view.xName) : t({ en: `logit of ${guide.labels[label]}`, zh: `${guide.labels[label]} 的 logit` });
    const xNames = wrap(xName, right - left, 12.5, 2);
    const legendTop = top + height + 44 + xNames.length * 17;
    // The order from left to right, in which the slider goes through the dots.
    const order = useMemo(() => Array.from(xs, (_, i) => i).filter((row) => !isHidden(row)).sort((a, b) => xs[a]! - xs[b]!), [xs, onlyMistakes, label, pickedRow]);
    const click = (event: MouseEvent) => {
        const box = (event.currentTarget as SVGElement).getBoundingClientRect();
        const [px, py] = [x(xEnds[0]) + event.clientX - box.left, top + event.clientY - box.top];
        let [best, distance] = [-1, 18];
        for (const row of order) {
            const to = Math.hypot(x(xs[row]!) - px, y(ys[row]!) - py);
            if (to < distance) [best, distance] = [row, to];
        }
        if (best >= 0) show(best);
    };
    // Thousands of outlines, which a step of the slider leaves as they are.
    const dots = useMemo(() => <Dots {...{ shared, x, y, xs, ys, kindOf, isWrong, isHidden, n }} />, [shared, xs, ys, width, label, onlyMistakes, onlyMistakes && pickedRow]);
    const position = Math.max(order.indexOf(shown), 0);
    const nWrong = Array.from({ length: shared.nHeldOut }, (_, row) => row).filter(isWrong).length;
    return (
        <>
            <Controls>
                {(guide.multiLabel || isOneClass) && <ClassSelector ui={ui} guide={guide} sentence={sentence} />}
                <Choice
                    label={t({ en: "Axes", zh: "坐标轴" })}
                    options={shared.views.map(({ id }, value) => ({ value, text: t(VIEWS[id]) }))}
                    value={viewIndex}
                    onChange={setView}
                />
                <Toggle label={t({ en: "Mistakes only", zh: "只看错误" })} value={onlyMistakes} onChange={setOnlyMistakes} />
            </Controls>
            <Drawing
                ui={ui}
                width={width}
                height={legendTop + legend.height}
                title={t({ en: "A map of the sentences", zh: "句子地图" })}
                desc={t({
                    en: `${shared.nHeldOut} held-out and ${shared.nTrain} training sentences; ${nWrong} held-out ones are wrong. Horizontal axis: ${xName}. The lists below the map have the mistakes.`,
                    zh: `${shared.nHeldOut} 句留出数据和 ${shared.nTrain} 句训练数据；其中 ${nWrong} 句留出数据判错。横轴：${xName}。错误见图下方的列表。`,
                })}
            >
                <defs>
                    <Hatch id="map-abstain" class="stroke-grid" />
                </defs>
                {view.x === undefined && shared.abstains && (
                    <rect fill="url(#map-abstain)" x={x(shared.abstains[0])} y={top} width={x(shared.abstains[1]) - x(shared.abstains[0])} height={height} />
                )}
                <LeftAxis scale={y} ticks={yTicks} format={short} label="" from={top} to={top + height} x={left} gridTo={right} />
                {yName.map((line, i) => (
                    <text x="0" y={14 + i * 17} font-size="12.5">
                        {line}
                    </text>
                ))}
                {xNames.map((line, i) => (
                    <text x={(left + right) / 2} y={top + height + 36 + i * 17} font-size="12.5" text-anchor="middle">
                        {line}
                    </text>
                ))}
                <BottomAxis scale={x} ticks={x.ticks(7)} format={short} label="" from={left} to={right} y={top + height} />
                {view.x === undefined && <Boundary {...{ shared, guide, ui, label, x, top, height, left, right }} />}
                {dots}
                <Target x={x(xs[pickedRow]!)} y={y(ys[pickedRow]!)} />
                {shown !== pickedRow && <circle class="fill-none stroke-cls" stroke-width="3" r="10" cx={x(xs[shown]!)} cy={y(ys[shown]!)} />}
                <rect class="hit" x={x(xEnds[0])} y={top} width={right - left} height={height} onClick={click} />
                <g transform={`translate(0 ${legendTop})`}>{legend.drawn}</g>
            </Drawing>
            <Controls>
                <Slider
                    label={t({ en: "Go through the dots from left to right", zh: "从左到右浏览各点" })}
                    min={0}
                    max={order.length - 1}
                    value={position}
                    text={t({ en: `${position + 1} of ${grouped(order.length)}`, zh: `第 ${position + 1} / ${grouped(order.length)} 个` })}
                    onChange={(i) => look({ row: order[i]!, sentence })}
                />
            </Controls>
            <Shown {...{ shared, guide, ui, rows, row: shown, pickedRow, show, label }} logit={view.x === undefined && !guide.multiLabel ? xs[shown]! : null} />
            <div class="lists">
                <List {...{ shared, guide, ui, rows, show, shown, label }} of={shared.mistakes} title={t({ en: "Confident mistakes", zh: "有把握却判错" })} />
                <List {...{ shared, guide, ui, rows, show, shown, label }} of={shared.near} title={t({ en: "Nearest to the boundary", zh: "最接近边界" })} />
            </div>
        </>
    );
}

const VIEWS: Record<View["id"], Words> = {
    logit: { en: "Along the decision", zh: "沿决策方向" },
    logits: { en: "Logits of the classes", zh: "各类 logit" },
    pca: { en: "Features alone (PCA)", zh: "只看特征（PCA）" },
};

/** At most two decimals, none where they are zero. */
const short = (value: number) => fixed(value, Math.abs(value) < 1e-9 || Number.isInteger(value) ? 0 : Math.abs(value * 10 - Math.round(value * 10)) < 1e-6 ? 1 : 2);

function logitsOf(rows: Rows, n: number, label: number): Float64Array {
    return Float64Array.from(rows.logits!.subarray(label * n, (label + 1) * n));
}

function extent(values: Float64Array, also: number[]): [number, number] {
    let [low, high] = [Infinity, -Infinity];
    for (const value of [...values, ...also.filter((value) => Math.abs(value) < 50)]) {
        low = Math.min(low, value);
        high = Math.max(high, value);
    }
    const margin = 0.03 * (high - low || 1);
    return [low - margin, high + margin];
}

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

/** The line on whose right side the label is assigned, with what each side means. */
function Boundary({ shared, guide, ui, label, x, top, height, left, right }: BoundaryProps) {
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

interface DotsProps {
    shared: Shared;
    x: Scale;
    y: Scale;
    xs: Float64Array;
    ys: Float64Array;
    kindOf: (row: number) => number;
    isWrong: (row: number) => boolean;
    isHidden: (row: number) => boolean;
    n: number;
}

/** Thousands of dots as a few paths: one per class for training rows, and one for the others. */
function Dots({ shared, x, y, xs, ys, kindOf, isWrong, isHidden, n }: DotsProps) {
    const train = new Map<number, string[]>();
    const others = new Map<number, string[]>();
    const rings: string[] = [];
    for (let row = 0; row < n; row++) {
        if (isHidden(row)) continue;
        const isTrain = row >= shared.nHeldOut && row < shared.nHeldOut + shared.nTrain;
        const kind = kindOf(row);
        const [px, py] = [x(xs[row]!), y(ys[row]!)];
        const paths = isTrain ? train : others;
        const path = classPath(kind, px, py, isTrain ? 3 : 4.2);
        if (paths.has(kind)) paths.get(kind)!.push(path);
        else paths.set(kind, [path]);
        if (isWrong(row)) rings.push(classPath(0, px, py, 8.2));
    }
    const drawn = (paths: Map<number, string[]>, opacity: number) =>
        [...paths].sort(([a], [b]) => a - b).map(([kind, of]) => <path class={kind < N_CLASS_MARKS ? `fill-class-${kind}` : "fill-muted"} fill-opacity={opacity} d={of.join("")} />);
    return (
        <g>
            {drawn(train, 0.28)}
            {drawn(others, 0.9)}
            <path class="fill-none stroke-ink" stroke-width="1.4" d={rings.join("")} />
        </g>
    );
}

/** The mark of the picked sentence: a cross-hair, which nothing else has. */
function Target({ x, y }: { x: number; y: number }) {
    return (
        <g>
            <circle class="fill-none backing" r="12" cx={x} cy={y} />
            <circle class="fill-none stroke-ink" stroke-width="3" r="12" cx={x} cy={y} />
            <path class="fill-none stroke-ink" stroke-width="3" d={`M${x - 21} ${y}h9M${x + 12} ${y}h9M${x} ${y - 21}v9M${x} ${y + 12}v9`} />
        </g>
    );
}

interface LegendProps {
    shared: Shared;
    guide: Guide;
    ui: Ui;
    label: number;
    isOneClass: boolean;
    hasOwn: boolean;
    width: number;
}

/** What the marks mean, in lines that wrap. */
function legendOf({ shared, guide, ui, label, isOneClass, hasOwn, width }: LegendProps) {
    const t = ui.t;
    const name = guide.labels[label]!;
    const given = isOneClass
        ? [t({ en: `given ${name}`, zh: `人工标签含 ${name}` }), t({ en: "another given label or none", zh: "人工标签不含" })]
        : guide.labels.map((each) => t({ en: `given ${each}`, zh: `人工标签 ${each}` }));
    const marks = given.map((text, i) => ({ text: fit(text, width - 30, 12), mark: <ClassMark index={i} x={8} y={-4} /> }));
    if (hasOwn && !isOneClass) marks.push({ text: t({ en: "your own sentence", zh: "你自己的句子" }), mark: <ClassMark index={N_CLASS_MARKS} x={8} y={-4} /> });
    const of = (shown: number, all: number) => (shown === all ? grouped(all) : t({ en: `${grouped(shown)} of ${grouped(all)}`, zh: `${grouped(all)} 行中的 ${grouped(shown)} 行` }));
    const kinds = [
        { text: t({ en: `held-out rows (${of(shared.nHeldOut, shared.nAllHeldOut)})`, zh: `留出数据（${of(shared.nHeldOut, shared.nAllHeldOut)}）` }), mark: <circle class="fill-ink" fill-opacity="0.9" r="4.2" cx="8" cy="-4" /> },
        { text: t({ en: `lighter: training rows (${of(shared.nTrain, shared.nAllTrain)})`, zh: `浅色：训练数据（${of(shared.nTrain, shared.nAllTrain)}）` }), mark: <circle class="fill-ink" fill-opacity="0.28" r="3.4" cx="8" cy="-4" /> },
        { text: t({ en: "ring: a mistake on a held-out row", zh: "圆圈：留出数据上的错误" }), mark: <circle class="fill-none stroke-ink" stroke-width="1.4" r="6.5" cx="8" cy="-4" /> },
        { text: t({ en: "the picked sentence", zh: "所选句子" }), mark: <path class="fill-none stroke-ink" stroke-width="2.5" d="M4 -4a4 4 0 1 1 8 0a4 4 0 1 1 -8 0M0 -4h4M12 -4h4M8 -12v4M8 0v4" /> },
    ];
    let [at, line] = [0, 0];
    const drawn = [...marks, null, ...kinds].map((entry) => {
        if (entry === null) {
            [at, line] = [0, line + 1];
            return null;
        }
        const room = textWidth(entry.text, 12) + 38;
        if (at > 0 && at + room > width + 14) [at, line] = [0, line + 1];
        const from = at;
        at += room;
        return (
            <g transform={`translate(${from} ${line * 22})`}>
                {entry.mark}
                <text x="22" font-size="12">
                    {entry.text}
                </text>
            </g>
        );
    });
    return { drawn, height: line * 22 + 12 };
}

interface RowProps {
    shared: Shared;
    guide: Guide;
    ui: Ui;
    rows: Rows;
    show: (row: number) => void;
    label: number;
}

function namesOf(labels: number[], guide: Guide, ui: Ui): string {
    return labels.map((id) => guide.labels[id]).join(", ") || ui.t({ en: "no label", zh: "无标签" });
}

/** What is known of the dot that is looked at. */
function Shown({ shared, guide, ui, rows, row, pickedRow, show, logit }: RowProps & { row: number; pickedRow: number; logit: number | null }) {
    const t = ui.t;
    const isHeldOut = row < shared.nHeldOut;
    const isTrain = !isHeldOut && row < shared.nHeldOut + shared.nTrain;
    const kind = isHeldOut ? t({ en: "held-out row", zh: "留出数据" }) : isTrain ? t({ en: "training row", zh: "训练数据" }) : t({ en: "your own sentence", zh: "你自己的句子" });
    const given = isHeldOut || isTrain ? t({ en: `given ${namesOf(rows.given[row]!, guide, ui)}; `, zh: `人工标签 ${namesOf(rows.given[row]!, guide, ui)}；` }) : "";
    const predicted = t({ en: `predicted ${namesOf(rows.predicted[row]!, guide, ui)}`, zh: `预测 ${namesOf(rows.predicted[row]!, guide, ui)}` });
    const canPick = row !== pickedRow && rows.pickOf.has(row);
    return (
        <p class="shown" aria-live="polite">
            <bdi>{shared.texts[row]}</bdi>
            <small>
                {row === pickedRow ? t({ en: "picked, ", zh: "所选，" }) : ""}
                {kind}{t({ en: ": ", zh: "：" })}{given}
                {predicted}
                {logit === null ? "" : t({ en: `; logit ${signed(logit, 2)}`, zh: `；logit ${signed(logit, 2)}` })}
            </small>
            {canPick && (
                <button type="button" onClick={() => show(row)}>
                    {t({ en: "Pick this sentence for the whole page", zh: "整页改看这一句" })}
                </button>
            )}
        </p>
    );
}

function List({ shared, guide, ui, rows, show, shown, of, title }: RowProps & { shown: number; of: number[]; title: string }) {
    return (
        <section>
            <h3>{title}</h3>
            {of.length === 0 && <p class="hint">{ui.t({ en: "none", zh: "无" })}</p>}
            <ol>
                {of.map((row) => (
                    <li>
                        <button type="button" class="sentence" aria-pressed={row === shown} onClick={() => show(row)}>
                            <bdi>{shared.texts[row]}</bdi>
                            <small>
                                {ui.t({
                                    en: `given ${namesOf(rows.given[row]!, guide, ui)}; predicted ${namesOf(rows.predicted[row]!, guide, ui)}`,
                                    zh: `人工标签 ${namesOf(rows.given[row]!, guide, ui)}；预测 ${namesOf(rows.predicted[row]!, guide, ui)}`,
                                })}
                                {rows.pickOf.has(row) ? "" : ui.t({ en: " (on this map only)", zh: "（仅在图上标出）" })}
                            </small>
                        </button>
                    </li>
                ))}
            </ol>
        </section>
    );
}
