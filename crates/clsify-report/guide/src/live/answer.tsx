// The answer of a served model at first sight: its labels, their probabilities, and the words that mattered.
import { SentenceWords } from "../frame/word";
import { labelList, percent, signed } from "../format";
import { labelName } from "../label_name";
import type { Guide, Sentence } from "../page";
import { type Packed, reasonsFor } from "../parts/reasons/data";
import type { Shared } from "../parts/reasons/layout";
import { shadeOf } from "../parts/reasons/shade";
import type { Ui } from "../ui";

/** More labels are in the table of the first scene. */
const MOST_LABELS = 6;

export function Answer({ guide, ui }: { guide: Guide; ui: Ui }) {
    const t = ui.t;
    const i = guide.sentences[ui.sentence.value] ? ui.sentence.value : 0;
    const sentence = guide.sentences[i]!;
    const order = sentence.probability.map((_, label) => label).sort((a, b) => sentence.probability[b]! - sentence.probability[a]!);
    const left = order.length - MOST_LABELS;
    return (
        <>
            <p class="given" dir="auto" aria-live="polite">
                {verdict(sentence, ui)}
            </p>
            <table class="probabilities">
                <caption class="hint">
                    {guide.multiLabel
                        ? t({ en: "Probability of each label on its own", zh: "每个标签各自的概率" })
                        : t({ en: "Probability of each label", zh: "各标签的概率" })}
                </caption>
                <tbody>
                    {order.slice(0, MOST_LABELS).map((label) => (
                        <Probability name={guide.labels[label]!} p={sentence.probability[label]!} isChosen={!sentence.abstained && sentence.predicted.includes(guide.labels[label]!)} />
                    ))}
                </tbody>
            </table>
            {left > 0 && <p class="hint">{t({ en: `Labels with smaller probabilities: ${left}. The table of step 1 has them all.`, zh: `还有 ${left} 个概率更小的标签，全部见第 1 步的表格。` })}</p>}
            <Words guide={guide} i={i} sentence={sentence} ui={ui} />
        </>
    );
}

function verdict({ predicted, abstained }: Sentence, ui: Ui) {
    const names = labelList(predicted.map((label) => labelName(label, ui))) || ui.t({ en: "no label", zh: "无标签" });
    const abstains = ui.t({ en: "The model abstains", zh: "模型弃权" });
    // The guess of a decision rule arrives with the explanation.
    if (abstained && predicted.length === 0) return <strong>{abstains}</strong>;
    return (
        <>
            {abstained && <span class="abstains">{ui.t({ en: `${abstains}. Its best guess: `, zh: `${abstains}。最佳猜测：` })}</span>}
            <strong class="text-label">{names}</strong>
        </>
    );
}

function Probability({ name, p, isChosen }: { name: string; p: number; isChosen: boolean }) {
    return (
        <tr class={isChosen ? "chosen" : ""}>
            <th scope="row" dir="auto">
                {name}
            </th>
            <td class="track">
                <span style={{ inlineSize: `${100 * p}%` }} />
            </td>
            <td class="number">{percent(p)}</td>
        </tr>
    );
}

function Words({ guide, i, sentence, ui }: { guide: Guide; i: number; sentence: Sentence; ui: Ui }) {
    const scene = guide.scenes.find(({ id }) => id === "reasons");
    if (!scene) return null;
    const reasons = reasonsFor(scene.sentences[i]!.data as Packed, sentence.label);
    const { kind, rule } = scene.shared as Shared;
    const unit = kind === "classes" ? { en: "log-odds", zh: "对数几率" } : { en: "logit", zh: " logit " };
    const name = labelName(guide.labels[reasons.label]!, ui);
    return (
        <>
            <p class="hint">{ui.t(rule)}</p>
            <h2>{ui.t({ en: "Words that mattered", zh: "起作用的词" })}</h2>
            <SentenceWords
                ui={ui}
                sentence={sentence}
                hint={ui.t({
                    en: `The number below a word is how much it adds to the ${unit.en} of ${name}: + speaks for it, − against it.`,
                    zh: `词下面的数表示它使 ${name} 的${unit.zh}增加多少：+ 支持，− 反对。`,
                })}
                classOf={shadeOf(reasons.words)}
                below={(word) => signed(reasons.words[word]!, 2).replace("-", "−")}
            />
        </>
    );
}
