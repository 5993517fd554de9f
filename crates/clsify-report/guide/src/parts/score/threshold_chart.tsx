// Draws precision, recall and accuracy of a label by its threshold, which can be dragged.
import { Legend, LEGEND_LEADING, legendLines, type Entry } from "../../frame/legend";
import { fixed, percent } from "../../format";
import { labelName } from "../../label_name";
import { linePath, type Point } from "../../path";
import type { Ui } from "../../ui";
import { Frame, Notes, scalesOf } from "./chart";
import { Hatch } from "../../frame/drawing";
import type { Curve, Shared } from "./data";
import { type CurveProps, pointOf, share } from "./threshold";

const KINDS = [
    { key: "precision", name: { en: "precision", zh: "精确率" }, colour: "for", dash: "none" },
    { key: "recall", name: { en: "recall", zh: "召回率" }, colour: "label", dash: "7 3" },
    { key: "accuracy", name: { en: "accuracy", zh: "准确率" }, colour: "test", dash: "2 3" },
] as const;

/** The shares at the threshold, which have a place below the chart: beside their lines they would lie on other lines. */
export function sharesOf(at: ReturnType<typeof pointOf>, ui: Ui): Entry[] {
    return KINDS.map(({ key, name, colour, dash }) => ({
        text: `${ui.t(name)} ${share(at[key])}`,
        widest: `${ui.t(name)} ${percent(1)}`,
        class: `text-${colour}`,
        mark: <line class={`stroke-${colour}`} stroke-width="2.5" stroke-dasharray={dash} x2="22" />,
    }));
}

export function thresholdNotes({ own }: Curve, { abstains }: Shared, p: number, ui: Ui): string[] {
    const [low, high] = abstains ?? [0, 0];
    return [
        own ? ui.t({ en: `▼ the classifier's threshold, ${fixed(own.threshold, 2)}`, zh: `▼ 分类器的阈值 ${fixed(own.threshold, 2)}` }) : ui.t({ en: "The classifier itself takes the most probable class.", zh: "分类器本身取最可能的类别。" }),
        ...(abstains ? [ui.t({ en: `hatched: between ${fixed(low, 2)} and ${fixed(high, 2)} the classifier abstains`, zh: `阴影：概率在 ${fixed(low, 2)} 与 ${fixed(high, 2)} 之间时，分类器弃权` })] : []),
        ui.t({ en: `△ the picked sentence, ${fixed(p, 2)}`, zh: `△ 所选句子，${fixed(p, 2)}` }),
    ];
}

export function ThresholdChart(props: CurveProps & { onMove: (index: number) => void }) {
    const { shared, guide, sentence, ui, curve, right, wrong, looked, x, y, width, height, onMove } = props;
    const scales = scalesOf(props, height);
    const last = right.length - 1;
    const points = Array.from(right, (r, i) => pointOf(r, wrong[i]!, curve.support, shared.nTest));
    const { threshold } = looked;
    const at = pointOf(looked.right, looked.wrong, curve.support, shared.nTest);
    const p = sentence.probability[curve.label]!;
    const base = scales.y(0);
    const shares = sharesOf(at, ui);
    const move = (event: PointerEvent) => {
        if (event.type === "pointermove" && event.buttons === 0) return;
        const box = (event.currentTarget as SVGElement).getBoundingClientRect();
        const value = (event.clientX - box.left) / box.width;
        onMove(Math.round(Math.min(Math.max(value, 0), 1) * last));
    };
    const name = labelName(guide.labels[curve.label]!, ui);
    const title = shared.hasThresholds
        ? ui.t({ en: `Threshold of ${name}`, zh: `${name} 的阈值` })
        : ui.t({ en: `${name} against the rest`, zh: `${name} 对其余各类` });
    return (
        <g>
            <Frame {...{ x, y, width, height, scales, title }} isThreshold xName={ui.t({ en: "threshold (drag it)", zh: "阈值（可拖动）" })} yName={ui.t({ en: "share of rows", zh: "行的比例" })} />
            {shared.abstains && (
                <>
                    <defs>
                        <Hatch id="score-abstain" class="stroke-grid" />
                    </defs>
                    <rect fill="url(#score-abstain)" x={scales.x(shared.abstains[0])} y={scales.y(1)} width={scales.x(shared.abstains[1]) - scales.x(shared.abstains[0])} height={height} />
                </>
            )}
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
            <Notes x={x} y={base + 56 + LEGEND_LEADING * legendLines(shares, width)} width={width} lines={thresholdNotes(curve, shared, p, ui)} />
            <rect class="grab" x={scales.x(0)} y={scales.y(1)} width={scales.x(1) - scales.x(0)} height={height} onPointerDown={move} onPointerMove={move} />
        </g>
    );
}
