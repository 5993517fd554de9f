// Scene 3: the encoder and the classifier as areas, true to scale by their numbers of parameters, with the classifier magnified.
import { ArrowHead, Drawing, Hatch } from "../frame/drawing";
import { Lines } from "../frame/lines";
import { grouped } from "../format";
import type { FigureProps, Scene } from "../scene";
import { fit, textWidth, wrap } from "../text";
import type { Ui } from "../ui";

interface Shared {
    encoder: string;
    /** True if the encoder was trained together with the classifier. */
    isTuned: boolean;
    /** Parameters of the embeddings. */
    tables: number;
    perLayer: number;
    nLayers: number;
    /** The topmost layer that the features need. */
    depth: number;
    /** Parameters of matrices after pooling. */
    dense: number;
    used: number;
    unused: number;
    features: number;
    vocabulary: number;
    /** Numbers of each token in the table of embeddings, which may be narrower than the hidden states. */
    embeddingSize: number;
    weights: number;
    intercepts: number;
    learned: number;
    /** Null for a classifier of another library. */
    nTrain: number | null;
    nLabels: number;
}

export const scene: Scene<Shared, null> = { id: "models", Figure };

const MAGNIFICATIONS = [200, 100, 50, 20, 10, 5, 2, 1];
/** The size of the lens in px, and its margin. */
const LENS = 196;
const LENS_MARGIN = 14;
const wrapBold = (text: string, width: number, fontSize: number, maxLines = Infinity) => wrap(text, width, fontSize, maxLines, false, true);

function Figure({ shared, ui, width }: FigureProps<Shared, null>) {
    const t = ui.t;
    const isWide = width >= 640;
    const boxWidth = isWide ? Math.floor(width * 0.44) : width - 2;
    const boxHeight = isWide ? 340 : 300;
    const parameters = shared.used + shared.unused;
    const perPixel = parameters / (boxWidth * boxHeight);
    const side = Math.sqrt(shared.learned / perPixel);
    const how = shared.isTuned ? { en: "fine-tuned here", zh: "在这里微调" } : { en: "frozen", zh: "参数冻结" };
    const encoderName = shared.encoder.replace(/ \(tuned\)$/, "");
    const name = wrapBold(t({ en: `Encoder ${encoderName}: ${how.en}`, zh: `编码器 ${encoderName}：${how.zh}` }), boxWidth, 15, 3);
    const encoder = { x: 1, y: name.length * 21 + 28, width: boxWidth, height: boxHeight };
    const counts = wrapBold(countText(shared, ui), boxWidth, 13);
    const knows = wrap(encoderText(shared, ui), boxWidth, 13);
    const textTop = encoder.y + boxHeight + 24;
    const encoderBottom = textTop + (counts.length + knows.length) * 18 + 8;
    const right = isWide ? { x: boxWidth + 64, top: 0, width: width - boxWidth - 66 } : { x: 1, top: encoderBottom + 34, width: width - 2 };
    const own = classifierLayout(shared, side, right, ui);
    return (
        <Drawing
            ui={ui}
            width={width}
            height={Math.max(encoderBottom, own.bottom) + 2}
            title={t({ en: "Encoder and classifier, true to scale", zh: "按真实比例画出的编码器和分类器" })}
            desc={`${countText(shared, ui)} ${learnedText(shared, ui)} ${ratioText(shared, ui)}`}
        >
            <defs>
                <ArrowHead id="models-arrow" />
                <Hatch id="models-hatch" />
            </defs>
            <Lines lines={name} x={1} y={16} fontSize={15} leading={21} class="bold" />
            <text x="1" y={encoder.y - 10} font-size="12" class="text-muted">
                {t({ en: `1 px² of area = ${grouped(Math.round(perPixel))} parameters`, zh: `图中 1 平方像素 = ${grouped(Math.round(perPixel))} 个参数` })}
            </text>
            <Encoder box={encoder} shared={shared} ui={ui} />
            <Lines lines={counts} x={1} y={textTop} leading={18} class="bold" />
            <Lines lines={knows} x={1} y={textTop + counts.length * 18 + 4} leading={18} />
            {isWide && <line class="stroke-muted" stroke-width="1.5" marker-end="url(#models-arrow)" x1={encoder.x + boxWidth + 8} x2={right.x - 10} y1={own.dot.y + side / 2} y2={own.dot.y + side / 2} />}
            <Classifier {...own} side={side} ui={ui} />
        </Drawing>
    );
}

function countText({ used, unused, nLayers, depth }: Shared, ui: Ui): string {
    const all = { en: `${grouped(used)} parameters`, zh: `${grouped(used)} 个参数` };
    if (unused === 0) return ui.t(all);
    return ui.t({
        en: `${all.en} are used. The features need only layers up to ${depth} of ${nLayers}, so the other ${grouped(unused)} are unused (hatched).`,
        zh: `用到 ${all.zh}。特征只需要计算到第 ${depth} 层（共 ${nLayers} 层），其余 ${grouped(unused)} 个参数未用到（斜线部分）。`,
    });
}

