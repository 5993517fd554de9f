// Scene 6: the layers of the encoder as rows and the tokens as columns. A cell is the size of the change that a layer makes to a token's vector;
// beside it, the logit that the classifier would give to each layer's features.
import { useEffect, useMemo, useState } from "preact/hooks";
import { ClassSelector } from "../frame/class_selector";
import { Controls, Slider } from "../frame/controls";
import { Drawing } from "../frame/drawing";
import { WordMark } from "../frame/word";
import { fixed, signed } from "../format";
import type { FigureProps, Scene } from "../scene";
import { linear, nice } from "../scale";
import { textWidth, wrap } from "../text";
import { type TokenBox, tokenLines, type Tokens } from "../tokens";
import type { Ui } from "../ui";
import { f32 } from "../unpack";
import { labelName } from "../label_name";

interface Shared {
    /** The first and the last hidden state that the features use. */
    used: [number, number];
    nLayers: number;
    hiddenSize: number;
    /** The features have the vector of one position alone. */
    isOnePosition: boolean;
    nPrompt: number;
}

interface OfLabel {
    label: number;
    /** The runner-up, whose logit is subtracted; null for two classes and for label sets. */
    against: number | null;
    /** From the embeddings to the last used layer; null where it is infinite. */
    byLayer: (number | null)[];
}

interface Data {
    tokens: Tokens;
    /** [layers, shown tokens] */
    changes: string;
    means: number[];
    /** The explained label first; none if the features combine layers. */
    logits: OfLabel[];
}

export const scene: Scene<Shared, Data> = { id: "layers", Figure };

const ROW = 20;
const HEADER = 26;
const GAP = 16;
/** The room of the logits beside the cells, and the least width that they need. */
const LOGITS = 236;
const WIDE = 720;

