// Draws the score in words, and its line.
import { fixed, grouped, percent, signed } from "../../format";
import { linear } from "../../scale";
import { fit } from "../../text";
import type { Ui } from "../../ui";
import { ScoreLine } from "../score_line";
import type { Part, Shared } from "./data";

export function textsOfScore({ score, interval, metric, nTest, paired, nSeen, baselineName, baseline }: Shared, ui: Ui): string[] {
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
            en: `${grouped(nSeen)} of these rows ${nSeen === 1 ? "is a training sentence" : "are training sentences"} too, so the score is too good.`,
            zh: `其中 ${grouped(nSeen)} 行也是训练句子，因此得分偏高。`,
        }));
    }
    return texts;
}

export function Headline({ shared: { score, interval, baseline, baselineName }, lines, ui, width }: Part & { lines: { line: string; isFirst: boolean }[] }) {
    const x = linear([0, 1], [8, width - 8]);
    const y = lines.length * 18 + 42;
    const text = ui.t({ en: `baseline, ${baselineName.en}: ${percent(baseline)}`, zh: `基线（${baselineName.zh}）：${percent(baseline)}` });
    return (
        <g>
            {lines.map(({ line, isFirst }, i) => (
                <text x="1" y={14 + i * 18} font-size={isFirst ? 14 : 12.5} class={isFirst ? "bold" : ""}>
                    {line}
                </text>
            ))}
            <ScoreLine {...{ score, interval, baseline, y, width }} text={fit(text, width - 4, 12)} textY={y - 19} at={x} />
        </g>
    );
}
