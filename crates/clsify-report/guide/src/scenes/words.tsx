// Scene 4: the words of the sentence, the tokens that each is split into, the special tokens around them, and their ids.
import { useSignal } from "@preact/signals";
import { Choice, Controls } from "../frame/controls";
import { ArrowHead, Drawing } from "../frame/drawing";
import { Lines } from "../frame/lines";
import { SentenceWords, word } from "../frame/word";
import { grouped } from "../format";
import type { Sentence } from "../page";
import { ribbonPath } from "../path";
import type { FigureProps, Scene } from "../scene";
import { fit, textWidth, wrap } from "../text";
import type { Ui } from "../ui";

interface Shared {
    /** The number of tokens in the vocabulary. */
    vocabulary: number;
    maxLength: number;
}

interface Data {
    tokens: string[];
    ids: number[];
    /** The index of each token's word. */
    words: (number | null)[];
    /** The positions of special tokens, and of those of the encoder's prompt. */
    special: number[];
    prompt: number[];
    truncated: boolean;
}

export const scene: Scene<Shared, Data> = { id: "words", Figure };

/** Longer sentences are drawn up to here: on a phone a line has few tokens. */
const maxTokens = (width: number) => (width < 560 ? 60 : 150);
const GAP = 5;
const GROUP_GAP = 12;
const BOX = 28;
const RIBBON = 26;
/** That of the legend. */
const LEADING = 17;

interface Token {
    position: number;
    text: string;
    id: number;
    kind: "token" | "special" | "prompt";
    x: number;
    width: number;
}

/** A word with its tokens, or tokens without a word. */
interface Group {
    word: number | null;
    text: string;
    tokens: Token[];
    width: number;
    x: number;
    line: number;
}

function Figure({ shared, data, sentence, ui, width }: FigureProps<Shared, Data>) {
    const t = ui.t;
    const step = useSignal(3);
    const now = step.value;
    const groups = arrange(groupsOf(data, sentence, now, width), width);
    const legend = legendOf(data, shared, now, width, ui);
    const top = legend.height + 10;
    const lines = linesOf(groups, top, now === 3);
    const hidden = Math.max(data.tokens.length - maxTokens(width), 0);
    const bottom = lines.bottom;
    return (
        <>
            <Controls>
                <Choice
                    label={t({ en: "Step", zh: "步骤" })}
                    options={[
                        { value: 1, text: t({ en: "1. Split into tokens", zh: "1. 切成词元" }) },
                        { value: 2, text: t({ en: "2. Add special tokens", zh: "2. 加特殊词元" }) },
                        { value: 3, text: t({ en: "3. Replace by ids", zh: "3. 换成编号" }) },
                    ]}
                    value={now}
                    onChange={(value) => (step.value = value)}
                />
            </Controls>
            <SentenceWords ui={ui} sentence={sentence} />
            <Drawing
                ui={ui}
                width={width}
                height={bottom + (hidden > 0 ? 26 : 6)}
                title={t({ en: "From words to ids", zh: "从词到编号" })}
                desc={data.tokens.map((token, i) => `${token} ${data.ids[i]}`).join(", ")}
            >
                <defs>
                    <ArrowHead id="words-arrow" />
                </defs>
                <Legend {...legend} />
                {groups.map((group) => (
                    <GroupMark group={group} y={lines.tops[group.line]!} hasIds={now === 3} ui={ui} />
                ))}
                {hidden > 0 && (
                    <text x="1" y={bottom + 18} font-size="12.5" class="text-muted">
                        {fit(t({ en: `${grouped(hidden)} more tokens are in the table below.`, zh: `另有 ${grouped(hidden)} 个词元，见下表。` }), width - 2, 12.5)}
                    </text>
                )}
            </Drawing>
        </>
    );
}

/** The tokens that belong together, in the order of the sentence; special tokens only from step 2 on. */
function groupsOf(data: Data, sentence: Sentence, step: number, width: number): Group[] {
    const texts = sentence.pieces.filter((piece) => piece.word !== null).map((piece) => piece.text);
    const special = new Set(data.special);
    const prompt = new Set(data.prompt);
    const groups: Group[] = [];
    for (const [position, text] of data.tokens.slice(0, maxTokens(width)).entries()) {
        const kind = special.has(position) ? "special" : prompt.has(position) ? "prompt" : "token";
        if (kind === "special" && step < 2) continue;
        const index = data.words[position]!;
        const id = data.ids[position]!;
        const needed = Math.max(textWidth(text, 13, true), step === 3 ? textWidth(`${id}`, 13, true) : 0) + 14;
        const token: Token = { position, text, id, kind, x: 0, width: Math.min(needed, width - 4) };
        const last = groups.at(-1);
        const tokensWidth = (group: Group) => group.tokens.reduce((sum, each) => sum + each.width + GAP, 0);
        // A word of more tokens than a line has room for goes on as another group.
        if (last && index !== null && last.word === index && tokensWidth(last) + token.width <= width - 4) last.tokens.push(token);
        else groups.push({ word: index, text: index === null ? "" : last?.word === index ? "…" : texts[index]!, tokens: [token], width: 0, x: 0, line: 0 });
    }
    for (const group of groups) {
        const own = group.tokens.reduce((sum, each) => sum + each.width + GAP, -GAP);
        group.width = Math.min(Math.max(own, group.text === "" ? 0 : textWidth(group.text, 14) + 18), width - 4);
        let x = (group.width - own) / 2;
        for (const token of group.tokens) {
            token.x = x;
            x += token.width + GAP;
        }
    }
    return groups;
}

/** The groups in lines. */
function arrange(groups: Group[], width: number): Group[] {
    let [x, line] = [2, 0];
    for (const group of groups) {
        if (x > 2 && x + group.width > width - 2) [x, line] = [2, line + 1];
        group.x = x;
        group.line = line;
        x += group.width + GROUP_GAP;
    }
    return groups;
}

