// Shows the words with their contributions, and what removing some of them does.
import { Controls, Slider } from "../../frame/controls";
import { SentenceWords } from "../../frame/word";
import { fixed, signed } from "../../format";
import { logitWithout, sigmoid, toggled, wordTexts } from "./data";
import type { Common } from "./layout";
import { shadeOf } from "./shade";
import { labelName } from "../../label_name";

export function WordReasons({ data, reasons, sentence, guide, ui, shared, removed, setRemoved }: Common & { removed: number[]; setRemoved: (words: number[]) => void }) {
    const t = ui.t;
    const name = labelName(guide.labels[reasons.label]!, ui);
    const texts = wordTexts(sentence);
    const unit = shared.kind === "classes" ? t({ en: "log-odds", zh: "对数几率" }) : "logit";
    const without = logitWithout(reasons, removed)!;
    const quote = (words: number[]) => words.map((word) => `“${texts[word]}”`).join(t({ en: ", ", zh: "、" }));
    const result =
        removed.length === 0
            ? t({
                  en: `The number below a word is the ${unit} of ${name} with all words minus the one without this word: + speaks for ${name}, − against it. Each was computed by encoding the sentence again, ${data.nEncodings} encodings in all.`,
                  zh: `词下面的数 = 有全部词时 ${name} 的 ${unit} − 去掉这个词后的 ${unit}：+ 支持 ${name}，− 反对。每个数都通过重新编码句子得到，共编码 ${data.nEncodings} 次。`,
              })
            : t({
                  en: `Without ${quote(removed)}: ${unit} ${signed(reasons.logit, 4)} → ${signed(without, 4)}; probability of ${name}: ${fixed(sigmoid(reasons.logit), 4)} → ${fixed(sigmoid(without), 4)}.`,
                  zh: `去掉${quote(removed)}：${unit} ${signed(reasons.logit, 4)} → ${signed(without, 4)}；${name} 的概率：${fixed(sigmoid(reasons.logit), 4)} → ${fixed(sigmoid(without), 4)}。`,
              });
    const pairs = reasons.pairs
        .map((together, i) => ({ i, together, interaction: together - reasons.words[i]! - reasons.words[i + 1]! }))
        .sort((a, b) => Math.abs(b.interaction) - Math.abs(a.interaction))
        .slice(0, 3);
    const steps = reasons.path?.words.length ?? 0;
    const isPrefix = reasons.path !== null && `${removed}` === `${reasons.path.words.slice(0, removed.length)}`;
    return (
        <>
            <h3>{t({ en: `Words for and against ${name}`, zh: `支持和反对 ${name} 的词` })}</h3>
            <SentenceWords
                ui={ui}
                sentence={sentence}
                hint={t({
                    en: "Press a word to remove it, then a neighbour to remove both. Other combinations were not computed.",
                    zh: "按一个词就去掉它，再按相邻的词就去掉两个。其他组合没有计算。",
                })}
                onPress={(word) => setRemoved(toggled(reasons, removed, word))}
                isPressed={(word) => removed.includes(word)}
                classOf={shadeOf(reasons.words)}
                below={(word) => signed(reasons.words[word]!, 2).replace("-", "−")}
            />
            <p class="reasons-result" aria-live="polite">
                {result}
            </p>
            {steps > 0 && (
                <Controls>
                    <Slider
                        label={t({ en: "Remove the words of the deletion path", zh: "按删除路径去掉词" })}
                        min={0}
                        max={steps}
                        value={isPrefix ? removed.length : 0}
                        text={t({ en: `${isPrefix ? removed.length : 0} of ${steps}`, zh: `${isPrefix ? removed.length : 0} / ${steps}` })}
                        onChange={(n) => setRemoved(reasons.path!.words.slice(0, n))}
                    />
                </Controls>
            )}
            {pairs.length > 0 && (
                <>
                    <h3>{t({ en: "Neighbouring words with the strongest interaction", zh: "相互作用最强的相邻词" })}</h3>
                    <ul>
                        {pairs.map(({ i, together, interaction }) => (
                            <li>
                                {t({
                                    en: `“${texts[i]} ${texts[i + 1]}”: together ${signed(together, 2)}, each alone ${signed(reasons.words[i]!, 2)} and ${signed(reasons.words[i + 1]!, 2)}, so ${signed(interaction, 2)} comes from the pair`,
                                    zh: `“${texts[i]} ${texts[i + 1]}”：一起 ${signed(together, 2)}，单独 ${signed(reasons.words[i]!, 2)} 和 ${signed(reasons.words[i + 1]!, 2)}，其中 ${signed(interaction, 2)} 来自两词的配合`,
                                })}
                            </li>
                        ))}
                    </ul>
                </>
            )}
        </>
    );
}