function Figure({ shared, data, sentence, guide, ui, width }: FigureProps<Shared, Data>) {
    const t = ui.t;
    const { tokens, means } = data;
    const changes = useMemo(() => f32(data.changes), [data]);
    const depth = means.length;
    const [layer, setLayer] = useState(depth);
    // Another model is another page, so the depth changes only with the sentence's data.
    useEffect(() => setLayer(depth), [depth]);
    const most = changes.reduce((a, b) => Math.max(a, b), 0);
    const names = Array.from({ length: depth + 1 }, (_, i) => (i === 0 ? t({ en: "embeddings", zh: "嵌入" }) : t({ en: `layer ${i}`, zh: `第 ${i} 层` })));
    const nameWidth = Math.ceil(Math.max(...names.map((name) => textWidth(name, 12, false, true)))) + 10;
    const ofLabel = data.logits.find(({ label }) => label === ui.label.value) ?? data.logits[0];
    const isWide = width >= WIDE && ofLabel !== undefined;
    const cells = width - nameWidth - 2;
    const lines = tokenLines(tokens.texts, 12, 34, cells, isWide ? cells - LOGITS : cells);
    const rows = depth + 1;
    const block = HEADER + rows * ROW + GAP;
    const legend = legendLines(shared, tokens, ui, width);
    const logitWidth = isWide ? LOGITS - 14 : width;
    const name = ofLabel && logitName(ofLabel, guide.labels, guide.multiLabel, ui);
    const title = name === undefined ? [] : wrap(name, logitWidth, 12.5, 3, false, true);
    // Without a scale, whose line is short, the title of the logits stands below the legend.
    const top = (most > 0 ? 34 : 10 + (isWide ? (title.length - 1) * 15 : 0)) + legend.length * 17;
    const logitTop = isWide ? top : top + lines.length * block + 10 + (title.length - 1) * 15;
    const notes =
        ofLabel && depth > 0
            ? wrap(
                  t({
                      en: "Filled: the layer that the classifier was trained on. Hollow: its output if it were given another layer.",
                      zh: "实心：分类器训练所用的层。空心：假如把别的层交给它的结果。",
                  }),
                  width - 2,
                  12,
              )
            : [];
    const reading = wrap(readingOf(data, changes, layer, shared, ofLabel?.byLayer[layer], name, ui), width - 2, 13.5);
    // Lines of tokens take the whole width below the logits, so the notes stand below all of them.
    const notesTop = Math.max(top + lines.length * block, ofLabel ? logitTop + block : 0) + 4;
    const end = notesTop + notes.length * 16 + (notes.length > 0 ? 4 : 0);
    const isPooled = (token: number) => (shared.isOnePosition ? token === shared.nPrompt : token >= shared.nPrompt);
    return (
        <>
            {(depth > 0 || data.logits.length > 1) && (
                <Controls>
                    {depth > 0 && (
                        <Slider label={t({ en: "After", zh: "经过" })} min={0} max={depth} value={layer} text={names[layer]!} onChange={setLayer} />
                    )}
                    {data.logits.length > 1 && <ClassSelector {...{ ui, guide, sentence }} />}
                </Controls>
            )}
            <Drawing
                ui={ui}
                width={width}
                height={end + reading.length * 19 + 6}
                title={t({ en: "The change of every token's vector in every layer", zh: "每一层里每个词元的向量变化" })}
                desc={means.map((mean, i) => `${names[i + 1]}: ${t({ en: "mean change", zh: "平均变化" })} ${fixed(mean, 2)}`).join("; ") + ". " + reading.join(" ")}
            >
                {legend.map((line, i) => (
                    <text x="1" y={13 + i * 17} font-size="12.5">
                        {line}
                    </text>
                ))}
                <Scale x={1} y={legend.length * 17 + 6} most={most} width={width} ui={ui} />
                {lines.map((line, i) => {
                    const y = top + i * block;
                    return (
                        <g>
                            {names.map((name, l) => (
                                <g>
                                    <text class={l === layer ? "bold" : "text-muted"} font-size="12" x={nameWidth - 8} y={y + HEADER + l * ROW + 14} text-anchor="end">
                                        {name}
                                    </text>
                                    {line.map((box) => (
                                        <Cell
                                            box={box}
                                            x={nameWidth + box.x}
                                            y={y + HEADER + l * ROW}
                                            change={l === 0 ? null : changes[(l - 1) * tokens.texts.length + box.token]!}
                                            most={most}
                                            isAhead={l > layer}
                                            isUsed={l >= shared.used[0] && l <= shared.used[1] && isPooled(box.token)}
                                        />
                                    ))}
                                </g>
                            ))}
                            {line.map((box) => (
                                <WordMark ui={ui} word={tokens.words[box.token]!}>
                                    <rect
                                        class={tokens.special.includes(box.token) ? "fill-special stroke-special" : "fill-token stroke-token"}
                                        x={nameWidth + box.x + 0.5}
                                        y={y + 0.5}
                                        width={box.width - 1}
                                        height={HEADER - 6}
                                        rx="3"
                                    />
                                    <text class="mono" font-size="12" x={nameWidth + box.x + box.width / 2} y={y + 14} text-anchor="middle">
                                        {box.text}
                                    </text>
                                </WordMark>
                            ))}
                            <rect
                                class="fill-none stroke-ink"
                                stroke-width="1.5"
                                rx="3"
                                x={nameWidth - 2}
                                y={y + HEADER + layer * ROW - 1}
                                width={line.at(-1)!.x + line.at(-1)!.width + 4}
                                height={ROW}
                            />
                        </g>
                    );
                })}
                {ofLabel && (
                    <Logits
                        ofLabel={ofLabel}
                        title={title}
                        names={isWide ? null : names}
                        x={isWide ? width - LOGITS + 14 : nameWidth}
                        width={isWide ? LOGITS - 14 : width - nameWidth - 2}
                        y={logitTop}
                        layer={layer}
                        ui={ui}
                    />
                )}
                {notes.map((line, i) => (
                    <text class="text-muted" font-size="12" x="1" y={notesTop + 12 + i * 16}>
                        {line}
                    </text>
                ))}
                {reading.map((line, i) => (
                    <text x="1" y={end + 14 + i * 19} font-size="13.5">
                        {line}
                    </text>
                ))}
            </Drawing>
        </>
    );
}

interface CellProps {
    box: TokenBox;
    x: number;
    y: number;
    /** Null for the embeddings, before which there is nothing. */
    change: number | null;
    most: number;
    /** Above the layer that is read. */
    isAhead: boolean;
    isUsed: boolean;
}

function Cell({ box, x, y, change, most, isAhead, isUsed }: CellProps) {
    return (
        <g>
            <rect class="fill-ground" x={x} y={y} width={box.width} height={ROW - 2} rx="2" />
            {change !== null && <rect class="fill-change layer-part" fill-opacity={isAhead ? 0 : 0.55 * (change / most)} x={x} y={y} width={box.width} height={ROW - 2} rx="2" />}
            {isUsed && <rect class="fill-none stroke-cls" stroke-width="2" x={x + 1} y={y + 1} width={box.width - 2} height={ROW - 4} rx="2" />}
            <text font-size="11" x={x + box.width / 2} y={y + 13} text-anchor="middle" class={change === null || isAhead ? "text-muted" : ""}>
                {change === null ? "·" : fixed(change, 2)}
            </text>
        </g>
    );
}

