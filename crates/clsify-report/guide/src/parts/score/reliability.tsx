// Draws how often the predictions of each bin of probabilities are right.
import { fixed, grouped } from "../../format";
import type { Guide } from "../../page";
import type { Ui } from "../../ui";
import { Frame, Notes, scalesOf } from "./chart";
import type { Part, Shared } from "./data";

/** What stands below the chart. */
export function reliabilityNotes({ bins, calibration: { ece, brier, logLoss } }: Shared, isBinShown: boolean, guide: Guide, ui: Ui): string[] {
    const most = grouped(Math.max(...bins.map(({ n }) => n)));
    // Of label sets, each row counts once for every label.
    const unit = guide.multiLabel ? { en: "pairs of a row and a label", zh: "（行，标签）对数" } : { en: "rows", zh: "行数" };
    return [
        guide.multiLabel
            ? ui.t({ en: `ECE ${fixed(ece, 3)}: mean gap between probability and share within a label, averaged over the labels`, zh: `ECE ${fixed(ece, 3)}：每个标签的概率与实际比例之差的平均，再对各标签取平均` })
            : ui.t({ en: `ECE ${fixed(ece, 3)}: mean vertical distance of the dots from the diagonal, weighted by area`, zh: `ECE ${fixed(ece, 3)}：各点到对角线的平均竖直距离（按面积加权）` }),
        `Brier ${fixed(brier, 3)} · ${ui.t({ en: "log loss", zh: "对数损失" })} ${fixed(logLoss, 3)}`,
        ui.t({ en: `area: ${unit.en}, at most ${most}; bars: 95% intervals`, zh: `面积：${unit.zh}，最大 ${most}；竖线：95% 区间` }),
        ...(isBinShown ? [ui.t({ en: "thick ring: the bin of the picked sentence", zh: "粗圈：所选句子所在的区间" })] : []),
    ];
}

export function Reliability(props: Part & { height: number }) {
    const { shared, data, guide, ui, x, y, width, height } = props;
    const scales = scalesOf(props, height, 11);
    const most = Math.max(...shared.bins.map(({ n }) => n));
    const shown = data?.bin ?? null;
    return (
        <g>
            <Frame
                {...{ x, y, width, height, scales }}
                title={ui.t(guide.multiLabel ? { en: "Reliability, all labels together", zh: "概率的可靠性（所有标签合计）" } : { en: "Reliability of the probabilities", zh: "概率的可靠性" })}
                xName={ui.t({ en: guide.multiLabel ? "predicted probability" : "probability of the predicted class", zh: guide.multiLabel ? "预测概率" : "预测类别的概率" })}
                yName={ui.t({ en: guide.multiLabel ? "share that has the label" : "correct rows", zh: guide.multiLabel ? "有此标签的比例" : "判对的比例" })}
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
            <Notes x={x} y={y + height + 100} width={width} lines={reliabilityNotes(shared, shown !== null, guide, ui)} />
        </g>
    );
}
