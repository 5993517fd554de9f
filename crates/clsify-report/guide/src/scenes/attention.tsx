// Scene 7: the shares of the first token in all heads as small charts; one of them in full as lines from the tokens on the left to those on
// the right. Beside both, how little attention says about the reasons of the label.
import { useMemo, useState } from "preact/hooks";
import { Choice, Controls, Toggle } from "../frame/controls";
import { ArrowHead, Drawing } from "../frame/drawing";
import { WordMark } from "../frame/word";
import { percent, signed } from "../format";
import type { Words } from "../page";
import { linkPath } from "../path";
import type { FigureProps, Scene } from "../scene";
import { linear } from "../scale";
import { largest, perRow, shares } from "../shares";
import { fit, textWidth, wrap } from "../text";
import { tokenLines, type Tokens } from "../tokens";
import type { Ui } from "../ui";
import { u8 } from "../unpack";

interface Shared {
    nHeads: number;
    /** The positions whose attention tau is about. */
    from: Words;
    median: number | null;
    taus: (number | null)[];
}

/** Shares are packed as bytes in steps of half a percent. */
interface Data {
    tokens: Tokens;
    nLayers: number;
    /** Of the first token: [layers, 1 + heads, tokens], the mean over the heads first. */
    first: string;
    /** The mean over the heads: [layers, tokens, tokens]. */
    mean: string | null;
    /** [layers, heads, tokens, tokens] */
    all: string | null;
    tau: number | null;
}

export const scene: Scene<Shared, Data> = { id: "attention", Figure };

/** The steps that a token takes of each token; null if the page does not have them. Head 0 is the mean over the heads. */
type RowOf = (layer: number, head: number, query: number) => Uint8Array | null;

function Figure({ shared, data, sentence, guide, ui, width }: FigureProps<Shared, Data>) {
    const t = ui.t;
    const { tokens, nLayers } = data;
    const { nHeads } = shared;
    const [isOne, setIsOne] = useState(false);
    const [picked, setPicked] = useState<{ layer: number; head: number }>({ layer: nLayers - 1, head: 0 });
    const [query, setQuery] = useState<number | null>(0);
    const [hovered, setHovered] = useState<number | null>(null);
    const [hides, setHides] = useState(false);
    const rowOf = useMemo<RowOf>(() => reader(data, nHeads), [data]);
    if (nLayers === 0) return <NoLayers {...{ tokens, ui, width, nHeads }} />;
    const layer = Math.min(picked.layer, nLayers - 1);
    const head = Math.min(picked.head, nHeads);
    const hasMap = rowOf(layer, head, Math.min(1, tokens.texts.length - 1)) !== null;
    // The first token's row is there for every sentence.
    const wanted = hovered ?? query;
    const from = !hasMap || (wanted !== null && wanted >= tokens.texts.length) ? 0 : wanted;
    const isHidden = (token: number) => hides && tokens.special.includes(token);
    const sharesOf = (l: number, h: number, q: number) => shares(rowOf(l, h, q)!, isHidden);
    const headName = (h: number) => (h === 0 ? t({ en: "mean over heads", zh: "各头的平均" }) : t({ en: `head ${h}`, zh: `头 ${h}` }));
    const layerName = (l: number) => t({ en: `layer ${l + 1}`, zh: `第 ${l + 1} 层` });
    const grid = layGrid(tokens, nHeads, nLayers, width, ui);
    const headHeight = 66 + tokens.texts.length * LINE;
    const top = isOne ? headHeight : grid.height;
    const tau = tauTexts(shared, data, ui, nLayers, width);
    const title = isOne
        ? t({ en: `Attention in ${layerName(layer)}, ${headName(head)}`, zh: `${layerName(layer)}、${headName(head)}的注意力` })
        : t({ en: "Attention of the first token in all heads", zh: "所有头里首个词元的注意力" });
    const tops = Array.from({ length: nLayers }, (_, l) => `${layerName(l)}: ${topText(tokens, sharesOf(l, 0, 0))}`);
    return (
        <>
            <Controls>
                <Choice
                    label={t({ en: "Show", zh: "显示" })}
                    options={[
                        { value: 0, text: t({ en: "all heads", zh: "所有头" }) },
                        { value: 1, text: t({ en: "one head", zh: "一个头" }) },
                    ]}
                    value={isOne ? 1 : 0}
                    onChange={(value) => setIsOne(value === 1)}
                />
                {isOne && (
                    <>
                        <Select
                            label={t({ en: "Layer", zh: "层" })}
                            options={Array.from({ length: nLayers }, (_, l) => [l, `${l + 1}`])}
                            value={layer}
                            onChange={(value) => setPicked({ layer: value, head })}
                        />
                        <Select
                            label={t({ en: "Head", zh: "头" })}
                            options={Array.from({ length: nHeads + 1 }, (_, h) => [h, h === 0 ? headName(0) : `${h}`])}
                            value={head}
                            onChange={(value) => setPicked({ layer, head: value })}
                        />
                        {hasMap && (
                            <Select
                                label={t({ en: "From token", zh: "出发词元" })}
                                options={[[-1, t({ en: "all tokens", zh: "所有词元" })], ...tokens.texts.map((text, i): [number, string] => [i, `${i}: ${text}`])]}
                                value={query ?? -1}
                                onChange={(value) => setQuery(value < 0 ? null : value)}
                            />
                        )}
                    </>
                )}
                {tokens.special.length > 0 && <Toggle label={t({ en: "hide special tokens", zh: "隐藏特殊词元" })} value={hides} onChange={setHides} />}
            </Controls>
            <Drawing ui={ui} width={width} height={top + tau.height} title={title} desc={`${tops.join("; ")}. ${tau.lines.join(" ")}`}>
                {isOne ? (
                    <Head
                        {...{ tokens, ui, width, from, hides, isHidden, hasMap }}
                        title={title}
                        sharesOf={(q) => sharesOf(layer, head, q)}
                        onHover={setHovered}
                        onPick={(token) => setQuery(query === token ? null : token)}
                    />
                ) : (
                    <Grid
                        {...{ tokens, ui, width, grid, nHeads, nLayers, hides, layerName, sharesOf }}
                        onPick={(l, h) => {
                            setPicked({ layer: l, head: h });
                            setIsOne(true);
                        }}
                    />
                )}
                <Tau {...{ shared, data, ui, width, tau, top }} current={guide.sentences.indexOf(sentence)} />
            </Drawing>
        </>
    );
}

