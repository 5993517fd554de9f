// Scene 12: the score with its interval, what a threshold trades, whether probabilities can be believed, and which mistakes there are.
import { useMemo, useState } from "preact/hooks";
import { BottomAxis, LeftAxis, leftAxisWidth } from "../frame/axis";
import { ClassSelector } from "../frame/class_selector";
import { Controls, Slider } from "../frame/controls";
import { Drawing } from "../frame/drawing";
import { Legend, LEGEND_LEADING, legendLines, type Entry } from "../frame/legend";
import { fixed, grouped, percent, signed } from "../format";
import type { Guide, Sentence, Words } from "../page";
import { linePath, type Point } from "../path";
import { linear, type Scale } from "../scale";
import type { FigureProps, Scene } from "../scene";
import { fit, textWidth, wrap } from "../text";
import type { Ui } from "../ui";
import { f32 } from "../unpack";

type Scores = [precision: number, recall: number, f1: number, support: number];

interface Curve {
    label: number;
    /** The number of held-out rows that have the label. */
    support: number;
    /** The rows above each threshold that have the label, and those that do not. */
    right: string;
    wrong: string;
    own: { threshold: number; right: number; wrong: number } | null;
}

interface Bin {
    range: [number, number];
    n: number;
    mean: number;
    accuracy: number;
    interval: [number, number];
}

interface Shared {
    score: number;
    interval: [number, number];
    baseline: number;
    baselineName: Words;
    metric: Words;
    nTest: number;
    /** How many of them are training rows too; null if that is unknown. */
    nSeen: number | null;
    paired: { onlyModel: number; onlyBaseline: number; difference: number; interval: [number, number]; p: number } | null;
    calibration: { ece: number; brier: number; logLoss: number };
    bins: Bin[];
    /** The labels of the classifier and those that only held-out rows have. */
    names: string[];
    scores: Scores[];
    confusion: number[][] | null;
    /** Given, predicted, number of rows. */
    worst: Pair[] | null;
    /** Given and predicted, or label and kind; then sentences: their number on this page, or their text. */
    cells: [number, number, (number | string)[]][];
    curves: Curve[];
    hasThresholds: boolean;
}

interface Data {
    /** Given and predicted; for label sets the kind of each label. */
    cell: number[] | null;
    bin: number | null;
}

export const scene: Scene<Shared, Data> = { id: "score", Figure };

/** What the parts of the figure share. */
interface Part {
    shared: Shared;
    data: Data;
    guide: Guide;
    sentence: Sentence;
    ui: Ui;
    x: number;
    y: number;
    width: number;
}

type Cell = [number, number];
const same = (a: Cell | null, b: Cell | null) => a !== null && b !== null && a[0] === b[0] && a[1] === b[1];