function encoderText({ vocabulary, embeddingSize, isTuned }: Shared, ui: Ui): string {
    const labels = isTuned
        ? { en: "Then it learned from your training rows, together with the classifier.", zh: "然后它又与分类器一起，用你的训练数据学习。" }
        : { en: "It has never seen your labels.", zh: "它从未见过你的标签。" };
    return ui.t({
        en: `It was trained on large amounts of other text and knows how words are used in general. Its embeddings hold ${grouped(embeddingSize)} numbers for each of ${grouped(vocabulary)} tokens. ${labels.en}`,
        zh: `它用大量其他文本训练过，学到了一般的用词规律。它的嵌入表为 ${grouped(vocabulary)} 个词元各存 ${grouped(embeddingSize)} 个数。${labels.zh}`,
    });
}

function learnedText({ learned, weights, intercepts }: Shared, ui: Ui): string {
    return ui.t({
        en: `${grouped(learned)} parameters: ${grouped(weights)} weights and ${grouped(intercepts)} ${intercepts === 1 ? "intercept" : "intercepts"}`,
        zh: `${grouped(learned)} 个参数：${grouped(weights)} 个权重和 ${grouped(intercepts)} 个截距`,
    });
}

function ratioText({ used, learned, isTuned }: Shared, ui: Ui): string {
    const ratio = used / learned;
    const rounded = grouped(ratio >= 10 ? Math.round(ratio) : Math.round(ratio * 10) / 10);
    if (isTuned) return ui.t({ en: `For each parameter of the classifier, the encoder has ${rounded}.`, zh: `分类器每有 1 个参数，编码器就有 ${rounded} 个。` });
    return ui.t({
        en: `For each parameter that is trained here, the encoder has ${rounded} that stay frozen.`,
        zh: `这里每训练 1 个参数，编码器中就有 ${rounded} 个参数冻结不变。`,
    });
}

function classifierText({ features, nLabels, nTrain }: Shared, ui: Ui): string {
    const learned =
        nTrain === null
            ? { en: "It was trained by another program.", zh: "它由另一个程序训练。" }
            : { en: `It learned this from your ${grouped(nTrain)} training rows alone.`, zh: `这些知识全部来自你的 ${grouped(nTrain)} 行训练数据。` };
    return ui.t({
        en: `It knows which of the ${grouped(features)} features support which of your ${grouped(nLabels)} labels. ${learned.en}`,
        zh: `它知道 ${grouped(features)} 个特征中哪些支持你的 ${grouped(nLabels)} 个标签中的哪一个。${learned.zh}`,
    });
}

interface Box {
    x: number;
    y: number;
    width: number;
    height: number;
}

interface Block {
    y: number;
    height: number;
    name: string;
    n: number;
    isUsed: boolean;
}

/** The parts of the encoder on top of each other; a sentence enters at the bottom. */
function Encoder({ box, shared, ui }: { box: Box; shared: Shared; ui: Ui }) {
    const t = ui.t;
    const { tables, perLayer, nLayers, depth, dense } = shared;
    const all = shared.used + shared.unused;
    const parts = [
        { name: t({ en: "embeddings", zh: "嵌入" }), n: tables, isUsed: true },
        ...Array.from({ length: nLayers }, (_, i) => ({ name: t({ en: `layer ${i + 1}`, zh: `第 ${i + 1} 层` }), n: perLayer, isUsed: i < depth })),
        ...(dense > 0 ? [{ name: t({ en: "matrices after pooling", zh: "池化之后的矩阵" }), n: dense, isUsed: true }] : []),
    ];
    let bottom = box.y + box.height;
    const blocks = parts.map((part): Block => {
        const height = (part.n / all) * box.height;
        bottom -= height;
        return { ...part, y: bottom, height };
    });
    const isTight = blocks.some(({ height }, i) => i > 0 && i <= nLayers && height < 17);
    const layers = { y: blocks[nLayers]!.y, height: (perLayer * nLayers * box.height) / all };
    const middle = box.x + box.width / 2;
    const label = (text: string, y: number) => {
        const shown = fit(text, box.width - 16, 12.5);
        const half = textWidth(shown, 12.5) / 2 + 6;
        return (
            <g>
                <rect class="fill-paper" opacity="0.85" rx="4" x={middle - half} y={y - 9} width={2 * half} height="18" />
                <text x={middle} y={y + 4.5} font-size="12.5" text-anchor="middle">
                    {shown}
                </text>
            </g>
        );
    };
    return (
        <g>
            {blocks.map(({ y, height, isUsed }) => (
                <>
                    <rect class={`${isUsed ? "fill-model" : "fill-paper"} stroke-model`} x={box.x} y={y} width={box.width} height={height} />
                    {!isUsed && <rect fill="url(#models-hatch)" opacity="0.5" x={box.x} y={y} width={box.width} height={height} />}
                </>
            ))}
            {blocks.map(({ name, n, y, height, isUsed }, i) => {
                if (height < 17 || (isTight && i > 0 && i <= nLayers)) return null;
                const used = isUsed ? { en: "", zh: "" } : { en: " (not used)", zh: "（未用到）" };
                return label(t({ en: `${name}: ${grouped(n)}${used.en}`, zh: `${name}：${grouped(n)}${used.zh}` }), y + height / 2);
            })}
            {isTight && label(t({ en: `${nLayers} layers of ${grouped(perLayer)}`, zh: `${nLayers} 层，每层 ${grouped(perLayer)}` }), layers.y + layers.height / 2)}
        </g>
    );
}