const VECTOR = 66;

/** Where the features are the embeddings: every token has its own vector alone. */
function NoLayers({ tokens, ui, width, nHeads }: { tokens: Tokens; ui: Ui; width: number; nHeads: number }) {
    const t = ui.t;
    const cut = tokens.n > tokens.texts.length ? t({ en: ` Shown are the first ${tokens.texts.length} of ${tokens.n} tokens.`, zh: `只画出 ${tokens.n} 个词元中的前 ${tokens.texts.length} 个。` }) : "";
    const intro = wrap(
        t({
            en: "This classifier uses the embeddings, the state before the first layer. Attention is a part of the layers, so no token has taken anything from another one yet: each has the vector of its own id and position.",
            zh: "这个分类器使用嵌入，即进入第 1 层之前的状态。注意力属于各层，所以还没有词元从别的词元那里取过信息：每个词元只有由自己的编号和位置得到的向量。",
        }) + cut,
        width - 2,
        12.5,
    );
    const names = [t({ en: "token", zh: "词元" }), t({ en: "embedding", zh: "嵌入" })];
    const left = Math.ceil(Math.max(...names.map((name) => textWidth(name, 12)))) + 10;
    const lines = tokenLines(tokens.texts, 12, 28, width - left - 1);
    const top = intro.length * 17 + 10;
    const bottom = top + lines.length * (VECTOR + 12);
    const isNarrow = width < 560;
    const boxWidth = isNarrow ? width - 2 : (width - 26) / 2;
    const boxes = [
        { what: t({ en: "Classifier: it gets features of these vectors.", zh: "分类器：得到由这些向量组成的特征。" }), isUsed: true },
        { what: t({ en: `The layers, each with ${nHeads} heads of attention: not computed.`, zh: `各层（每层 ${nHeads} 个注意力头）：不计算。` }), isUsed: false },
    ].map(({ what, isUsed }, i) => ({ isUsed, lines: wrap(what, boxWidth - 20, 13), x: isNarrow ? 1 : 1 + i * (boxWidth + 24) }));
    const boxHeight = Math.max(...boxes.map((box) => box.lines.length)) * 18 + 14;
    const boxTop = (i: number) => bottom + 30 + (isNarrow ? i * (boxHeight + 14) : 0);
    const centre = (i: number) => (isNarrow ? 30 : boxes[i]!.x + boxWidth / 2);
    return (
        <Drawing ui={ui} width={width} height={boxTop(1) + boxHeight + 4} title={t({ en: "No attention yet: the embedding of each token", zh: "还没有注意力：每个词元的嵌入" })} desc={`${intro.join(" ")} ${tokens.texts.join(" ")}`}>
            <defs>
                <ArrowHead id="attention-own" class="fill-muted" />
            </defs>
            {intro.map((line, i) => (
                <text x="1" y={13 + i * 17} font-size="12.5">
                    {line}
                </text>
            ))}
            {lines.map((line, i) => (
                <g transform={`translate(0 ${top + i * (VECTOR + 12)})`}>
                    {names.map((name, k) => (
                        <text class="text-muted" font-size="12" x="1" y={14 + k * 44}>
                            {name}
                        </text>
                    ))}
                    {line.map(({ token, text, x, width }) => (
                        <WordMark ui={ui} word={tokens.words[token]!}>
                            <rect class={tokens.special.includes(token) ? "fill-special stroke-special" : "fill-token stroke-token"} x={left + x + 0.5} y="0.5" width={width - 1} height="19" rx="3" />
                            <text class="mono" font-size="12" x={left + x + width / 2} y="14" text-anchor="middle">
                                {text}
                            </text>
                            <line class="stroke-muted" x1={left + x + width / 2} x2={left + x + width / 2} y1="21" y2="42" marker-end="url(#attention-own)" />
                            <rect class="fill-hidden stroke-hidden" x={left + x + 0.5} y="44.5" width={width - 1} height="17" />
                            <path class="fill-none stroke-hidden" d={[1, 2, 3].map((k) => `M${(left + x + (k * width) / 4).toFixed(1)} 44.5v17`).join("")} />
                        </WordMark>
                    ))}
                </g>
            ))}
            <path class="fill-none stroke-muted" d={`M1 ${bottom - 6}H${width - 1}`} />
            {boxes.map(({ isUsed, lines, x }, i) => (
                <g>
                    {(isUsed || !isNarrow) && (
                        <line class="stroke-muted" stroke-dasharray={isUsed ? undefined : "4 4"} x1={centre(i)} x2={centre(i)} y1={bottom - 6} y2={boxTop(i) - 1} marker-end={isUsed ? "url(#attention-own)" : undefined} />
                    )}
                    <rect
                        class={isUsed ? "fill-paper stroke-label" : "fill-none stroke-muted"}
                        stroke-width={isUsed ? 2 : 1}
                        stroke-dasharray={isUsed ? undefined : "4 4"}
                        x={x}
                        y={boxTop(i)}
                        width={boxWidth}
                        height={boxHeight}
                        rx="4"
                    />
                    {lines.map((line, k) => (
                        <text class={isUsed ? "" : "text-muted"} font-size="13" x={x + 10} y={boxTop(i) + 20 + k * 18}>
                            {line}
                        </text>
                    ))}
                </g>
            ))}
        </Drawing>
    );
}

