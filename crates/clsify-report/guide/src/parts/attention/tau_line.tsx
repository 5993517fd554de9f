// How little attention says about the label: tau of every sentence on a line from -1 to 1, with its explanation.
import { signed } from "../../format";
import { linear } from "../../scale";
import { fit, wrap } from "../../text";
import type { Ui } from "../../ui";
import type { Data, Shared } from "./data";

export function tauTexts(shared: Shared, data: Data, ui: Ui, nLayers: number, width: number) {
    const t = ui.t;
    const here = data.tau === null ? t({ en: "not defined for this sentence", zh: "对这个句子没有定义" }) : signed(data.tau, 2);
    const known = shared.taus.filter((tau) => tau !== null).length;
    const value = shared.median === null ? "–" : signed(shared.median, 2);
    const median = shared.taus.length === 1 ? { en: "", zh: "" } : { en: `; median of ${known} sentences: ${value}`, zh: `；${known} 个句子的中位数：${value}` };
    const lines = wrap(
        t({
            en: `Kendall's tau-b compares two orders of the words: by attention in layer ${nLayers} (${shared.from.en}, mean over heads), and by how much the label's logit changes when the word is deleted. This sentence: ${here}${median.en}.`,
            zh: `肯德尔 τ-b 相关系数比较词的两种排序：按第 ${nLayers} 层的注意力（${shared.from.zh}注意力，各头的平均），以及按删去该词后标签 logit 的变化大小。这个句子：${here}${median.zh}。`,
        }),
        width - 2,
        12.5,
    );
    return { lines, height: 40 + lines.length * 17 + 80 };
}

interface TauProps {
    shared: Shared;
    data: Data;
    ui: Ui;
    width: number;
    tau: ReturnType<typeof tauTexts>;
    top: number;
    current: number;
}

export function Tau({ shared, data, ui, width, tau, top, current }: TauProps) {
    const t = ui.t;
    const isNarrow = width < 340;
    const hasOthers = shared.taus.length > 1;
    const scale = linear([-1, 1], [16, width - 16]);
    const y = top + 40 + tau.lines.length * 17 + 34;
    const ends: [number, string][] = [
        [-1, t(isNarrow ? { en: "−1 opposite", zh: "−1 相反" } : { en: "−1 opposite order", zh: "−1 顺序相反" })],
        [0, t({ en: "0 no relation", zh: "0 无关" })],
        [1, t(isNarrow ? { en: "1 same", zh: "1 相同" } : { en: "1 same order", zh: "1 顺序相同" })],
    ];
    return (
        <g>
            <line class="stroke-grid" x1="0" x2={width} y1={top + 6} y2={top + 6} />
            <text class="bold" font-size="13.5" x="1" y={top + 28}>
                {t({ en: "Attention does not explain the label", zh: "注意力不能解释标签" })}
            </text>
            {tau.lines.map((line, i) => (
                <text font-size="12.5" x="1" y={top + 48 + i * 17}>
                    {line}
                </text>
            ))}
            <line class="stroke-muted" x1={scale(-1)} x2={scale(1)} y1={y} y2={y} />
            {ends.map(([value, text]) => (
                <>
                    <line class="stroke-muted" x1={scale(value)} x2={scale(value)} y1={y - 5} y2={y + 5} />
                    <text class="text-muted" font-size="12" x={value < 0 ? 0 : value > 0 ? width : scale(0)} y={y + 20} text-anchor={value < 0 ? "start" : value > 0 ? "end" : "middle"}>
                        {text}
                    </text>
                </>
            ))}
            {shared.taus.map((each, i) => each !== null && i !== current && <line class="stroke-muted" stroke-opacity="0.6" x1={scale(each)} x2={scale(each)} y1={y - 7} y2={y + 1} />)}
            {hasOthers && shared.median !== null && <path class="fill-muted" d={`M${scale(shared.median)} ${y - 9}l-5 -8h10z`} />}
            {data.tau !== null && <circle class="fill-label stroke-label" stroke-width="1.5" r="6" cx={scale(data.tau)} cy={y} />}
            <text class="text-muted" font-size="12" x="0" y={y + 38}>
                {fit(t(hasOthers ? { en: "● this sentence  ▾ median  | other sentences", zh: "● 这个句子  ▾ 中位数  | 其他句子" } : { en: "● this sentence", zh: "● 这个句子" }), width, 12)}
            </text>
        </g>
    );
}
