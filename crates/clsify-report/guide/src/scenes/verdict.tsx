// Scene 1: two sentences go through the encoder and the classifier and come out with a label. Below, how often the label is right.
import { ArrowHead, Drawing } from "../frame/drawing";
import { SentenceWords, word } from "../frame/word";
import { fixed, grouped, percent } from "../format";
import type { Guide, Piece, Sentence, Words } from "../page";
import type { FigureProps, Scene } from "../scene";
import { fit, textWidth, wrap, wrapPieces } from "../text";
import type { Ui } from "../ui";

interface Shared {
    /** Null if no rows were held out. */
    accuracy: number | null;
    interval: [number, number];
    /** The score of always answering the most frequent label. */
    baseline: number;
    nTest: number;
    /** The name of the score. */
    metric: Words;
    encoder: string;
    hiddenSize: number;
    pooling: string;
    /** The index of the second sentence. */
    partner: number;
}

export const scene: Scene<Shared, object> = { id: "verdict", Figure };

/** Narrower than this, the sentences go down instead of to the right. */
const WIDE = 700;
const ROW_GAP = 22;

interface Box {
    x: number;
    y: number;
    width: number;
    height: number;
}

function Figure({ shared, sentence, guide, ui, width }: FigureProps<Shared, object>) {
    const shown = [sentence, ...partnerOf(shared.partner, sentence, guide)];
    const isWide = width >= WIDE;
    const layout = (isWide ? wideLayout : narrowLayout)(shown, width);
    const scoreTop = layout.bottom + 38;
    const scoreLines = wrap(scoreText(shared, ui), width - 2, 14);
    const t = ui.t;
    const outcome = ({ text, predicted }: Sentence) => `“${text}”: ${predicted.join(", ") || noLabel(ui)}`;
    return (
        <>
            <SentenceWords
                ui={ui}
                sentence={sentence}
                hint={t({ en: "Point at a word: every figure on this page that shows it marks it.", zh: "指向一个词：本页所有含有它的图都会标出它。" })}
            />
            <Drawing
                ui={ui}
                width={width}
                height={scoreTop + scoreLines.length * 19 + (shared.accuracy === null ? 0 : 66)}
                title={t({ en: "From a sentence to its label", zh: "从句子到标签" })}
                desc={`${shown.map(outcome).join("; ")}. ${scoreText(shared, ui)}`}
            >
                <defs>
                    <ArrowHead id="verdict-arrow" />
                </defs>
                <Model
                    box={layout.encoder}
                    lines={[t({ en: "Encoder", zh: "编码器" }), ...wrap(shared.encoder, layout.encoder.width - 14, 12.5, 2), t({ en: `pooling: ${shared.pooling}`, zh: `池化：${shared.pooling}` })]}
                />
                <Model
                    box={layout.classifier}
                    lines={[t({ en: "Classifier", zh: "分类器" }), t({ en: "logistic regression", zh: "逻辑回归" })]}
                />
                {shown.map((each, i) => (
                    <Walk sentence={each} isPicked={each === sentence} lane={layout.lanes[i]!} isWide={isWide} shared={shared} guide={guide} ui={ui} />
                ))}
                <Score shared={shared} lines={scoreLines} ui={ui} top={scoreTop} width={width} />
            </Drawing>
        </>
    );
}

/** The second sentence; another one if the reader picked that very one. */
function partnerOf(partner: number, sentence: Sentence, guide: Guide): Sentence[] {
    const candidates = [guide.sentences[partner], ...guide.sentences];
    return candidates.filter((each) => each !== undefined && each !== sentence).slice(0, 1) as Sentence[];
}

/** Where one sentence passes: its text, the arrows with the vector on the second, and the label. */
interface Lane {
    text: Box;
    lines: Piece[][];
    arrows: { x1: number; y1: number; x2: number; y2: number }[];
    vector: { x: number; y: number };
    label: Box;
}

