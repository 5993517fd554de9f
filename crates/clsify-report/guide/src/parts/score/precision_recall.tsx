// Draws precision against recall over all thresholds.
import { fixed, percent } from "../../format";
import { linePath, type Point } from "../../path";
import { Frame, Notes, scalesOf } from "./chart";
import { placeOf } from "./cells";
import { type CurveProps, pointOf } from "./threshold";

export function TradeChart(props: CurveProps) {
    const { shared, guide, ui, curve, right, wrong, looked, x, y, width, height } = props;
    const scales = scalesOf(props, height);
    const points = Array.from(right, (r, i) => pointOf(r, wrong[i]!, curve.support, shared.nTest));
    const placed = (point: { precision: number | null; recall: number | null }): Point[] =>
        point.precision === null || point.recall === null ? [] : [[scales.x(point.recall), scales.y(point.precision)]];
    const atLooked = pointOf(looked.right, looked.wrong, curve.support, shared.nTest);
    // With more than two classes the other ones decide too, so that the decisions need not lie on the curve.
    const [precision, recall] = shared.scores[placeOf(shared, guide, curve.label)]!;
    const own = recall > 0 ? placed({ precision, recall }) : [];
    const base = curve.support / shared.nTest;
    return (
        <g>
            <Frame {...{ x, y, width, height, scales }} title={ui.t({ en: "Precision against recall", zh: "精确率与召回率" })} xName={ui.t({ en: "recall", zh: "召回率" })} yName={ui.t({ en: "precision", zh: "精确率" })} />
            <line class="stroke-muted" stroke-dasharray="4 4" x1={scales.x(0)} x2={scales.x(1)} y1={scales.y(base)} y2={scales.y(base)} />
            <path class="fill-none stroke-ink" stroke-width="2" d={linePath(points.flatMap(placed))} />
            {own.map(([cx, cy]) => (
                <path class="fill-ink" d={`M${cx} ${cy - 4}l-5 -8h10z`} />
            ))}
            {placed(atLooked).map(([cx, cy]) => (
                <circle class="fill-paper stroke-ink" stroke-width="2.5" r="5" {...{ cx, cy }} />
            ))}
            <Notes
                x={x}
                y={scales.y(0) + 56}
                width={width}
                lines={[
                    ui.t({ en: `○ the threshold ${fixed(looked.threshold, 2)}`, zh: `○ 阈值 ${fixed(looked.threshold, 2)}` }),
                    ...(own.length > 0 ? [ui.t({ en: `▼ the classifier's decisions: precision ${percent(precision)}, recall ${percent(recall)}`, zh: `▼ 分类器的决策：精确率 ${percent(precision)}，召回率 ${percent(recall)}` })] : []),
                    ui.t({ en: `- - without a model: ${percent(base)} of the rows`, zh: `- - 没有模型时：${percent(base)} 的行` }),
                ]}
            />
        </g>
    );
}