interface ClassifierLayout {
    x: number;
    heading: string[];
    headingTop: number;
    dot: { x: number; y: number };
    /** The lens; null if the classifier is large enough without. */
    lens: Box | null;
    magnification: number;
    /** Beside the square that is true to scale. */
    dotText: string[];
    lensText: string[];
    lensTextX: number;
    learned: string[];
    knows: string[];
    textTop: number;
    bottom: number;
}

function classifierLayout(shared: Shared, side: number, { x, top, width }: { x: number; top: number; width: number }, ui: Ui): ClassifierLayout {
    const t = ui.t;
    const heading = wrapBold(t({ en: "Classifier: trained here", zh: "分类器：在这里训练" }), width, 15, 2);
    const magnification = MAGNIFICATIONS.find((factor) => side * factor <= LENS - 2 * LENS_MARGIN) ?? 1;
    const dot = { x: x + side * 0.25 + 6, y: top + heading.length * 21 + 24 };
    const dotText = wrap(t({ en: "the classifier at the scale of the encoder", zh: "与编码器同一比例的分类器" }), width - side * 1.5 - 26, 12.5, 3);
    const lens = magnification > 1 ? { x: x + 1, y: dot.y + Math.max(side, dotText.length * 17) + 32, width: LENS, height: LENS } : null;
    const lensTextX = x + LENS + 16;
    const times = grouped(magnification);
    const lensText = wrap(
        t({
            en: `the same square, with sides ${times} times as long and an area ${grouped(magnification ** 2)} times as large`,
            zh: `同一个方块，边长放大 ${times} 倍，面积放大 ${grouped(magnification ** 2)} 倍`,
        }),
        width - LENS - 18,
        12.5,
    );
    const textTop = (lens ? lens.y + Math.max(LENS, lensText.length * 17) : dot.y + Math.max(side, dotText.length * 17)) + 30;
    const learned = wrapBold(learnedText(shared, ui), width, 13);
    const knows = [...wrap(classifierText(shared, ui), width, 13), ...wrap(ratioText(shared, ui), width, 13)];
    const bottom = textTop + (learned.length + knows.length) * 18;
    return { x, heading, headingTop: top + 16, dot, lens, magnification, dotText, lensText, lensTextX, learned, knows, textTop, bottom };
}

function Classifier(props: ClassifierLayout & { side: number; ui: Ui }) {
    const { x, heading, headingTop, dot, lens, magnification, dotText, lensText, lensTextX, learned, knows, textTop, side } = props;
    const big = side * magnification;
    const middle = { x: dot.x + side / 2, y: dot.y + side / 2 };
    const ring = side * 0.75 + 5;
    return (
        <g>
            <Lines lines={heading} x={x} y={headingTop} fontSize={15} leading={21} class="bold" />
            {lens && (
                <>
                    <path class="stroke-muted fill-none" stroke-dasharray="3 3" d={`M${middle.x - ring} ${middle.y}L${lens.x} ${lens.y + 8}M${middle.x + ring} ${middle.y}L${lens.x + LENS - 8} ${lens.y}`} />
                    <circle class="fill-paper stroke-muted" r={ring} cx={middle.x} cy={middle.y} />
                    <rect class="fill-ground stroke-muted" rx="8" {...lens} />
                    <rect class="fill-model stroke-model" stroke-width="1.5" x={lens.x + (LENS - big) / 2} y={lens.y + (LENS - big) / 2} width={big} height={big} />
                    <Lines lines={lensText} x={lensTextX} y={lens.y + LENS / 2 - (lensText.length * 17) / 2 + 12} fontSize={12.5} leading={17} />
                </>
            )}
            {/* A square of a few px needs the strong shade to be seen. */}
            <rect class={side < 8 ? "text-model" : "fill-model stroke-model"} x={dot.x} y={dot.y} width={side} height={side} />
            <Lines lines={dotText} x={middle.x + ring + 8} y={middle.y + 4 - (dotText.length - 1) * 8.5} fontSize={12.5} leading={17} />
            <Lines lines={learned} x={x} y={textTop} leading={18} class="bold" />
            <Lines lines={knows} x={x} y={textTop + learned.length * 18 + 4} leading={18} />
        </g>
    );
}