function Figure({ shared, data, sentence, guide, ui, width }: FigureProps<Shared, Data>) {
    const t = ui.t;
    // A choice lasts as long as its sentence and label.
    const [chosen, choose] = useState<{ sentence: Sentence; label: number; cell: Cell } | null>(null);
    const [moved, move] = useState<{ label: number; index: number } | null>(null);
    const label = ui.label.value;
    const curve = shared.curves.find((each) => each.label === label) ?? shared.curves[0]!;
    const [right, wrong] = useMemo(() => [f32(curve.right), f32(curve.wrong)], [curve]);
    const last = right.length - 1;
    const start = Math.round((curve.own?.threshold ?? 0.5) * last);
    const index = moved?.label === curve.label ? moved.index : start;
    const at = pointOf(right[index]!, wrong[index]!, curve.support, shared.nTest);
    const all = cellsOf(shared, label, guide);
    const isChosen = chosen !== null && chosen.sentence === sentence && (!guide.multiLabel || chosen.label === label);
    const cell = isChosen ? chosen.cell : defaultCell(shared, data, label, all, guide);
    const pick = (next: Cell) => choose({ sentence, label, cell: next });
    const part = { shared, data, guide, sentence, ui };

    const isWide = width >= 720;
    const gap = 34;
    const third = isWide ? (width - 2 * gap) / 3 : width;
    const chart = isWide ? 0.85 * third : Math.min(0.7 * width, 300);
    const scoreLines = textsOfScore(shared, ui).flatMap((text, i) => wrap(text, width - 2, i === 0 ? 14 : 12.5, Infinity, false, i === 0).map((line) => ({ line, isFirst: i === 0 })));
    const top = scoreLines.length * 18 + 92;
    const under = chart + 162;
    const p = sentence.probability[curve.label]!;
    const first = chart + 114 + LEGEND_LEADING * legendLines(sharesOf(at, ui), third) + 16 * noteLines(thresholdNotes(curve, p, ui), third).length;
    const bottom = top + (isWide ? Math.max(first, under) : first + 2 * under);
    const matrix = matrixLayout(shared, width, guide);
    const dotsBeside = isWide && matrix.width < 0.62 * width;
    const showDots = dotsBeside || guide.multiLabel || shared.confusion === null || shared.names.length <= 12;
    const rows = shownLabels(shared);
    const step = dotsBeside ? Math.min(Math.max(24, (matrix.height - 130) / rows.length), 56) : 24;
    const dotsHeight = showDots ? rows.length * step + 84 : 0;
    const height = bottom + (dotsBeside ? Math.max(matrix.height, dotsHeight) : matrix.height + dotsHeight);
    const numbers = t({
        en: `${fixed(index / last, 2)}: precision ${share(at.precision)}, recall ${share(at.recall)}, accuracy ${percent(at.accuracy)}`,
        zh: `${fixed(index / last, 2)}：精确率 ${share(at.precision)}，召回率 ${share(at.recall)}，准确率 ${percent(at.accuracy)}`,
    });
    const name = guide.labels[curve.label]!;
    return (
        <>
            <Controls>
                <ClassSelector ui={ui} guide={guide} sentence={sentence} />
                <Slider
                    label={t({ en: `Threshold of ${name}`, zh: `${name} 的阈值` })}
                    min={0}
                    max={last}
                    value={index}
                    text={numbers}
                    onChange={(next) => move({ label: curve.label, index: next })}
                />
            </Controls>
            <Drawing
                ui={ui}
                width={width}
                height={height}
                title={t({ en: "The score, the threshold, the probabilities and the mistakes", zh: "得分、阈值、概率与错误" })}
                desc={`${textsOfScore(shared, ui).join(" ")} ${name}: ${numbers}`}
            >
                <ScoreLine {...part} lines={scoreLines} x={0} y={0} width={width} />
                <ThresholdChart {...part} {...{ curve, right, wrong, index }} x={0} y={top} width={third} height={chart} onMove={(next) => move({ label: curve.label, index: next })} />
                <TradeChart {...part} {...{ curve, right, wrong, index }} x={isWide ? third + gap : 0} y={top + (isWide ? 0 : first)} width={third} height={chart} />
                <Reliability {...part} x={isWide ? 2 * (third + gap) : 0} y={top + (isWide ? 0 : first + under)} width={third} height={chart} />
                {matrix.pairs ? (
                    <WorstPairs {...part} pairs={matrix.pairs} x={0} y={bottom} width={dotsBeside ? width / 2 - gap : width} cell={cell} onPick={pick} />
                ) : (
                    <Matrix {...part} layout={matrix} x={0} y={bottom} width={width} cell={cell} onPick={pick} label={label} />
                )}
                {showDots && (
                    <LabelDots
                        {...part}
                        rows={rows}
                        step={step}
                        x={dotsBeside ? matrix.width + gap : 0}
                        y={bottom + (dotsBeside ? 0 : matrix.height)}
                        width={dotsBeside ? width - matrix.width - gap : width}
                    />
                )}
            </Drawing>
            <CellSentences {...part} cells={all} cell={cell} onPick={pick} />
        </>
    );
}

/** A share that is undefined if nothing is predicted. */
const share = (x: number | null) => (x === null ? "–" : percent(x));

/** The scores of one label if `right` rows with the label and `wrong` others are above the threshold. */
function pointOf(right: number, wrong: number, support: number, n: number) {
    const precision = right + wrong === 0 ? null : right / (right + wrong);
    const recall = support === 0 ? null : right / support;
    return { precision, recall, accuracy: (right + n - support - wrong) / n };
}

function textsOfScore({ score, interval, metric, nTest, paired, nSeen, baselineName, baseline }: Shared, ui: Ui): string[] {
    const [low, high] = interval.map((limit) => percent(limit));
    const n = grouped(nTest);
    const name = metric.en.charAt(0).toUpperCase() + metric.en.slice(1);
    const texts = [ui.t({
        en: `${name} on ${n} held-out rows: ${percent(score)}, 95% interval from ${low} to ${high}`,
        zh: `${n} 行留出数据上的${metric.zh}：${percent(score)}，95% 置信区间 ${low} 到 ${high}`,
    })];
    if (paired) {
        const p = paired.p < 0.0001 ? "p < 0.0001" : `p = ${fixed(paired.p, 4)}`;
        const [from, to] = paired.interval.map((limit) => signed(100 * limit, 1));
        texts.push(ui.t({
            en: `Against ${baselineName.en} (${percent(baseline)}): ${paired.onlyModel} rows that only the classifier gets right, ${paired.onlyBaseline} that only the baseline gets right; difference ${signed(100 * paired.difference, 1)} points (${from} to ${to}), McNemar's exact test ${p}.`,
            zh: `与${baselineName.zh}（${percent(baseline)}）相比：只有分类器判对的有 ${paired.onlyModel} 行，只有基线判对的有 ${paired.onlyBaseline} 行；差 ${signed(100 * paired.difference, 1)} 个百分点（${from} 到 ${to}），McNemar 精确检验 ${p}。`,
        }));
    }
    if (nSeen) {
        texts.push(ui.t({
            en: `${grouped(nSeen)} of these rows are training sentences too, so the score is too good.`,
            zh: `其中 ${grouped(nSeen)} 行也是训练句子，因此得分偏高。`,
        }));
    }
    return texts;
}

