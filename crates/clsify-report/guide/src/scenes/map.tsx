// Scene 13: all sentences as dots, the mistakes with a ring, and lists of those that are worth reading.
import { useMemo, useState } from "preact/hooks";
import { BottomAxis, LeftAxis, leftAxisWidth } from "../frame/axis";
import { ClassSelector } from "../frame/class_selector";
import { Choice, Controls, Slider, Toggle } from "../frame/controls";
import { Drawing, Hatch } from "../frame/drawing";
import { N_CLASS_MARKS } from "../frame/marks";
import { fixed, grouped } from "../format";
import type { Sentence, Words } from "../page";
import { Boundary } from "../parts/map/boundary";
import type { Shared, View } from "../parts/map/data";
import { Dots } from "../parts/map/dots";
import { legendOf } from "../parts/map/legend";
import { List } from "../parts/map/list";
import { ids, logitsOf, type Rows, unpacked } from "../parts/map/rows";
import { Shown } from "../parts/map/shown";
import { Target } from "../parts/map/target";
import type { FigureProps, Scene } from "../scene";
import { linear } from "../scale";
import { wrap } from "../text";
import { f32 } from "../unpack";
import { labelName } from "../label_name";

export const scene: Scene<Shared, null> = { id: "map", Figure };

function Figure({ shared, sentence, guide, ui, width }: FigureProps<Shared, null>) {
    const t = ui.t;
    const rows = useMemo(
        (): Rows => ({
            given: ids(shared.given),
            predicted: ids(shared.predicted),
            abstained: new Set(shared.abstained),
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
    const abstains = view.x === undefined ? shared.abstains : null;
    const legend = legendOf({ shared, guide, ui, label, isOneClass, hasOwn: shared.nHeldOut + shared.nTrain < n, hatch: abstains && "map-abstain", width });
    const xName = view.xName ? t(view.xName) : t({ en: `logit of ${labelName(guide.labels[label]!, ui)}`, zh: `${labelName(guide.labels[label]!, ui)} 的 logit` });
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
                {abstains && (
                    <rect fill="url(#map-abstain)" x={x(abstains[0])} y={top} width={x(abstains[1]) - x(abstains[0])} height={height} />
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

function extent(values: Float64Array, also: number[]): [number, number] {
    let [low, high] = [Infinity, -Infinity];
    for (const value of [...values, ...also.filter((value) => Math.abs(value) < 50)]) {
        low = Math.min(low, value);
        high = Math.max(high, value);
    }
    const margin = 0.03 * (high - low || 1);
    return [low - margin, high + margin];
}