function wideLayout(shown: Sentence[], width: number) {
    const column = Math.min(width * 0.34, 310);
    const [gap, vectorGap] = [30, 94];
    const model = Math.min(180, (width - column - 2 * gap - vectorGap) * 0.36);
    const encoder = { x: column + gap, y: 1, width: model, height: 0 };
    const classifier = { x: encoder.x + model + vectorGap, y: 1, width: Math.min(model, 136), height: 0 };
    const right = classifier.x + classifier.width;
    let y = 11;
    const lanes = shown.map((sentence): Lane => {
        const lines = wrapPieces(sentence.pieces, column - 28, 15, 6);
        const height = Math.max(lines.length * 21 + 22, 88);
        const middle = y + height / 2;
        const arrow = (x1: number, x2: number) => ({ x1, y1: middle, x2, y2: middle });
        const lane = {
            text: { x: 1, y, width: column, height },
            lines,
            arrows: [arrow(column + 4, encoder.x - 3), arrow(encoder.x + model + 3, classifier.x - 3), arrow(right + 3, right + gap - 3)],
            vector: { x: encoder.x + model + vectorGap / 2 - 4, y: middle },
            label: { x: right + gap + 6, y: middle - 36, width: width - right - gap - 8, height: 72 },
        };
        y += height + ROW_GAP;
        return lane;
    });
    const bottom = y - ROW_GAP;
    encoder.height = classifier.height = bottom + 10;
    return { encoder, classifier, lanes, bottom: bottom + 10 };
}

function narrowLayout(shown: Sentence[], width: number) {
    const gap = 14;
    const column = (width - 2 - gap * (shown.length - 1)) / shown.length;
    const texts = shown.map((sentence) => wrapPieces(sentence.pieces, column - 20, 13, 8));
    const textHeight = Math.max(...texts.map((lines) => lines.length * 18 + 20));
    const encoder = { x: 1, y: textHeight + 32, width: width - 2, height: 66 };
    const classifier = { x: 1, y: encoder.y + encoder.height + 76, width: width - 2, height: 50 };
    const labelTop = classifier.y + classifier.height + 30;
    const lanes = shown.map((_, i): Lane => {
        const x = 1 + i * (column + gap);
        const middle = x + column / 2;
        const arrow = (y1: number, y2: number) => ({ x1: middle, y1, x2: middle, y2 });
        return {
            text: { x, y: 1, width: column, height: textHeight },
            lines: texts[i]!,
            arrows: [arrow(textHeight + 4, encoder.y - 3), arrow(encoder.y + 69, classifier.y - 3), arrow(classifier.y + 53, labelTop - 3)],
            vector: { x: middle, y: encoder.y + encoder.height + 34 },
            label: { x: x + 4, y: labelTop, width: column - 8, height: 72 },
        };
    });
    return { encoder, classifier, lanes, bottom: labelTop + 72 };
}