function ScoreLine({ shared: { score, interval, baseline, baselineName }, lines, ui, width }: Part & { lines: { line: string; isFirst: boolean }[] }) {
    const x = linear([0, 1], [8, width - 8]);
    const y = lines.length * 18 + 42;
    const text = ui.t({ en: `baseline, ${baselineName.en}: ${percent(baseline)}`, zh: `基线（${baselineName.zh}）：${percent(baseline)}` });
    const shown = fit(text, width - 4, 12);
    const half = textWidth(shown, 12) / 2 + 1;
    return (
        <g>
            {lines.map(({ line, isFirst }, i) => (
                <text x="1" y={14 + i * 18} font-size={isFirst ? 14 : 12.5} class={isFirst ? "bold" : ""}>
                    {line}
                </text>
            ))}
            <line class="stroke-muted" x1={x(0)} x2={x(1)} y1={y} y2={y} />
            {TICKS.map((tick) => (
                <g>
                    <line class="stroke-muted" x1={x(tick)} x2={x(tick)} y1={y - 4} y2={y + 4} />
                    <text x={x(tick)} y={y + 21} font-size="12" class="text-muted" text-anchor={tick === 0 ? "start" : tick === 1 ? "end" : "middle"}>
                        {percent(tick, 0)}
                    </text>
                </g>
            ))}
            <path class="fill-muted" d={`M${x(baseline)} ${y - 5}l-5 -9h10z`} />
            <text x={Math.min(Math.max(x(baseline), half), width - half)} y={y - 19} font-size="12" class="text-muted" text-anchor="middle">
                {shown}
            </text>
            <line class="stroke-test" stroke-width="7" x1={x(interval[0])} x2={x(interval[1])} y1={y} y2={y} />
            <circle class="fill-paper stroke-test" stroke-width="2.5" r="6" cx={x(score)} cy={y} />
        </g>
    );
}

/** The frame of a chart of shares: both axes from 0 to 100 %. */
function Frame(props: { x: number; y: number; width: number; height: number; title: string; xName: string; yName: string; scales: { x: Scale; y: Scale; inset: number }; isThreshold?: boolean }) {
    const { x, y, scales, title } = props;
    const top = y + 44;
    const from = scales.x(0) - scales.inset;
    return (
        <>
            <text x={x} y={y + 13} font-size="14" class="bold">
                {fit(title, props.width, 14, false, true)}
            </text>
            <LeftAxis scale={scales.y} ticks={TICKS} format={whole} label={props.yName} from={top} to={top + props.height} x={from} gridTo={scales.x(1)} />
            <BottomAxis scale={scales.x} ticks={TICKS} format={props.isThreshold ? (v) => fixed(v, 2) : whole} label={props.xName} from={from} to={scales.x(1)} y={top + props.height} />
        </>
    );
}

/** Those of all axes of shares. */
const TICKS = [0, 0.25, 0.5, 0.75, 1];
const whole = (share: number) => percent(share, 0);

/** `inset` is the room between the axes and their zero, for marks that are larger than a point. */
function scalesOf({ x, y, width }: { x: number; y: number; width: number }, height: number, inset = 0) {
    return { x: linear([0, 1], [x + leftAxisWidth(TICKS, whole) + inset, x + width - 10]), y: linear([0, 1], [y + 44 + height - inset, y + 44]), inset };
}

interface CurveProps extends Part {
    curve: Curve;
    right: Float32Array;
    wrong: Float32Array;
    index: number;
    height: number;
}

const KINDS = [
    { key: "precision", name: { en: "precision", zh: "精确率" }, colour: "for", dash: "none" },
    { key: "recall", name: { en: "recall", zh: "召回率" }, colour: "label", dash: "7 3" },
    { key: "accuracy", name: { en: "accuracy", zh: "准确率" }, colour: "test", dash: "2 3" },
] as const;