function reader(data: Data, nHeads: number): RowOf {
    const n = data.tokens.texts.length;
    const [first, mean, all] = [u8(data.first), data.mean === null ? null : u8(data.mean), data.all === null ? null : u8(data.all)];
    const at = (bytes: Uint8Array, row: number) => bytes.subarray(row * n, (row + 1) * n);
    return (layer, head, query) => {
        if (query === 0) return at(first, layer * (nHeads + 1) + head);
        if (head === 0) return mean && at(mean, layer * n + query);
        return all && at(all, (layer * nHeads + head - 1) * n + query);
    };
}

function topText(tokens: Tokens, values: number[]): string {
    const top = largest(values);
    return top === null ? "–" : `${tokens.texts[top]} ${percent(values[top]!)}`;
}

interface SelectProps {
    label: string;
    options: [number, string][];
    value: number;
    onChange: (value: number) => void;
}

function Select({ label, options, value, onChange }: SelectProps) {
    return (
        <label class="control">
            <span>{label}</span>
            <select value={value} onChange={(event) => onChange(Number(event.currentTarget.value))}>
                {options.map(([key, text]) => (
                    <option value={key}>{text}</option>
                ))}
            </select>
        </label>
    );
}

const BARS = 24;
const THUMBNAIL = BARS + 20;

