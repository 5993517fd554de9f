// Scene 1: two sentences go through the encoder and the classifier and come out with a label. Below, how often the label is right.
import { ArrowHead, Drawing } from "../frame/drawing";
import { SentenceWords } from "../frame/word";
import { fixed, grouped, percent } from "../format";
import type { Guide, Sentence, Words } from "../page";
import type { FigureProps, Scene } from "../scene";
import { fit, wrap } from "../text";
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
    const scoreTop = layout.bottom + 34;
    const t = ui.t;
    const outcome = ({ text, predicted }: Sentence) => `“${text}”: ${predicted.join(", ") || noLabel(ui)}`;
    return (
        <>
            <SentenceWords ui={ui} sentence={sentence} />
            <Drawing
                ui={ui}
                width={width}
                height={scoreTop + (shared.accuracy === null ? 24 : 84)}
                title={t({ en: "From a sentence to its label", zh: "从句子到标签" })}
                desc={`${shown.map(outcome).join("; ")}. ${scoreText(shared, ui)}`}
            >
                <defs>
                    <ArrowHead id="verdict-arrow" />
                </defs>
                <Model
                    box={layout.encoder}
                    lines={[t({ en: "Encoder", zh: "编码器" }), shared.encoder, t({ en: `pooling: ${shared.pooling}`, zh: `池化：${shared.pooling}` })]}
                />
                <Model
                    box={layout.classifier}
                    lines={[t({ en: "Classifier", zh: "分类器" }), t({ en: "logistic regression", zh: "逻辑回归" })]}
                />
                {shown.map((each, i) => (
                    <Walk sentence={each} lane={layout.lanes[i]!} isWide={isWide} shared={shared} guide={guide} ui={ui} />
                ))}
                <Score shared={shared} ui={ui} top={scoreTop} width={width} />
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
    lines: string[];
    arrows: { x1: number; y1: number; x2: number; y2: number }[];
    vector: { x: number; y: number };
    label: Box;
}

function wideLayout(shown: Sentence[], width: number) {
    const textWidth = Math.min(width * 0.34, 320);
    const [gap, vectorGap] = [30, 96];
    const model = Math.min(170, (width - textWidth - 2 * gap - vectorGap) * 0.32);
    const encoder = { x: textWidth + gap, y: 0, width: model, height: 0 };
    const classifier = { x: encoder.x + model + vectorGap, y: 0, width: model * 0.9, height: 0 };
    const right = classifier.x + classifier.width;
    let y = 10;
    const lanes = shown.map((sentence): Lane => {
        const lines = wrap(sentence.text, textWidth - 28, 15, 6);
        const height = Math.max(lines.length * 21 + 22, 88);
        const middle = y + height / 2;
        const arrow = (x1: number, x2: number) => ({ x1, y1: middle, x2, y2: middle });
        const lane = {
            text: { x: 1, y, width: textWidth, height },
            lines,
            arrows: [arrow(textWidth + 4, encoder.x - 3), arrow(encoder.x + model + 3, classifier.x - 3), arrow(right + 3, right + gap - 3)],
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
    const texts = shown.map((sentence) => wrap(sentence.text, column - 20, 13, 8));
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
    const top = box.y + box.height / 2 - lines.length * 9 + 12;
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
    lane: Lane;
    isWide: boolean;
    shared: Shared;
    guide: Guide;
    ui: Ui;
}

function Walk({ sentence, lane, isWide, shared, guide, ui }: WalkProps) {
    const { text, lines, arrows, vector } = lane;
    const [size, leading] = isWide ? [15, 21] : [13, 18];
    const first = text.y + (text.height - lines.length * leading) / 2 + leading * 0.75;
    return (
        <g>
            <rect class="fill-sentence stroke-sentence" stroke-width="1.5" rx="10" {...text} />
            {lines.map((line, i) => (
                <text x={text.x + (isWide ? 14 : 10)} y={first + i * leading} font-size={size} class="text-sentence">
                    {line}
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
            <text class="text-hidden" font-size="12" {...(isAcross ? { x, y: y + 37, "text-anchor": "middle" } : { x: x + 26, y: y + 4 })}>
                {text}
            </text>
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
    return ui.t({ en: `${metric.en} on ${rows} held-out rows: ${value}`, zh: `${rows} 行留出数据上的${metric.zh}：${value}` });
}

function Score({ shared, ui, top, width }: { shared: Shared; ui: Ui; top: number; width: number }) {
    const text = scoreText(shared, ui);
    const heading = text.charAt(0).toUpperCase() + text.slice(1);
    const { accuracy, interval, baseline } = shared;
    const at = (share: number) => 7 + share * (width - 14);
    const y = top + 26;
    const base = ui.t({ en: `most frequent label: ${percent(baseline)}`, zh: `总答最常见的标签：${percent(baseline)}` });
    return (
        <g>
            <text x="1" y={top + 4} font-size="13" class="bold">
                {fit(heading, width - 2, 13, false, true)}
            </text>
            {accuracy !== null && (
                <>
                    <line class="stroke-muted" x1={at(0)} x2={at(1)} y1={y} y2={y} />
                    {[0, 0.25, 0.5, 0.75, 1].map((share) => (
                        <g>
                            <line class="stroke-muted" x1={at(share)} x2={at(share)} y1={y - 4} y2={y + 4} />
                            <text x={at(share)} y={y + 18} font-size="11.5" class="text-muted" text-anchor={share === 0 ? "start" : share === 1 ? "end" : "middle"}>
                                {percent(share, 0)}
                            </text>
                        </g>
                    ))}
                    <path class="fill-muted" d={`M${at(baseline)} ${y + 24}l-5 9h10z`} />
                    <line class="stroke-muted" stroke-dasharray="2 3" x1={at(baseline)} x2={at(baseline)} y1={y - 8} y2={y + 24} />
                    <text x={at(baseline)} y={y + 48} font-size="12" class="text-muted" text-anchor="middle">
                        {base}
                    </text>
                    <line class="stroke-test" stroke-width="7" x1={at(interval[0])} x2={at(interval[1])} y1={y} y2={y} />
                    <circle class="fill-paper stroke-test" stroke-width="2.5" r="6" cx={at(accuracy)} cy={y} />
                </>
            )}
        </g>
    );
}
