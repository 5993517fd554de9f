// Draws the words that are removed one after the other, and the probability that is left.
import { useMemo } from "preact/hooks";
import { fixed } from "../../format";
import { linear } from "../../scale";
import { fit, textWidth, wrap } from "../../text";
import type { Ui } from "../../ui";
import { type Packed, reasonsFor, sigmoid, wordTexts } from "./data";
import { type Common, HEAD, type Place, ROW, Title, titleExtra } from "./layout";
import { labelName } from "../../label_name";

const MOST_STEPS = 9;

const pathTitle = (ui: Ui) => ui.t({ en: "Removing words until the answer changes", zh: "逐个去掉词，直到答案改变" });

export function pathHeight({ path }: Packed, ui: Ui, width: number): number {
    return path ? titleExtra(pathTitle(ui), width) + HEAD + 24 + (Math.min(path.words.length, MOST_STEPS) + 1) * ROW + 44 : 0;
}

export function Path({ data, sentence, guide, ui, x: left, y: titleY, width }: Common & Place) {
    const t = ui.t;
    const top = titleY + titleExtra(pathTitle(ui), width);
    const path = data.path!;
    const explained = useMemo(() => reasonsFor(data, data.kept[0]!), [data]);
    const name = labelName(guide.labels[explained.label]!, ui);
    const texts = wordTexts(sentence);
    const steps = path.words.map((word, i) => ({ text: `− ${texts[word]}`, n: i + 1, z: explained.path!.logits[i]! }));
    const hidden = Math.max(steps.length - MOST_STEPS, 0);
    // The last step is the one that changes the answer.
    const shown = hidden > 0 ? [...steps.slice(0, MOST_STEPS - 1), steps.at(-1)!] : steps;
    const rows = [{ text: t({ en: "all words", zh: "全部词" }), n: 0, z: explained.logit }, ...shown];
    const nameWidth = Math.min(width * 0.42, Math.max(...rows.map((row) => textWidth(row.text, 13))) + 26);
    const x = linear([0, 1], [left + nameWidth + 8, left + width - 58]);
    const first = top + HEAD + 16;
    const end = path.changedTo
        ? t({ en: `then the answer is: ${path.changedTo.en}`, zh: `这时答案是：${path.changedTo.zh}` })
        : t({ en: "the answer never changes", zh: "答案始终不变" });
    return (
        <g>
            <Title x={left} y={titleY} width={width} text={pathTitle(ui)} />
            <text x={left + 1} y={top + 35} font-size="12.5">
                {fit(t({ en: `probability of ${name} that is left`, zh: `剩下的 ${name} 的概率` }), width - 2, 12.5)}
            </text>
            {rows.map(({ text, n, z }, i) => {
                const y = first + i * ROW;
                const isAfterGap = hidden > 0 && i === rows.length - 1;
                return (
                    <g>
                        <text x={left + 18} y={y + 13} font-size="11" text-anchor="end" class="text-muted">
                            {n}
                        </text>
                        <text x={left + 24} y={y + 13} font-size="13">
                            {fit(isAfterGap ? `… ${text}` : text, nameWidth - 24, 13)}
                        </text>
                        <rect class="fill-ground stroke-muted" x={x(0)} y={y + 2} width={x(1) - x(0)} height={ROW - 8} rx="2" />
                        <rect class="fill-label stroke-label" x={x(0)} y={y + 2} width={x(sigmoid(z)) - x(0)} height={ROW - 8} rx="2" />
                        <text x={left + width - 1} y={y + 13} font-size="12.5" text-anchor="end">
                            {fixed(sigmoid(z), 4)}
                        </text>
                    </g>
                );
            })}
            {wrap(end, width - 2, 12.5, 2).map((line, i) => (
                <text x={left + 1} y={first + rows.length * ROW + 14 + i * 17} font-size="12.5" class="bold">
                    {line}
                </text>
            ))}
        </g>
    );
}