/** The shares at the threshold, which have a place below the chart: beside their lines they would lie on other lines. */
function sharesOf(at: ReturnType<typeof pointOf>, ui: Ui): Entry[] {
    return KINDS.map(({ key, name, colour, dash }) => ({
        text: `${ui.t(name)} ${share(at[key])}`,
        widest: `${ui.t(name)} ${percent(1)}`,
        class: `text-${colour}`,
        mark: <line class={`stroke-${colour}`} stroke-width="2.5" stroke-dasharray={dash} x2="22" />,
    }));
}

function thresholdNotes({ own }: Curve, p: number, ui: Ui): string[] {
    return [
        own ? ui.t({ en: `▼ the classifier's threshold, ${fixed(own.threshold, 2)}`, zh: `▼ 分类器的阈值 ${fixed(own.threshold, 2)}` }) : ui.t({ en: "The classifier itself takes the most probable class.", zh: "分类器本身取最可能的类别。" }),
        ui.t({ en: `△ the picked sentence, ${fixed(p, 2)}`, zh: `△ 所选句子，${fixed(p, 2)}` }),
    ];
}

function ThresholdChart(props: CurveProps & { onMove: (index: number) => void }) {
    const { shared, guide, sentence, ui, curve, right, wrong, index, x, y, width, height, onMove } = props;
    const scales = scalesOf(props, height);
    const last = right.length - 1;
    const points = Array.from(right, (r, i) => pointOf(r, wrong[i]!, curve.support, shared.nTest));
    const at = points[index]!;
    const threshold = index / last;
    const p = sentence.probability[curve.label]!;
    const base = scales.y(0);
    const shares = sharesOf(at, ui);
    const move = (event: PointerEvent) => {
        if (event.type === "pointermove" && event.buttons === 0) return;
        const box = (event.currentTarget as SVGElement).getBoundingClientRect();
        const value = (event.clientX - box.left) / box.width;
        onMove(Math.round(Math.min(Math.max(value, 0), 1) * last));
    };
    const name = guide.labels[curve.label]!;
    const title = shared.hasThresholds
        ? ui.t({ en: `Threshold of ${name}`, zh: `${name} 的阈值` })
        : ui.t({ en: `${name} against the rest`, zh: `${name} 对其余各类` });
    return (
        <g>
            <Frame {...{ x, y, width, height, scales, title }} isThreshold xName={ui.t({ en: "threshold (drag it)", zh: "阈值（可拖动）" })} yName={ui.t({ en: "share of rows", zh: "行的比例" })} />
            {KINDS.map(({ key, colour, dash }) => (
                <path
                    class={`fill-none stroke-${colour}`}
                    stroke-width="2"
                    stroke-dasharray={dash}
                    d={linePath(points.flatMap((point, i): Point[] => (point[key] === null ? [] : [[scales.x(i / last), scales.y(point[key])]])))}
                />
            ))}
            {curve.own && (
                <path class="fill-ink" d={`M${scales.x(curve.own.threshold)} ${scales.y(1)}l-5 -8h10z`} />
            )}
            <path class="fill-none stroke-ink" stroke-width="1.5" d={`M${scales.x(p)} ${base - 9}l5 9h-10z`} />
            <line class="stroke-ink" stroke-width="1.5" x1={scales.x(threshold)} x2={scales.x(threshold)} y1={scales.y(1)} y2={base} />
            {KINDS.map(({ key, colour }) => at[key] !== null && <circle class={`fill-paper stroke-${colour}`} stroke-width="2" r="3.5" cx={scales.x(threshold)} cy={scales.y(at[key])} />)}
            <Legend entries={shares} x={x} y={base + 56} width={width} />
            <Notes x={x} y={base + 56 + LEGEND_LEADING * legendLines(shares, width)} width={width} lines={thresholdNotes(curve, p, ui)} />
            <rect class="grab" x={scales.x(0)} y={scales.y(1)} width={scales.x(1) - scales.x(0)} height={height} onPointerDown={move} onPointerMove={move} />
        </g>
    );
}

const noteLines = (lines: string[], width: number) => lines.flatMap((line) => wrap(line, width, 12, 2));

function Notes({ x, y, width, lines }: { x: number; y: number; width: number; lines: string[] }) {
    return (
        <>
            {noteLines(lines, width).map((line, i) => (
                <text x={x} y={y + i * 16} font-size="12" class="text-muted">
                    {line}
                </text>
            ))}
        </>
    );
}

