// Scene 12: the score with its interval, what a threshold trades, whether probabilities can be believed, and which mistakes there are.
import { useMemo, useState } from "preact/hooks";
import { ClassSelector } from "../frame/class_selector";
import { Controls, Slider } from "../frame/controls";
import { Drawing } from "../frame/drawing";
import { LEGEND_LEADING, legendLines } from "../frame/legend";
import { fixed, percent } from "../format";
import { labelName } from "../label_name";
import type { Sentence } from "../page";
import { CellSentences } from "../parts/score/cell_sentences";
import { type Cell, cellsOf, defaultCell } from "../parts/score/cells";
import { noteLines } from "../parts/score/chart";
import { Matrix, matrixLayout } from "../parts/score/confusion";
import type { Data, Shared } from "../parts/score/data";
import { Headline, textsOfScore } from "../parts/score/headline";
import { LabelDots, shownLabels } from "../parts/score/label_scores";
import { TradeChart } from "../parts/score/precision_recall";
import { Reliability, reliabilityNotes } from "../parts/score/reliability";
import { pointOf, share } from "../parts/score/threshold";
import { sharesOf, ThresholdChart, thresholdNotes } from "../parts/score/threshold_chart";
import { WorstPairs } from "../parts/score/worst_pairs";
import type { FigureProps, Scene } from "../scene";
import { wrap } from "../text";
import { f32 } from "../unpack";

export const scene: Scene<Shared, Data> = { id: "score", Figure };

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
    // Unless the reader moved it, the threshold is exactly the classifier's.
    const own = moved?.label === curve.label ? null : curve.own;
    const looked = own ?? { threshold: index / last, right: right[index]!, wrong: wrong[index]! };
    const at = pointOf(looked.right, looked.wrong, curve.support, shared.nTest);
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
    const first = chart + 114 + LEGEND_LEADING * legendLines(sharesOf(at, ui), third) + 16 * noteLines(thresholdNotes(curve, shared, p, ui), third).length;
    const underReliability = Math.max(under, chart + 114 + 16 * noteLines(reliabilityNotes(shared, (data?.bin ?? null) !== null, guide, ui), third).length);
    const bottom = top + (isWide ? Math.max(first, under, underReliability) : first + under + underReliability);
    const matrix = matrixLayout(shared, width, guide);
    const dotsBeside = isWide && matrix.width < 0.62 * width;
    const showDots = dotsBeside || guide.multiLabel || shared.confusion === null || shared.names.length <= 12;
    const rows = shownLabels(shared);
    const step = dotsBeside ? Math.min(Math.max(24, (matrix.height - 130) / rows.length), 56) : 24;
    const dotsHeight = showDots ? rows.length * step + 84 : 0;
    const height = bottom + (dotsBeside ? Math.max(matrix.height, dotsHeight) : matrix.height + dotsHeight);
    const numbers = t({
        en: `${fixed(looked.threshold, 2)}: precision ${share(at.precision)}, recall ${share(at.recall)}, accuracy ${percent(at.accuracy)}`,
        zh: `${fixed(looked.threshold, 2)}：精确率 ${share(at.precision)}，召回率 ${share(at.recall)}，准确率 ${percent(at.accuracy)}`,
    });
    const name = labelName(guide.labels[curve.label]!, ui);
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
                <Headline {...part} lines={scoreLines} x={0} y={0} width={width} />
                <ThresholdChart {...part} {...{ curve, right, wrong, looked }} x={0} y={top} width={third} height={chart} onMove={(next) => move({ label: curve.label, index: next })} />
                <TradeChart {...part} {...{ curve, right, wrong, looked }} x={isWide ? third + gap : 0} y={top + (isWide ? 0 : first)} width={third} height={chart} />
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