/** Where the thumbnails stand: one row per layer with its name at the left, or several below its name. */
function layGrid(tokens: Tokens, nHeads: number, nLayers: number, width: number, ui: Ui) {
    const n = nHeads + 1;
    const nameWidth = 58;
    const isWide = (width - nameWidth) / n >= 50;
    const left = isWide ? nameWidth : 0;
    const columns = perRow(n, width - left, 56);
    const cell = (width - left) / columns;
    const rows = Math.ceil(n / columns);
    const layerHeight = rows * THUMBNAIL + (isWide ? 4 : 24);
    const order = tokenLines(tokens.texts, 12, 22, width - 2);
    const text = ui.t({
        en: "One small chart per head. It has one bar per token in this order; a full bar is 100%. Below it stands the token with the largest share. Click a chart to see that head.",
        zh: "每个头一幅小图。图中每个词元一根柱，顺序如下；满格为 100%。下方写着份额最大的词元。点击小图可看这个头的全部。",
    });
    const cut = tokens.n > tokens.texts.length ? ui.t({ en: ` Shown are the first ${tokens.texts.length} of ${tokens.n} tokens.`, zh: `只画出 ${tokens.n} 个词元中的前 ${tokens.texts.length} 个。` }) : "";
    const intro = wrap(text + cut, width - 2, 12.5);
    const top = intro.length * 17 + order.length * 22 + 12 + (isWide ? 18 : 0);
    return { isWide, left, columns, cell, layerHeight, order, intro, top, height: top + nLayers * layerHeight + 6 };
}

interface GridProps {
    tokens: Tokens;
    ui: Ui;
    width: number;
    grid: ReturnType<typeof layGrid>;
    nHeads: number;
    nLayers: number;
    hides: boolean;
    layerName: (layer: number) => string;
    sharesOf: (layer: number, head: number, query: number) => number[];
    onPick: (layer: number, head: number) => void;
}

function Grid({ tokens, ui, grid, nHeads, nLayers, layerName, sharesOf, onPick }: GridProps) {
    const { isWide, left, columns, cell, layerHeight, order, intro, top } = grid;
    const mean = ui.t({ en: isWide ? "mean" : "avg", zh: "平均" });
    return (
        <>
            {intro.map((line, i) => (
                <text x="1" y={13 + i * 17} font-size="12.5">
                    {line}
                </text>
            ))}
            {order.map((line, i) => (
                <g transform={`translate(0 ${intro.length * 17 + 6 + i * 22})`}>
                    {line.map(({ token, text, x, width }) => (
                        <WordMark ui={ui} word={tokens.words[token]!}>
                            <rect class={tokens.special.includes(token) ? "fill-special stroke-special" : "fill-token stroke-token"} x={x + 0.5} y="0.5" width={width - 1} height="18" rx="3" />
                            <text class="mono" font-size="12" x={x + width / 2} y="14" text-anchor="middle">
                                {text}
                            </text>
                        </WordMark>
                    ))}
                </g>
            ))}
            {isWide &&
                Array.from({ length: nHeads + 1 }, (_, h) => (
                    <text class="text-muted" font-size="12" x={left + (h + 0.5) * cell} y={top - 5} text-anchor="middle">
                        {h === 0 ? mean : ui.t({ en: `head ${h}`, zh: `头 ${h}` })}
                    </text>
                ))}
            {Array.from({ length: nLayers }, (_, l) => {
                const y = top + l * layerHeight;
                return (
                    <g>
                        <text font-size="12.5" class={isWide ? "" : "bold"} x={0} y={isWide ? y + 17 : y + 15}>
                            {layerName(l)}
                        </text>
                        {Array.from({ length: nHeads + 1 }, (_, h) => (
                            <Thumbnail
                                x={left + (h % columns) * cell}
                                y={y + (isWide ? 0 : 20) + Math.floor(h / columns) * THUMBNAIL}
                                width={cell - 6}
                                name={isWide ? "" : h === 0 ? mean : `${h}`}
                                values={sharesOf(l, h, 0)}
                                tokens={tokens}
                                onPick={() => onPick(l, h)}
                            />
                        ))}
                    </g>
                );
            })}
        </>
    );
}

interface ThumbnailProps {
    x: number;
    y: number;
    width: number;
    name: string;
    values: number[];
    tokens: Tokens;
    onPick: () => void;
}