function TradeChart(props: CurveProps) {
    const { shared, ui, curve, right, wrong, index, x, y, width, height } = props;
    const scales = scalesOf(props, height);
    const points = Array.from(right, (r, i) => pointOf(r, wrong[i]!, curve.support, shared.nTest));
    const placed = (point: { precision: number | null; recall: number | null }): Point[] =>
        point.precision === null || point.recall === null ? [] : [[scales.x(point.recall), scales.y(point.precision)]];
    const own = curve.own ? placed(pointOf(curve.own.right, curve.own.wrong, curve.support, shared.nTest)) : [];
    const base = curve.support / shared.nTest;
    return (
        <g>
            <Frame {...{ x, y, width, height, scales }} title={ui.t({ en: "Precision against recall", zh: "精确率与召回率" })} xName={ui.t({ en: "recall", zh: "召回率" })} yName={ui.t({ en: "precision", zh: "精确率" })} />
            <line class="stroke-muted" stroke-dasharray="4 4" x1={scales.x(0)} x2={scales.x(1)} y1={scales.y(base)} y2={scales.y(base)} />
            <path class="fill-none stroke-ink" stroke-width="2" d={linePath(points.flatMap(placed))} />
            {own.map(([cx, cy]) => (
                <path class="fill-ink" d={`M${cx} ${cy - 4}l-5 -8h10z`} />
            ))}
            {placed(points[index]!).map(([cx, cy]) => (
                <circle class="fill-paper stroke-ink" stroke-width="2.5" r="5" {...{ cx, cy }} />
            ))}
            <Notes
                x={x}
                y={scales.y(0) + 56}
                width={width}
                lines={[
                    ui.t({ en: `○ the threshold ${fixed(index / (right.length - 1), 2)}${curve.own ? "   ▼ the classifier's" : ""}`, zh: `○ 阈值 ${fixed(index / (right.length - 1), 2)}${curve.own ? "　▼ 分类器的阈值" : ""}` }),
                    ui.t({ en: `- - without a model: ${percent(base)} of the rows`, zh: `- - 没有模型时：${percent(base)} 的行` }),
                ]}
            />
        </g>
    );
}

function Reliability(props: Part & { height: number }) {
    const { shared, data, guide, ui, x, y, width, height } = props;
    const scales = scalesOf(props, height, 11);
    const most = Math.max(...shared.bins.map(({ n }) => n));
    const { ece, brier, logLoss } = shared.calibration;
    const shown = data?.bin ?? null;
    return (
        <g>
            <Frame
                {...{ x, y, width, height, scales }}
                title={ui.t({ en: "Reliability of the probabilities", zh: "概率的可靠性" })}
                xName={ui.t({ en: guide.multiLabel ? "predicted probability" : "probability of the predicted class", zh: guide.multiLabel ? "预测概率" : "预测类别的概率" })}
                yName={ui.t({ en: guide.multiLabel ? "rows with the label" : "correct rows", zh: guide.multiLabel ? "有此标签的比例" : "判对的比例" })}
            />
            <line class="stroke-muted" stroke-dasharray="4 4" x1={scales.x(0)} y1={scales.y(0)} x2={scales.x(1)} y2={scales.y(1)} />
            {shared.bins.map((bin, i) => (
                <g>
                    <line class="stroke-test" stroke-width="1.5" x1={scales.x(bin.mean)} x2={scales.x(bin.mean)} y1={scales.y(bin.interval[0])} y2={scales.y(bin.interval[1])} />
                    <circle
                        class={`fill-test ${i === shown ? "stroke-ink" : "stroke-test"}`}
                        stroke-width={i === shown ? 3 : 1}
                        r={2 + 7 * Math.sqrt(bin.n / most)}
                        cx={scales.x(bin.mean)}
                        cy={scales.y(bin.accuracy)}
                    />
                </g>
            ))}
            <Notes
                x={x}
                y={y + height + 100}
                width={width}
                lines={[
                    `ECE ${fixed(ece, 3)} · Brier ${fixed(brier, 3)} · ${ui.t({ en: "log loss", zh: "对数损失" })} ${fixed(logLoss, 3)}`,
                    ui.t({ en: `area: rows, at most ${grouped(most)}; bars: 95% intervals`, zh: `面积：行数，最大 ${grouped(most)}；竖线：95% 区间` }),
                    ...(shown === null ? [] : [ui.t({ en: "thick ring: the bin of the picked sentence", zh: "粗圈：所选句子所在的区间" })]),
                ]}
            />
        </g>
    );
}

/** A cell that is narrower has its precision turned. */
const PRECISION = 42;

interface MatrixLayout {
    left: number;
    top: number;
    cell: number;
    width: number;
    height: number;
    isTurned: boolean;
    /** Where the cells would be too small to be read: the largest ones off the diagonal. */
    pairs: Pair[] | null;
}

