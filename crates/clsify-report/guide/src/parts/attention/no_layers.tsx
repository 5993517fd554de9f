// The picture where the features are the embeddings: tokens with their own vectors, and the layers that are not computed.
import { ArrowHead, Drawing } from "../../frame/drawing";
import { WordMark } from "../../frame/word";
import { textWidth, wrap } from "../../text";
import { tokenLines, type Tokens } from "../../tokens";
import type { Ui } from "../../ui";

const VECTOR = 66;

export function NoLayers({ tokens, ui, width, nHeads }: { tokens: Tokens; ui: Ui; width: number; nHeads: number }) {
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