function Thumbnail({ x, y, width, name, values, tokens, onPick }: ThumbnailProps) {
    const step = width / values.length;
    const bar = (i: number) => {
        const height = values[i]! * BARS;
        const [x0, x1] = [x + i * step, x + (i + 1) * step - (step > 3 ? 0.6 : 0)];
        return height < 0.1 ? "" : `M${x0.toFixed(1)} ${y + BARS}V${(y + BARS - height).toFixed(1)}H${x1.toFixed(1)}V${y + BARS}Z`;
    };
    const bars = (isSpecial: boolean) => values.map((_, i) => (tokens.special.includes(i) === isSpecial ? bar(i) : "")).join("");
    const top = largest(values);
    const nameWidth = name ? textWidth(name, 11) + 5 : 0;
    const room = width - nameWidth;
    const share = top === null ? "" : percent(values[top]!, 0);
    const token = top === null ? "–" : tokens.texts[top]!;
    const withShare = `${token} ${share}`;
    const text = textWidth(withShare, 11) <= room ? withShare : fit(token, room, 11);
    return (
        <g class="thumbnail" onClick={onPick}>
            <rect class="fill-ground stroke-grid" x={x} y={y} width={width} height={BARS} rx="2" />
            <path class="fill-share" d={bars(false)} />
            <path class="fill-share-special" d={bars(true)} />
            {name && (
                <text class="text-muted" font-size="11" x={x} y={y + BARS + 12}>
                    {name}
                </text>
            )}
            <text font-size="11" x={x + nameWidth} y={y + BARS + 12} class={top !== null && tokens.special.includes(top) ? "text-special" : ""}>
                {text}
            </text>
        </g>
    );
}

const LINE = 20;

interface HeadProps {
    tokens: Tokens;
    ui: Ui;
    width: number;
    title: string;
    /** The token whose row is drawn; null for all. */
    from: number | null;
    hides: boolean;
    hasMap: boolean;
    isHidden: (token: number) => boolean;
    sharesOf: (query: number) => number[];
    onHover: (token: number | null) => void;
    onPick: (token: number) => void;
}

function Head({ tokens, ui, width, title, from, hides, hasMap, isHidden, sharesOf, onHover, onPick }: HeadProps) {
    const t = ui.t;
    const texts = tokens.texts;
    const isNarrow = width < 560;
    const column = Math.min(isNarrow ? 92 : 130, Math.ceil(Math.max(...texts.map((text) => textWidth(text, 12, true)))) + 12);
    const number = 50;
    const bars = isNarrow ? 0 : width * 0.2;
    const right = width - number - bars - column - 1;
    const y = (token: number) => 60 + token * LINE;
    const row = from === null ? null : sharesOf(from);
    const queries = from === null ? texts.map((_, i) => i) : [from];
    const lines = weightedLines(queries.map((q) => [q, sharesOf(q)]), (q, k) => linkPath([column + 3, y(q) + 9], [right - 3, y(k) + 9], "x"));
    const what = row === null
        ? t({ en: "All lines: the thicker, the larger the share.", zh: "所有连线：越粗，份额越大。" })
        : t({ en: `Shares of ${texts[from!]}${hides ? ", without special tokens, scaled to sum to 100%" : ", rounded to half percents"}.`, zh: `${texts[from!]} 的份额${hides ? "（略去特殊词元后按比例放大到合计 100%）" : "（取整到半个百分点）"}。` });
    const how = hasMap
        ? t({ en: "Point at a token at the left to see its shares.", zh: "指向左边的词元，可看它的份额。" })
        : t({ en: "For this sentence, the page has the shares of the first token alone.", zh: "对这个句子，本页只存有首个词元的份额。" });
    return (
        <>
            <text class="bold" font-size="13.5" x="1" y="14">
                {fit(title, width - 2, 13.5, false, true)}
            </text>
            <text font-size="12.5" x="1" y="32">
                {fit(isNarrow ? what : `${what} ${how}`, width - 2, 12.5)}
            </text>
            <text class="text-muted" font-size="12" x="1" y="52">
                {t({ en: "this token takes …", zh: "这个词元取自……" })}
            </text>
            <text class="text-muted" font-size="12" x={right} y="52">
                {t({ en: "… from these", zh: "……这些词元" })}
            </text>
            {bars > 0 && row !== null && (
                <text class="text-muted" font-size="12" x={width} y="52" text-anchor="end">
                    {t({ en: "full width: 100%", zh: "满格：100%" })}
                </text>
            )}
            {lines.map(({ d, weight }) => (
                <path class="fill-none stroke-model" d={d} stroke-width={0.4 + 7 * weight} stroke-opacity={from === null ? 0.12 + 0.6 * weight : 0.35 + 0.6 * weight} />
            ))}
            {texts.map((text, i) => (
                <>
                    <g class={hasMap ? "query" : ""} onPointerEnter={() => onHover(i)} onPointerLeave={() => onHover(null)} onClick={() => onPick(i)}>
                        <WordMark ui={ui} word={tokens.words[i]!}>
                            <Token text={text} x={0} y={y(i)} width={column} tokens={tokens} token={i} isChosen={from === i} isDim={from !== null && from !== i} />
                        </WordMark>
                    </g>
                    {!isHidden(i) && (
                        <WordMark ui={ui} word={tokens.words[i]!}>
                            <Token text={text} x={right} y={y(i)} width={column} tokens={tokens} token={i} isChosen={false} isDim={row !== null && row[i]! === 0} />
                        </WordMark>
                    )}
                    {row !== null && !isHidden(i) && (
                        <>
                            {bars > 0 && (
                                <rect class={tokens.special.includes(i) ? "fill-share-special" : "fill-share"} x={right + column + number + 8} y={y(i) + 4} width={(bars - 8) * row[i]!} height={LINE - 10} rx="1" />
                            )}
                            <text font-size="12" x={right + column + number - 2} y={y(i) + 14} text-anchor="end" class={row[i]! === 0 ? "text-muted" : ""}>
                                {percent(row[i]!)}
                            </text>
                        </>
                    )}
                </>
            ))}
        </>
    );
}

