// Scene 1: two sentences go through the encoder and the classifier and come out with a label. Below, how often the label is right.
import { ArrowHead, Drawing } from "../frame/drawing";
import { SentenceWords, word } from "../frame/word";
import { fixed, grouped, labelList, percent } from "../format";
import type { Guide, Sentence, Words } from "../page";
import { ScoreLine } from "../parts/score_line";
import type { FigureProps, Scene } from "../scene";
import { directionOf, wrap } from "../text";
import type { Ui } from "../ui";
import { type Box, type LabelTexts, type Lane, layout, leading, MODEL_LEADING } from "./verdict_layout";

interface Shared {
    /** The score on held-out rows; null, as its company, for a served model, which does not know them. */
    accuracy: number | null;
    interval: [number, number] | null;
    /** The score of always predicting the most frequent label, or every label if there are sets of them. */
    baseline: number | null;
    nTest: number | null;
    /** The name of the score. */
    metric: Words;
    /** How many rows a classifier that may abstain answers, and how well. */
    answered: Words | null;
    encoder: string;
    hiddenSize: number;
    pooling: Words;
    /** The index of the second sentence. */
    partner: number;
}

export const scene: Scene<Shared, object> = { id: "verdict", Figure };

function Figure({ shared, sentence, guide, ui, width }: FigureProps<Shared, object>) {
    const t = ui.t;
    const shown = [sentence, ...partnerOf(shared.partner, sentence, guide)];
    const pooling = t({ en: `pooling: ${shared.pooling.en}`, zh: `池化：${shared.pooling.zh}` });
    const { isWide, encoder, encoderLines, classifier, lanes, bottom } = layout(shown, width, {
        encoder: (room) => [...wrap(shared.encoder, room, 12.5, 3), ...wrap(pooling, room, 12.5, 2)],
        label: (each, room) => labelTexts(each, room, guide, ui),
    });
    const score = wrap(scoreText(shared, ui), width - 2, 14);
    const scoreTop = bottom + 38;
    const outcome = ({ text, predicted, abstained }: Sentence) => `“${text}”: ${abstained ? t({ en: "abstains, best guess ", zh: "弃权，最佳猜测 " }) : ""}${labelList(predicted) || noLabel(ui)}`;
    return (
        <>
            <SentenceWords
                ui={ui}
                sentence={sentence}
                hint={t({ en: "Point at a word to highlight it in every figure on this page.", zh: "指向一个词，本页所有图中的这个词都会被标出。" })}
            />
            <Drawing
                ui={ui}
                width={width}
                height={scoreTop + score.length * 19 + (shared.accuracy === null ? 0 : 66)}
                title={t({ en: "From a sentence to its label", zh: "从句子到标签" })}
                desc={`${shown.map(outcome).join("; ")}. ${scoreText(shared, ui)}`}
            >
                <defs>
                    <ArrowHead id="verdict-arrow" />
                </defs>
                <Model box={encoder} name={t({ en: "Encoder", zh: "编码器" })} lines={encoderLines} />
                <Model box={classifier} name={t({ en: "Classifier", zh: "分类器" })} lines={[t({ en: "logistic regression", zh: "逻辑回归" })]} />
                {shown.map((each, i) => (
                    <Walk sentence={each} isPicked={each === sentence} lane={lanes[i]!} isWide={isWide} shared={shared} ui={ui} />
                ))}
                <Score shared={shared} lines={score} isSets={guide.multiLabel} ui={ui} top={scoreTop} width={width} />
            </Drawing>
        </>
    );
}

/** The second sentence; another one if the reader picked that very one. */
function partnerOf(partner: number, sentence: Sentence, guide: Guide): Sentence[] {
    const candidates = [guide.sentences[partner], ...guide.sentences];
    return candidates.filter((each) => each !== undefined && each !== sentence).slice(0, 1) as Sentence[];
}

function labelTexts(sentence: Sentence, room: number, guide: Guide, ui: Ui): LabelTexts {
    const probability = percent(probabilityOf(sentence));
    // With several labels the bar is that of one of them, which the text then has to name.
    const name = guide.labels[sentence.label]!;
    const about = guide.multiLabel
        ? ui.t({ en: `${name}: probability ${probability}`, zh: `${name}：概率 ${probability}` })
        : ui.t({ en: `probability ${probability}`, zh: `概率 ${probability}` });
    const given = (sentence.given && labelList(sentence.given)) || noLabel(ui);
    return {
        names: wrap(labelList(sentence.predicted) || noLabel(ui), room, 16, 2, false, true),
        below: [
            ...(sentence.abstained ? wrap(ui.t({ en: "best guess: the classifier abstains", zh: "最佳猜测：分类器弃权" }), room, 12, 2) : []),
            ...wrap(about, room, 12, 3),
            ...(sentence.given ? wrap(ui.t({ en: `given label: ${given}`, zh: `人工标签：${given}` }), room, 12, 2) : []),
        ],
    };
}

function probabilityOf(sentence: Sentence): number {
    return sentence.probability[sentence.label] ?? 0;
}

function Model({ box, name, lines }: { box: Box; name: string; lines: string[] }) {
    const middle = box.x + box.width / 2;
    const top = box.y + box.height / 2 - ((lines.length + 1) * MODEL_LEADING) / 2 + 15;
    return (
        <g>
            <rect class="fill-model stroke-model" stroke-width="1.5" rx="10" {...box} />
            <text x={middle} y={top} text-anchor="middle" font-size="15" class="bold">
                {name}
            </text>
            {lines.map((line, i) => (
                <text x={middle} y={top + (i + 1) * MODEL_LEADING} text-anchor="middle" font-size="12.5">
                    {line}
                </text>
            ))}
        </g>
    );
}

