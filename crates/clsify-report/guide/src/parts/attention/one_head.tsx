// One head in full: lines from the tokens on the left to those on the right, with their shares as bars.
import { WordMark } from "../../frame/word";
import { percent } from "../../format";
import { linkPath } from "../../path";
import { fit, textWidth } from "../../text";
import type { Tokens } from "../../tokens";
import type { Ui } from "../../ui";

export const LINE = 20;

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

export function Head({ tokens, ui, width, title, from, hides, hasMap, isHidden, sharesOf, onHover, onPick }: HeadProps) {
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