/** The colour of a change, from none to the largest one. */
function Scale({ x, y, most, width, ui }: { x: number; y: number; most: number; width: number; ui: Ui }) {
    const steps = 5;
    const cell = 36;
    const label = ui.t({ en: "change", zh: "变化" });
    const start = x + textWidth(label, 12) + 8;
    if (most === 0) return null;
    return (
        <g>
            <text class="text-muted" font-size="12" x={x} y={y + 13}>
                {label}
            </text>
            {Array.from({ length: steps }, (_, i) => i / (steps - 1)).map((share, i) => (
                <g>
                    <rect class="fill-ground" x={start + i * cell} y={y} width={cell - 2} height={ROW - 2} rx="2" />
                    <rect class="fill-change" fill-opacity={0.55 * share} x={start + i * cell} y={y} width={cell - 2} height={ROW - 2} rx="2" />
                    <text font-size="11" x={start + i * cell + cell / 2 - 1} y={y + 13} text-anchor="middle">
                        {fixed(share * most, 2)}
                    </text>
                </g>
            ))}
            {width > 500 && (
                <text class="text-muted" font-size="12" x={start + steps * cell + 6} y={y + 13}>
                    {ui.t({ en: "times the length of the vector before the layer", zh: "倍：相对于进入该层之前的向量长度" })}
                </text>
            )}
        </g>
    );
}

function legendLines(shared: Shared, tokens: Tokens, ui: Ui, width: number): string[] {
    const [first, last] = shared.used;
    const which = shared.isOnePosition
        ? { en: "the vector that becomes the features", zh: "成为特征的向量" }
        : { en: "the vectors that are pooled into the features", zh: "被池化成特征的向量" };
    const layers = first === last ? "" : ui.t({ en: ` (layers ${first} to ${last})`, zh: `（第 ${first} 到第 ${last} 层）` });
    const texts = [
        last === 0
            ? ui.t({
                  en: `A column is a token with its ${shared.hiddenSize} numbers. The only row is their state before the first layer.`,
                  zh: `每一列是一个词元（${shared.hiddenSize} 个数）。只有一行：进入第 1 层之前的状态。`,
              })
            : ui.t({
                  en: `A column is a token with its ${shared.hiddenSize} numbers, a row is the state after a layer. A cell: length of the change in this layer, divided by the length before.`,
                  zh: `每一列是一个词元（${shared.hiddenSize} 个数），每一行是经过一层之后的状态。格中：这一层的变化量的长度，除以变化前的长度。`,
              }),
        ui.t({ en: `Framed: ${which.en}${layers}.`, zh: `加框：${which.zh}${layers}。` }) +
            (last < shared.nLayers ? ui.t(last === 0 ? { en: " No layer is computed.", zh: "任何一层都不计算。" } : { en: ` The layers above layer ${last} are not computed.`, zh: `第 ${last} 层以上不计算。` }) : "") +
            (tokens.n > tokens.texts.length ? ui.t({ en: ` Shown are the first ${tokens.texts.length} of ${tokens.n} tokens.`, zh: `只画出 ${tokens.n} 个词元中的前 ${tokens.texts.length} 个。` }) : ""),
    ];
    return texts.flatMap((text) => wrap(text.trim(), width - 2, 12.5));
}

function logitName({ label, against }: OfLabel, labels: string[], isSet: boolean, ui: Ui): string {
    const name = labelName(labels[label]!, ui);
    const other = against ?? (labels.length === 2 && !isSet ? 1 - label : null);
    if (other === null) return ui.t({ en: `logit of ${name}`, zh: `${name} 的 logit` });
    return ui.t({ en: `logit of ${name} against ${labelName(labels[other]!, ui)}`, zh: `${name} 对 ${labelName(labels[other]!, ui)} 的 logit` });
}