type Pair = [given: number, predicted: number, rows: number];

const pairsOf = (confusion: number[][]) => confusion.flatMap((row, i) => row.map((n, j): Pair => [i, j, n])).filter(([, , n]) => n > 0);

function matrixLayout(shared: Shared, width: number, guide: Guide): MatrixLayout {
    const list = (pairs: Pair[]): MatrixLayout => {
        const half = width >= 720 ? width / 2 - 34 : width;
        return { left: 0, top: 0, cell: 0, width: half, height: pairs.length * 24 + 60, isTurned: false, pairs };
    };
    if (shared.worst) return list(shared.worst);
    const n = guide.multiLabel ? 2 : shared.names.length;
    const names = guide.multiLabel ? [] : shared.names;
    const longest = Math.max(0, ...names.map((name) => textWidth(name, 12)));
    const left = Math.min(Math.max(longest, 44) + 26, width * 0.3);
    const margin = 52;
    const cell = Math.min(n <= 2 ? 80 : n <= 8 ? 58 : 44, (width - left - margin) / n);
    if (cell < 16) return list(pairsOf(shared.confusion!).filter(([i, j]) => i !== j).sort((a, b) => b[2] - a[2]).slice(0, 15));
    const isTurned = longest > cell - 6;
    const top = 58 + (isTurned ? Math.min(longest, 90) : 16);
    return { left, top, cell, width: left + n * cell + margin, height: top + n * cell + (cell < PRECISION ? 78 : 56), isTurned, pairs: null };
}

interface MatrixProps extends Part {
    layout: MatrixLayout;
    cell: Cell | null;
    onPick: (cell: Cell) => void;
    label: number;
}

function Matrix({ shared, data, guide, ui, x, y, layout, cell, onPick, label }: MatrixProps) {
    const t = ui.t;
    const { left, cell: size, isTurned, top } = layout;
    const own = placeOf(shared, guide, label);
    const counts = guide.multiLabel ? twoByTwo(shared, label) : shared.confusion!;
    const yes = t({ en: "yes", zh: "是" });
    const no = t({ en: "no", zh: "否" });
    const names = guide.multiLabel ? [yes, no] : shared.names;
    const recall = (i: number) => counts[i]!.reduce((sum, n) => sum + n, 0);
    const predicted = (j: number) => counts.reduce((sum, row) => sum + row[j]!, 0);
    const most = Math.max(1, ...counts.flat());
    const toCell = (i: number, j: number): Cell => (guide.multiLabel ? [own, kindOf(i, j)] : [i, j]);
    const picked = (i: number, j: number) =>
        data?.cell != null && (guide.multiLabel ? data.cell[own] === kindOf(i, j) : data.cell[0] === i && data.cell[1] === j);
    const x0 = x + left;
    const y0 = y + top;
    const n = counts.length;
    const small = Math.min(13, size * 0.4);
    const hasNumbers = size >= 24;
    return (
        <g>
            <text x={x} y={y + 13} font-size="14" class="bold">
                {guide.multiLabel ? t({ en: `Mistakes on ${guide.labels[label]}`, zh: `${guide.labels[label]} 的错误` }) : t({ en: "Which mistakes (confusion matrix)", zh: "有哪些错误（混淆矩阵）" })}
            </text>
            <text x={x0} y={y + 38} font-size="12.5">
                {t({ en: "predicted label →", zh: "预测标签 →" })}
            </text>
            <text x={x} y={y0 - 8} font-size="12.5">
                {t({ en: "given ↓", zh: "人工标签 ↓" })}
            </text>
            <text x={x0 + n * size + 6} y={y0 - 8} font-size="12" class="text-label">
                {t({ en: "recall", zh: "召回率" })}
            </text>
            {names.map((name, k) => (
                <>
                    <text x={x0 - 8} y={y0 + (k + 0.5) * size + 4} font-size="12" text-anchor="end">
                        {fit(name, left - 10, 12)}
                    </text>
                    {isTurned ? (
                        <text font-size="12" transform={`translate(${x0 + (k + 0.5) * size + 4} ${y0 - 6}) rotate(-90)`}>
                            {fit(name, 88, 12)}
                        </text>
                    ) : (
                        <text x={x0 + (k + 0.5) * size} y={y0 - 8} font-size="12" text-anchor="middle">
                            {name}
                        </text>
                    )}
                    {size >= 14 && (
                        <text x={x0 + n * size + 6} y={y0 + (k + 0.5) * size + 4} font-size="12" class="text-label">
                            {recall(k) === 0 ? "–" : percent(counts[k]![k]! / recall(k), 0)}
                        </text>
                    )}
                    <text
                        {...(size < PRECISION ? { transform: `translate(${x0 + (k + 0.5) * size + 4} ${y0 + n * size + 7}) rotate(-90)` } : { x: x0 + (k + 0.5) * size, y: y0 + n * size + 17 })}
                        font-size="12"
                        class="text-for"
                        text-anchor={size < PRECISION ? "end" : "middle"}
                    >
                        {predicted(k) === 0 ? "–" : percent(counts[k]![k]! / predicted(k), 0)}
                    </text>
                </>
            ))}
            <text x={x0 - 8} y={y0 + n * size + 17} font-size="12" class="text-for" text-anchor="end">
                {t({ en: "precision", zh: "精确率" })}
            </text>
            {counts.flatMap((row, i) =>
                row.map((count, j) => (
                    <g class={count > 0 ? "pick" : ""} onClick={count > 0 ? () => onPick(toCell(i, j)) : undefined}>
                        <rect class="fill-ground stroke-grid" x={x0 + j * size} y={y0 + i * size} width={size} height={size} />
                        {count > 0 && (
                            <rect
                                class={i === j ? "fill-for" : "fill-against"}
                                fill-opacity={0.1 + 0.48 * Math.sqrt(count / most)}
                                x={x0 + j * size + 1}
                                y={y0 + i * size + 1}
                                width={size - 2}
                                height={size - 2}
                            />
                        )}
                        {hasNumbers && count > 0 && (
                            <text x={x0 + (j + 0.5) * size} y={y0 + (i + 0.5) * size + small * 0.36} font-size={Math.max(11, n <= 2 ? 20 : small)} text-anchor="middle">
                                {count}
                            </text>
                        )}
                        {!hasNumbers && count > 0 && i !== j && <circle class="fill-ink" r={Math.min(size / 2 - 1, 1 + Math.sqrt(count))} cx={x0 + (j + 0.5) * size} cy={y0 + (i + 0.5) * size} />}
                        {picked(i, j) && <path class="fill-ink" d={`M${x0 + j * size + 2} ${y0 + i * size + 2}h${Math.min(14, size / 2)}l${-Math.min(14, size / 2)} ${Math.min(14, size / 2)}z`} />}
                    </g>
                )),
            )}
            {cell && counts.flatMap((row, i) => row.map((_, j) => same(cell, toCell(i, j)) && <rect class="fill-none stroke-ink" stroke-width="3" x={x0 + j * size} y={y0 + i * size} width={size} height={size} />))}
            <Notes
                x={x}
                y={y0 + n * size + (size < PRECISION ? 62 : 40)}
                width={layout.width}
                lines={[t({ en: `frame: listed below${data?.cell != null ? "; ◤ the picked sentence" : ""}`, zh: `方框：句子列在下面${data?.cell != null ? "；◤ 所选句子" : ""}` })]}
            />
        </g>
    );
}