function Model({ box, lines }: { box: Box; lines: string[] }) {
    const middle = box.x + box.width / 2;
    const top = box.y + box.height / 2 - lines.length * 9.5 + 15;
    return (
        <g>
            <rect class="fill-model stroke-model" stroke-width="1.5" rx="10" {...box} />
            {lines.map((line, i) => (
                <text x={middle} y={top + i * 19} text-anchor="middle" font-size={i === 0 ? 15 : 12.5} class={i === 0 ? "bold" : undefined}>
                    {fit(line, box.width - 14, i === 0 ? 15 : 12.5, false, i === 0)}
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
    guide: Guide;
    ui: Ui;
}

function Walk({ sentence, isPicked, lane, isWide, shared, guide, ui }: WalkProps) {
    const { text, lines, arrows, vector } = lane;
    const [size, leading] = isWide ? [15, 21] : [13, 18];
    const first = text.y + (text.height - lines.length * leading) / 2 + leading * 0.75;
    return (
        <g>
            <rect class="fill-sentence stroke-sentence" stroke-width="1.5" rx="10" {...text} />
            {lines.map((line, i) => (
                <text x={text.x + (isWide ? 14 : 10)} y={first + i * leading} font-size={size} class="text-sentence">
                    {line.map((piece) => (
                        <tspan {...word(ui, isPicked ? piece.word : null)}>{piece.text}</tspan>
                    ))}
                </text>
            ))}
            {arrows.map((arrow) => (
                <line class="stroke-muted" stroke-width="1.5" marker-end="url(#verdict-arrow)" {...arrow} />
            ))}
            <Vector {...vector} isAcross={isWide} text={ui.t({ en: `${grouped(shared.hiddenSize)} numbers`, zh: `${grouped(shared.hiddenSize)} 个数` })} />
            <Label sentence={sentence} box={lane.label} guide={guide} ui={ui} />
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

function Label({ sentence, box, guide, ui }: { sentence: Sentence; box: Box; guide: Guide; ui: Ui }) {
    const probability = sentence.probability[sentence.label] ?? 0;
    const name = sentence.predicted.join(", ") || noLabel(ui);
    const bar = Math.max(box.width - 1, 0);
    // With several labels the bar is that of one of them, which the text then has to name.
    const about = guide.multiLabel ? ` ${guide.labels[sentence.label]}` : "";
    return (
        <g>
            <text x={box.x} y={box.y + 18} font-size="16" class="bold text-label">
                {fit(name, box.width, 16, false, true)}
            </text>
            <rect x={box.x} y={box.y + 28} width={bar} height="12" rx="3" class="fill-ground stroke-muted" stroke-width="1" />
            <rect x={box.x} y={box.y + 28} width={bar * probability} height="12" rx="3" class="fill-label stroke-label" stroke-width="1" />
            <text x={box.x} y={box.y + 56} font-size="12">
                {fit(ui.t({ en: `probability ${percent(probability)}`, zh: `概率 ${percent(probability)}` }) + about, box.width, 12)}
            </text>
            {sentence.given && (
                <text x={box.x} y={box.y + 72} font-size="12" class="text-muted">
                    {fit(ui.t({ en: "given: ", zh: "人工标签：" }) + (sentence.given.join(", ") || noLabel(ui)), box.width, 12)}
                </text>
            )}
        </g>
    );
}

function noLabel(ui: Ui): string {
    return ui.t({ en: "no label", zh: "无标签" });
}

function scoreText({ accuracy, interval, metric, nTest }: Shared, ui: Ui): string {
    const rows = grouped(nTest);
    if (accuracy === null) return ui.t({ en: "No rows were held out, so the score is unknown.", zh: "没有留出数据，因此得分未知。" });
    const value = `${percent(accuracy)} (${fixed(100 * interval[0], 1)}–${percent(interval[1])})`;
    const name = metric.en.charAt(0).toUpperCase() + metric.en.slice(1);
    return ui.t({ en: `${name} on ${rows} held-out rows: ${value}`, zh: `${rows} 行留出数据上的${metric.zh}：${value}` });
}

interface ScoreProps {
    shared: Shared;
    lines: string[];
    ui: Ui;
    top: number;
    width: number;
}

/** The score with its interval on a line from 0 to 1, and the baseline above it. */
function Score({ shared: { accuracy, interval, baseline }, lines, ui, top, width }: ScoreProps) {
    const at = (share: number) => 7 + share * (width - 14);
    const y = top + lines.length * 19 + 34;
    const text = ui.t({ en: `most frequent label: ${percent(baseline)}`, zh: `总答最常见的标签：${percent(baseline)}` });
    const half = textWidth(text, 12) / 2 + 1;
    return (
        <g>
            {lines.map((line, i) => (
                <text x="1" y={top + i * 19} font-size="14">
                    {line}
                </text>
            ))}
            {accuracy !== null && (
                <>
                    <line class="stroke-muted" x1={at(0)} x2={at(1)} y1={y} y2={y} />
                    {[0, 0.25, 0.5, 0.75, 1].map((share) => (
                        <g>
                            <line class="stroke-muted" x1={at(share)} x2={at(share)} y1={y - 4} y2={y + 4} />
                            <text x={at(share)} y={y + 21} font-size="12" class="text-muted" text-anchor={share === 0 ? "start" : share === 1 ? "end" : "middle"}>
                                {percent(share, 0)}
                            </text>
                        </g>
                    ))}
                    <path class="fill-muted" d={`M${at(baseline)} ${y - 5}l-5 -9h10z`} />
                    <text x={Math.min(Math.max(at(baseline), half), width - half)} y={y - 20} font-size="12" class="text-muted" text-anchor="middle">
                        {text}
                    </text>
                    <line class="stroke-test" stroke-width="7" x1={at(interval[0])} x2={at(interval[1])} y1={y} y2={y} />
                    <circle class="fill-paper stroke-test" stroke-width="2.5" r="6" cx={at(accuracy)} cy={y} />
                </>
            )}
        </g>
    );
}