function readingOf(data: Data, changes: Float32Array, layer: number, shared: Shared, logit: number | null | undefined, name: string | undefined, ui: Ui): string {
    const n = data.tokens.texts.length;
    const parts: string[] = [];
    if (layer === 0) {
        parts.push(ui.t({ en: "Embeddings: every token begins with the vector of its id and its position, without its neighbours.", zh: "嵌入：每个词元从它的编号和位置的向量开始，还没有看到相邻的词元。" }));
    } else {
        const row = Array.from(changes.subarray((layer - 1) * n, layer * n));
        const at = (token: number) => `${data.tokens.texts[token]} (${fixed(row[token]!, 2)})`;
        const most = row.indexOf(Math.max(...row));
        const least = row.indexOf(Math.min(...row));
        const mean = fixed(data.means[layer - 1]!, 2);
        parts.push(
            ui.t({
                en: `Layer ${layer} changes the vectors of the tokens by ${mean} times their length on average, most of all ${at(most)}, least ${at(least)}.`,
                zh: `第 ${layer} 层对词元向量的改变量平均是向量长度的 ${mean} 倍；变化最大的是 ${at(most)}，最小的是 ${at(least)}。`,
            }),
        );
    }
    if (name !== undefined && typeof logit === "number") {
        const value = `${name}: ${signed(logit, 2)}`;
        const isTrained = layer === shared.used[1];
        parts.push(
            isTrained
                ? layer === 0
                    ? ui.t({ en: `The classifier was trained on the embeddings; ${value}.`, zh: `分类器就是用嵌入训练的；${value}。` })
                    : ui.t({ en: `The classifier was trained on this layer; ${value}.`, zh: `分类器就是用这一层训练的；${value}。` })
                : ui.t({ en: `If the classifier were given this layer, on which it was not trained: ${value}.`, zh: `假如把这一层交给分类器（它不是用这一层训练的）：${value}。` }),
        );
    } else if (name === undefined) {
        const [first, last] = shared.used;
        parts.push(
            ui.t({
                en: `The features combine the layers ${first} to ${last}, so no single layer has a logit.`,
                zh: `特征由第 ${first} 到第 ${last} 层拼接而成，所以单独一层没有 logit。`,
            }),
        );
    }
    return parts.join(ui.lang.value === "zh" ? "" : " ");
}

interface LogitsProps {
    ofLabel: OfLabel;
    title: string[];
    /** The names of the rows, where the rows of cells are not beside them. */
    names: string[] | null;
    x: number;
    width: number;
    y: number;
    layer: number;
    ui: Ui;
}

/** The logit by layer: only the last one is of the layer that the classifier was trained on. */
function Logits({ ofLabel, title, names, x, width, y, layer, ui }: LogitsProps) {
    const values = ofLabel.byLayer;
    const known = values.filter((value) => value !== null);
    const texts = values.map((value) => (value === null ? ui.t({ en: "constant", zh: "恒定" }) : signed(value, 2)));
    const room = Math.ceil(Math.max(...texts.map((text) => textWidth(text, 12, false, true)))) + 11;
    const scale = linear(nice([Math.min(0, ...known), Math.max(0, ...known)], 3), [x + room, x + width - room]);
    const rowY = (l: number) => y + HEADER + l * ROW + ROW / 2 - 1;
    const bottom = y + HEADER + values.length * ROW;
    return (
        <g>
            {title.map((line, i) => (
                <text font-size="12.5" class="bold" x={names ? 1 : x} y={y + 14 - (title.length - 1 - i) * 15}>
                    {line}
                </text>
            ))}
            <line class="stroke-muted" x1={scale(0)} x2={scale(0)} y1={y + HEADER - 2} y2={bottom} />
            {values.map((value, l) => {
                const isTrained = l === values.length - 1;
                const at = value === null ? scale(0) : scale(value);
                const isLeft = value !== null && value < 0;
                return (
                    <g>
                        {names && (
                            <text class={l === layer ? "bold" : "text-muted"} font-size="12" x={x - 8} y={rowY(l) + 4} text-anchor="end">
                                {names[l]}
                            </text>
                        )}
                        <line class={isTrained ? "stroke-label" : "stroke-muted"} stroke-width={isTrained ? 3 : 1.5} x1={scale(0)} x2={at} y1={rowY(l)} y2={rowY(l)} />
                        <circle class={isTrained ? "fill-label stroke-label" : "fill-paper stroke-muted"} stroke-width="1.5" r={isTrained ? 6 : 4.5} cx={at} cy={rowY(l)} />
                        <text font-size="12" class={isTrained ? "bold text-label" : l > layer ? "text-muted" : ""} x={at + (isLeft ? -9 : 9)} y={rowY(l) + 4} text-anchor={isLeft ? "end" : "start"}>
                            {texts[l]}
                        </text>
                    </g>
                );
            })}
            <text class="text-muted" font-size="11" x={scale(0)} y={bottom + 12} text-anchor="middle">
                0
            </text>
        </g>
    );
}