/** The position of a classifier's label among the names of the scores. */
const placeOf = (shared: Shared, guide: Guide, label: number) => shared.names.indexOf(guide.labels[label]!);

/** The number of the kind that Rust gives to given i and predicted j, each 0 for yes. */
const kindOf = (i: number, j: number) => 2 * i + j;

/** Given yes and no by predicted yes and no. */
function twoByTwo(shared: Shared, label: number): number[][] {
    const curve = shared.curves.find((each) => each.label === label)!;
    const { right, wrong } = curve.own!;
    const { support } = curve;
    return [[right, support - right], [wrong, shared.nTest - support - wrong]];
}

function WorstPairs({ shared, ui, pairs, x, y, width, cell, onPick }: Part & { pairs: Pair[]; cell: Cell | null; onPick: (cell: Cell) => void }) {
    const most = Math.max(1, ...pairs.map(([, , n]) => n));
    const bar = linear([0, most], [0, width * 0.3]);
    const room = width * 0.7 - 44;
    return (
        <g>
            <text x={x} y={y + 13} font-size="14" class="bold">
                {fit(ui.t({ en: "Most frequent mistakes (given → predicted)", zh: "最常见的错误（人工 → 预测）" }), width, 14, false, true)}
            </text>
            {pairs.map(([i, j, n], k) => {
                const top = y + 30 + k * 24;
                return (
                    <g class="pick" onClick={() => onPick([i, j])}>
                        <rect class={`fill-ground ${same(cell, [i, j]) ? "stroke-ink" : "stroke-grid"}`} stroke-width={same(cell, [i, j]) ? 2 : 1} x={x + 1} y={top} width={width - 2} height="22" />
                        <text x={x + 6} y={top + 15} font-size="12">
                            {fit(`${shared.names[i]} → ${shared.names[j]}`, room - 8, 12)}
                        </text>
                        <rect class="fill-against" x={x + room} y={top + 5} width={Math.max(bar(n), 1)} height="12" />
                        <text x={x + room + bar(n) + 5} y={top + 15} font-size="12">
                            {n}
                        </text>
                    </g>
                );
            })}
        </g>
    );
}