interface WalkProps {
    sentence: Sentence;
    /** Word indices are those of the picked sentence. */
    isPicked: boolean;
    lane: Lane;
    isWide: boolean;
    shared: Shared;
    ui: Ui;
}

function Walk({ sentence, isPicked, lane, isWide, shared, ui }: WalkProps) {
    const { text, lines, fontSize, arrows, vector } = lane;
    const line = leading(fontSize);
    const first = text.y + (text.height - lines.length * line) / 2 + line * 0.75;
    const inset = isWide ? 14 : 10;
    const direction = directionOf(sentence.text);
    return (
        <g>
            <rect class="fill-sentence stroke-sentence" stroke-width="1.5" rx="10" {...text} />
            {lines.map((pieces, i) => (
                <text
                    class="text-sentence"
                    font-size={fontSize}
                    direction={direction}
                    x={direction === "rtl" ? text.x + text.width - inset : text.x + inset}
                    y={first + i * line}
                >
                    {pieces.map((piece) => (
                        <tspan {...word(ui, isPicked ? piece.word : null)}>{piece.text}</tspan>
                    ))}
                </text>
            ))}
            {arrows.map((arrow) => (
                <line class="stroke-muted" stroke-width="1.5" marker-end="url(#verdict-arrow)" {...arrow} />
            ))}
            <Vector {...vector} isAcross={isWide} text={ui.t({ en: `${grouped(shared.hiddenSize)} numbers`, zh: `${grouped(shared.hiddenSize)} 个数` })} />
            <Label probability={probabilityOf(sentence)} box={lane.label} texts={lane.labelTexts} />
        </g>
    );
}

/** The vector that the encoder makes of a sentence, as the article draws it: a column or row of cells. */
function Vector({ x, y, isAcross, text }: { x: number; y: number; isAcross: boolean; text: string }) {
    const cell = 13;
    return (
        <g>
            {[-1, 0, 1].map((i) => (
                <rect
                    class="fill-hidden stroke-hidden"
                    width={cell}
                    height={cell}
                    x={x - cell / 2 + (isAcross ? 0 : i * cell)}
                    y={y - cell / 2 + (isAcross ? i * cell : 0)}
                />
            ))}
            {isAcross ? (
                <text class="text-hidden" font-size="12" x={x} y={y + 37} text-anchor="middle">
                    {text}
                </text>
            ) : (
                // Beside the cells there is room for a word, not for two.
                text.split(" ").map((part, i) => (
                    <text class="text-hidden" font-size="12" x={x + 26} y={y - 2 + i * 14}>
                        {part}
                    </text>
                ))
            )}
        </g>
    );
}

function Label({ probability, box: { x, y, width }, texts: { names, below } }: { probability: number; box: Box; texts: LabelTexts }) {
    const bar = y + names.length * 20 + 4;
    return (
        <g>
            {names.map((name, i) => (
                <text x={x} y={y + 16 + i * 20} font-size="16" class="bold text-label">
                    {name}
                </text>
            ))}
            <rect x={x} y={bar} width={width} height="12" rx="3" class="fill-ground stroke-muted" />
            <rect x={x} y={bar} width={width * probability} height="12" rx="3" class="fill-label stroke-label" />
            {below.map((line, i) => (
                <text x={x} y={bar + 28 + i * 16} font-size="12">
                    {line}
                </text>
            ))}
        </g>
    );
}

function noLabel(ui: Ui): string {
    return ui.t({ en: "no label", zh: "无标签" });
}

function scoreText({ accuracy, interval, metric, nTest, answered }: Shared, ui: Ui): string {
    if (accuracy === null || interval === null || nTest === null) return ui.t({ en: "clsify guide writes a page that shows how often such labels are right.", zh: "clsify guide 写出的页面展示这类标签有多少是对的。" });
    const rows = grouped(nTest);
    const range = `${fixed(100 * interval[0], 1)}–${percent(interval[1])}`;
    const name = metric.en.charAt(0).toUpperCase() + metric.en.slice(1);
    return ui.t({
        en: `${name} on ${rows} held-out rows: ${percent(accuracy)} (95% confidence interval ${range})${answered ? `. ${answered.en}` : ""}`,
        zh: `${rows} 行留出数据上的${metric.zh}：${percent(accuracy)}（95% 置信区间 ${range}）${answered ? `。${answered.zh}` : ""}`,
    });
}

interface ScoreProps {
    shared: Shared;
    lines: string[];
    isSets: boolean;
    ui: Ui;
    top: number;
    width: number;
}

function Score({ shared: { accuracy, interval, baseline }, lines, isSets, ui, top, width }: ScoreProps) {
    const at = (share: number) => 7 + share * (width - 14);
    const y = top + lines.length * 19 + 34;
    const isKnown = accuracy !== null && interval !== null && baseline !== null;
    const value = percent(baseline ?? 0);
    const text = isSets
        ? ui.t({ en: `always assigning every label: ${value}`, zh: `总是预测所有标签：${value}` })
        : ui.t({ en: `always the most frequent label: ${value}`, zh: `总是预测最常见的标签：${value}` });
    return (
        <g>
            {lines.map((line, i) => (
                <text x="1" y={top + i * 19} font-size="14">
                    {line}
                </text>
            ))}
            {isKnown && <ScoreLine {...{ interval, baseline, text, at, y, width }} score={accuracy} textY={y - 20} />}
        </g>
    );
}