interface TokenProps {
    text: string;
    x: number;
    y: number;
    width: number;
    tokens: Tokens;
    token: number;
    isChosen: boolean;
    isDim: boolean;
}

function Token({ text, x, y, width, tokens, token, isChosen, isDim }: TokenProps) {
    const kind = tokens.special.includes(token) ? "fill-special stroke-special" : "fill-token stroke-token";
    return (
        <>
            <rect class={kind} fill-opacity={isDim ? 0.35 : 1} stroke-width={isChosen ? 2.5 : 1} x={x + 1.5} y={y + 1.5} width={width - 3} height={LINE - 4} rx="3" />
            <text class={`mono ${isChosen ? "bold" : isDim ? "text-muted" : ""}`} font-size="12" x={x + width / 2} y={y + 13.5} text-anchor="middle">
                {fit(text, width - 8, 12, true)}
            </text>
        </>
    );
}

/** Lines of about the same weight as one path: a map of 64 tokens has 4,096 of them. */
function weightedLines(rows: [number, number[]][], path: (query: number, key: number) => string): { d: string; weight: number }[] {
    const classes = new Map<number, string[]>();
    for (const [query, row] of rows) {
        for (const [key, share] of row.entries()) {
            if (share === 0) continue;
            const weight = Math.ceil(share * 25) / 25;
            const paths = classes.get(weight);
            if (paths) paths.push(path(query, key));
            else classes.set(weight, [path(query, key)]);
        }
    }
    return [...classes].sort(([a], [b]) => a - b).map(([weight, paths]) => ({ weight, d: paths.join("") }));
}

function tauTexts(shared: Shared, data: Data, ui: Ui, nLayers: number, width: number) {
    const t = ui.t;
    const here = data.tau === null ? t({ en: "not defined for this sentence", zh: "对这个句子没有定义" }) : signed(data.tau, 2);
    const known = shared.taus.filter((tau) => tau !== null).length;
    const lines = wrap(
        t({
            en: `Kendall's tau-b compares two orders of the words: by attention in layer ${nLayers} (${shared.from.en}, mean over heads), and by how much the label's logit changes when the word is deleted. This sentence: ${here}; median of ${known} sentences: ${shared.median === null ? "–" : signed(shared.median, 2)}.`,
            zh: `肯德尔 τ-b 相关系数比较词的两种排序：按第 ${nLayers} 层的注意力（${shared.from.zh}注意力，各头的平均），以及按删去该词后标签 logit 的变化大小。这个句子：${here}；${known} 个句子的中位数：${shared.median === null ? "–" : signed(shared.median, 2)}。`,
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

/** Every sentence of the page on a line from -1 to 1. */
function Tau({ shared, data, ui, width, tau, top, current }: TauProps) {
    const t = ui.t;
    const isNarrow = width < 340;
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
            {shared.median !== null && <path class="fill-muted" d={`M${scale(shared.median)} ${y - 9}l-5 -8h10z`} />}
            {data.tau !== null && <circle class="fill-label stroke-label" stroke-width="1.5" r="6" cx={scale(data.tau)} cy={y} />}
            <text class="text-muted" font-size="12" x="0" y={y + 38}>
                {fit(t({ en: "● this sentence  ▾ median  | other sentences", zh: "● 这个句子  ▾ 中位数  | 其他句子" }), width, 12)}
            </text>
        </g>
    );
}