/** The labels with a row of their own: all, or those with the lowest F1. */
function shownLabels(shared: Shared): number[] {
    const all = shared.names.map((_, k) => k).filter((k) => shared.scores[k]![3] > 0);
    if (all.length <= 30) return all;
    return all.sort((a, b) => shared.scores[a]![2] - shared.scores[b]![2]).slice(0, 20);
}

function LabelDots({ shared, guide, ui, x, y, width, rows, step }: Part & { rows: number[]; step: number }) {
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
                            {fit(shared.names[k]!, left - 10, 12, false, isSelected)}
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

interface CellOption {
    cell: Cell;
    name: string;
    n: number;
}

/** The cells that can be listed, each with its number of rows. */
function cellsOf(shared: Shared, label: number, guide: Guide): CellOption[] {
    if (guide.multiLabel) {
        const own = placeOf(shared, guide, label);
        return twoByTwo(shared, label).flatMap((row, i) => row.map((n, j) => ({ cell: [own, kindOf(i, j)] as Cell, name: "", n }))).filter(({ n }) => n > 0);
    }
    const pairs = shared.worst ?? pairsOf(shared.confusion!);
    return pairs.map(([i, j, n]) => ({ cell: [i, j], name: `${shared.names[i]} → ${shared.names[j]}`, n }));
}

/** The cell of the picked sentence, or the largest cell of mistakes. */
function defaultCell(shared: Shared, data: Data, label: number, all: CellOption[], guide: Guide): Cell | null {
    if (guide.multiLabel) {
        const own = placeOf(shared, guide, label);
        if (data?.cell) return [own, data.cell[own]!];
    } else if (data?.cell) {
        const own = data.cell as Cell;
        if (all.some(({ cell }) => same(cell, own))) return own;
    }
    const isMistake = ({ cell: [a, b] }: CellOption) => (guide.multiLabel ? b === 1 || b === 2 : a !== b);
    const mistakes = all.filter(isMistake).sort((a, b) => b.n - a.n);
    return (mistakes[0] ?? all[0])?.cell ?? null;
}

const KIND_NAMES: Words[] = [
    { en: "given and predicted", zh: "人工有、预测有" },
    { en: "given, not predicted (missed)", zh: "人工有、预测无（漏标）" },
    { en: "predicted, not given (wrong)", zh: "预测有、人工无（错标）" },
    { en: "neither given nor predicted", zh: "两者都无" },
];

/** The sentences of the framed cell; the select reaches every cell by keyboard. */
function CellSentences({ shared, guide, ui, cells, cell, onPick }: Omit<Part, "x" | "y" | "width"> & { cells: CellOption[]; cell: Cell | null; onPick: (cell: Cell) => void }) {
    const t = ui.t;
    const listed = shared.cells.find(([i, j]) => same(cell, [i, j]))?.[2] ?? [];
    const now = cells.findIndex((each) => same(each.cell, cell));
    const nameOf = ({ name, cell: [, kind] }: CellOption) => (guide.multiLabel ? t(KIND_NAMES[kind]!) : name);
    const total = cells[now]?.n ?? listed.length;
    return (
        <div class="listed">
            <label class="control">
                <span>{guide.multiLabel ? t({ en: "Sentences of the cell", zh: "格子里的句子" }) : t({ en: "Sentences of the cell, given → predicted", zh: "格子里的句子（人工 → 预测）" })}</span>
                <select value={now} onChange={(event) => onPick(cells[Number(event.currentTarget.value)]!.cell)}>
                    {cells.map((option, i) => (
                        <option value={i}>
                            {nameOf(option)} ({option.n})
                        </option>
                    ))}
                </select>
            </label>
            <ul>
                {listed.map((each) => (
                    <li>
                        {typeof each === "number" ? (
                            <button type="button" class="sentence" aria-pressed={ui.sentence.value === each} onClick={() => ui.pick(each)}>
                                <bdi>{guide.sentences[each]!.text}</bdi>
                            </button>
                        ) : (
                            <bdi>{each}</bdi>
                        )}
                    </li>
                ))}
            </ul>
            {total > listed.length && <p class="hint">{t({ en: `and ${total - listed.length} more`, zh: `另有 ${total - listed.length} 句` })}</p>}
        </div>
    );
}
