// All heads: one small bar chart of the shares of the first token per layer and head.
import { WordMark } from "../../frame/word";
import { percent } from "../../format";
import { largest, perRow } from "../../shares";
import { fit, textWidth, wrap } from "../../text";
import { tokenLines, type Tokens } from "../../tokens";
import type { Ui } from "../../ui";

const BARS = 24;
const THUMBNAIL = BARS + 20;

/** Where the thumbnails stand: one row per layer with its name at the left, or several below its name. */
export function layGrid(tokens: Tokens, nHeads: number, nLayers: number, width: number, ui: Ui) {
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
        en: "One small chart per head. It has one bar per token in this order; a full bar is 100%. Below it stand the token with the largest share and that share, as far as they fit. Click a chart to see that head.",
        zh: "每个头一幅小图。图中每个词元一根柱，顺序如下；满格为 100%。下方写着份额最大的词元和它的份额（写得下时）。点击小图可看这个头的全部。",
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

export function Grid({ tokens, ui, grid, nHeads, nLayers, layerName, sharesOf, onPick }: GridProps) {
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
    // A number without its token says more than a token without its number, because the bars show which token it is.
    const short = fit(token, room - textWidth(` ${share}`, 11), 11);
    const texts = share === "" ? [token] : [`${token} ${share}`, `${short} ${share}`, share];
    const text = texts.find((text) => textWidth(text, 11) <= room) ?? fit(token, room, 11);
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