/** The top of each line; a line without words, such as one of a last special token, begins with its tokens. */
function linesOf(groups: Group[], top: number, hasIds: boolean): { tops: number[]; bottom: number } {
    const tops: number[] = [];
    let y = top;
    for (let line = 0; line <= groups.at(-1)!.line; line++) {
        if (!groups.some((group) => group.line === line && group.text !== "")) y -= BOX + RIBBON;
        tops.push(y);
        y += BOX + RIBBON + BOX + (hasIds ? 46 : 0) + 22;
    }
    return { tops, bottom: y - 18 };
}

const STYLES = { token: ["fill-token stroke-token", ""], special: ["fill-special stroke-special", "text-special"], prompt: ["fill-ground stroke-muted", "text-muted"] };

function GroupMark({ group, y, hasIds, ui }: { group: Group; y: number; hasIds: boolean; ui: Ui }) {
    const tokens = y + BOX + RIBBON;
    const ids = tokens + BOX + 26;
    return (
        <g>
            {group.text !== "" && (
                <>
                    <rect {...word(ui, group.word, "fill-sentence stroke-sentence")} stroke-width="1.5" rx="6" x={group.x} y={y} width={group.width} height={BOX} />
                    <text {...word(ui, group.word, "text-sentence")} x={group.x + group.width / 2} y={y + 19} font-size="14" text-anchor="middle">
                        {fit(group.text, group.width - 10, 14)}
                    </text>
                </>
            )}
            {group.tokens.map((token) => {
                const [box, text] = STYLES[token.kind] as [string, string];
                const x = group.x + token.x;
                const middle = x + token.width / 2;
                return (
                    <g>
                        {group.text !== "" && <path class="fill-token stroke-token" fill-opacity="0.45" stroke-opacity="0.5" d={ribbonPath(share(group, token), y + BOX, [x, x + token.width], tokens)} />}
                        <rect {...word(ui, group.word, box)} stroke-dasharray={token.kind === "prompt" ? "4 3" : undefined} rx={token.kind === "special" ? 13 : 3} x={x} y={tokens} width={token.width} height={BOX} />
                        <text {...word(ui, group.word, `mono ${text}`)} x={middle} y={tokens + 19} font-size="13" text-anchor="middle">
                            {fit(token.text, token.width - 8, 13, true)}
                        </text>
                        {hasIds && (
                            <>
                                <line class="stroke-muted" x1={middle} x2={middle} y1={tokens + BOX + 3} y2={ids - 3} marker-end="url(#words-arrow)" />
                                <text {...word(ui, group.word, `mono ${text}`)} x={middle} y={ids + 13} font-size="13" text-anchor="middle">
                                    {token.id}
                                </text>
                            </>
                        )}
                    </g>
                );
            })}
        </g>
    );
}

/** The part of a word's box that a token's ribbon leaves from: as wide as its share of the tokens. */
function share(group: Group, token: Token): [number, number] {
    const all = group.tokens.reduce((sum, each) => sum + each.width, 0);
    const before = group.tokens.filter(({ position }) => position < token.position).reduce((sum, each) => sum + each.width, 0);
    const at = (width: number) => group.x + (width / all) * group.width;
    return [at(before), at(before + token.width)];
}

interface LegendLayout {
    items: { lines: string[]; box: string; rx: number; x: number; y: number; isId: boolean; isDashed: boolean }[];
    height: number;
}

function legendOf(data: Data, { vocabulary }: Shared, step: number, width: number, ui: Ui): LegendLayout {
    const t = ui.t;
    const kinds = [
        { text: t({ en: "word of the sentence", zh: "句中的词" }), box: "fill-sentence stroke-sentence", rx: 4 },
        { text: t({ en: "token", zh: "词元" }), box: STYLES.token[0]!, rx: 2 },
        ...(step > 1 && data.special.length > 0 ? [{ text: t({ en: "special token", zh: "特殊词元" }), box: STYLES.special[0]!, rx: 7 }] : []),
        ...(data.prompt.length > 0 ? [{ text: t({ en: "token of the prompt", zh: "提示语的词元" }), box: STYLES.prompt[0]!, rx: 2 }] : []),
        ...(step === 3 ? [{ text: t({ en: `id: row of the token in the vocabulary of ${grouped(vocabulary)}`, zh: `编号：词元在词表（共 ${grouped(vocabulary)} 行）中的行号` }), box: "", rx: 0 }] : []),
    ];
    let [x, y, height] = [1, 1, 22];
    const items = kinds.map(({ text, box, rx }) => {
        const lines = wrap(text, width - 34, 12.5);
        const needed = 36 + Math.max(...lines.map((line) => textWidth(line, 12.5)));
        if (x > 1 && x + needed > width) [x, y, height] = [1, y + height, 22];
        const item = { lines, box, rx, x, y, isId: box === "", isDashed: box === STYLES.prompt[0] };
        x += needed + 14;
        height = Math.max(height, lines.length * LEADING + 4);
        return item;
    });
    return { items, height: y + height - 2 };
}

function Legend({ items }: LegendLayout) {
    return (
        <g>
            {items.map(({ lines, box, rx, x, y, isId, isDashed }) => (
                <g>
                    {isId ? (
                        <text class="mono" x={x} y={y + 12} font-size="12">
                            123
                        </text>
                    ) : (
                        <rect class={box} rx={rx} x={x} y={y} width="24" height="14" stroke-dasharray={isDashed ? "4 3" : undefined} />
                    )}
                    <Lines lines={lines} x={x + 31} y={y + 12} fontSize={12.5} leading={LEADING} />
                </g>
            ))}
        </g>
    );
}
