// Scene 5: the matrix of token ids of the data's rows, with its padding and its attention mask; below, some rows in numbers.
import { useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { Choice, Controls, Slider } from "../frame/controls";
import { Drawing, Hatch } from "../frame/drawing";
import { Lines } from "../frame/lines";
import { word } from "../frame/word";
import { grouped, percent } from "../format";
import type { Sentence } from "../page";
import type { FigureProps, Scene } from "../scene";
import { fit, textWidth, wrap } from "../text";
import type { Ui } from "../ui";
import { type Matrix, type Packed, type Panels, panels, rowAt, runs, thirds, unpack } from "./batch_layout";

interface Shared extends Packed {
    nRows: number;
    /** The length of the longest row. */
    nColumns: number;
    nTokens: number;
    paddingShare: number;
    padId: number;
    padToken: string;
    /** The ids of special tokens. */
    special: number[];
}

interface Data {
    /** Null if the sentence is not a row of the data. */
    row: number | null;
    /** The indices of the words of its first tokens. */
    words: (number | null)[];
}

export const scene: Scene<Shared, Data> = { id: "batch", Figure };

type Shown = "ids" | "mask";

function Figure({ shared, data, sentence, ui, width }: FigureProps<Shared, Data>) {
    const t = ui.t;
    const shown = useSignal<Shown>("ids");
    // The reader's row is forgotten when another sentence is picked.
    const chosen = useSignal<{ of: Sentence; row: number } | null>(null);
    const matrix = useMemo(() => unpack(shared), [shared]);
    const special = useMemo(() => new Set(shared.special), [shared]);
    const limits = useMemo(() => thirds(matrix, special), [matrix, special]);
    const n = matrix.starts.length - 1;
    const own = data.row !== null && data.row < n ? data.row : null;
    const row = chosen.value?.of === sentence ? chosen.value.row : (own ?? 0);
    const isMask = shown.value === "mask";
    const choose = (next: number | null) => {
        if (next !== null && next !== row) chosen.value = { of: sentence, row: next };
    };
    const length = matrix.starts[row + 1]! - matrix.starts[row]!;

    const size = wrap(sizeText(shared, n, ui), width - 2, 14, Infinity, false, true);
    const legend = legendOf(isMask, limits, shared, own !== null, width, ui);
    const legendTop = size.length * 20 + 8;
    const matrixTop = legendTop + legend.height + 28;
    const place = useMemo(() => panels(n, shared.nColumns, width, 460), [n, shared, width]);
    const paths = useMemo(() => {
        const kind = (id: number) => (special.has(id) ? 0 : id < limits[0] ? 1 : id < limits[1] ? 2 : 3);
        return runs(matrix, place, matrixTop, 4, isMask ? () => 3 : kind);
    }, [matrix, place, matrixTop, isMask, special, limits]);
    const windowTop = matrixTop + place.height + 62;
    const around = windowOf(row, n);
    const pointed = (event: PointerEvent) => {
        const svg = (event.currentTarget as Element).closest("svg")!.getBoundingClientRect();
        const scale = width / svg.width;
        choose(rowAt(place, n, (event.clientX - svg.left) * scale, (event.clientY - svg.top) * scale - matrixTop));
    };
    return (
        <>
            <Controls>
                <Choice<Shown>
                    label={t({ en: "Show", zh: "显示" })}
                    options={[
                        { value: "ids", text: t({ en: "token ids", zh: "词元编号" }) },
                        { value: "mask", text: t({ en: "attention mask", zh: "注意力掩码" }) },
                    ]}
                    value={shown.value}
                    onChange={(value) => (shown.value = value)}
                />
                {n > 1 && (
                    <Slider
                        label={t({ en: "Row", zh: "行" })}
                        min={0}
                        max={n - 1}
                        value={row}
                        text={t({ en: `${row}: ${length} tokens`, zh: `${row}：${length} 个词元` })}
                        onChange={choose}
                    />
                )}
            </Controls>
            <Drawing
                ui={ui}
                width={width}
                height={windowTop + windowHeight(around.length)}
                title={t({ en: "The matrix of token ids", zh: "词元编号的矩阵" })}
                desc={`${sizeText(shared, n, ui)} ${rowText(matrix, row, shared, ui)}`}
            >
                <defs>
                    <Hatch id="batch-hatch" />
                </defs>
                <Lines lines={size} x={1} y={15} fontSize={14} leading={20} class="bold" />
                <Legend {...legend} top={legendTop} />
                <Overview paths={paths} place={place} top={matrixTop} n={n} nColumns={shared.nColumns} width={width} ui={ui} />
                <RowMark place={place} top={matrixTop} row={row} isFilled />
                {own !== null && own !== row && <RowMark place={place} top={matrixTop} row={own} isFilled={false} />}
                <rect class="fill-paper" opacity="0" x="0" y={matrixTop} width={width} height={place.height} onPointerMove={pointed} onPointerDown={pointed} />
                <Window rows={around} row={row} top={windowTop} matrix={matrix} shared={shared} words={row === data.row ? data.words : []} isMask={isMask} width={width} ui={ui} />
            </Drawing>
        </>
    );
}

function sizeText({ nRows, nColumns, nTokens, paddingShare }: Shared, nShown: number, ui: Ui): string {
    const cells = grouped(nRows * nColumns);
    const part = nShown < nRows ? { en: ` The first ${grouped(nShown)} rows are drawn.`, zh: `图中是前 ${grouped(nShown)} 行。` } : { en: "", zh: "" };
    return ui.t({
        en: `${grouped(nRows)} ${nRows === 1 ? "row" : "rows"} × ${grouped(nColumns)} columns = ${cells} cells: ${grouped(nTokens)} hold a token, ${percent(paddingShare)} are padding.${part.en}`,
        zh: `${grouped(nRows)} 行 × ${grouped(nColumns)} 列 = ${cells} 个单元格：${grouped(nTokens)} 个是词元，${percent(paddingShare)} 是填充。${part.zh}`,
    });
}

function rowText({ ids, starts, texts }: Matrix, row: number, { nSpelled }: Shared, ui: Ui): string {
    const first = Array.from(ids.subarray(starts[row], Math.min(starts[row]! + nSpelled, starts[row + 1]!)), (id) => `${texts.get(id)} ${id}`);
    return ui.t({ en: `Row ${row} begins with ${first.join(", ")}.`, zh: `第 ${row} 行的开头是 ${first.join("、")}。` });
}

interface LegendLayout {
    items: { text: string; class: string; x: number; y: number }[];
    height: number;
}

function legendOf(isMask: boolean, [low, high]: [number, number], { padId }: Shared, hasRow: boolean, width: number, ui: Ui): LegendLayout {
    const t = ui.t;
    const kinds = isMask
        ? [
              { text: t({ en: "1: token, visible to the attention", zh: "1：词元，注意力可见" }), class: "batch-3" },
              { text: t({ en: "0: padding, ignored", zh: "0：填充，被忽略" }), class: "pad" },
          ]
        : [
              { text: t({ en: "special token", zh: "特殊词元" }), class: "batch-0" },
              { text: t({ en: `id below ${grouped(low)}`, zh: `编号小于 ${grouped(low)}` }), class: "batch-1" },
              { text: t({ en: `below ${grouped(high)}`, zh: `小于 ${grouped(high)}` }), class: "batch-2" },
              { text: t({ en: "larger (mostly rarer tokens)", zh: "更大（多为少见的词元）" }), class: "batch-3" },
              { text: t({ en: `padding (id ${padId})`, zh: `填充（编号 ${padId}）` }), class: "pad" },
          ];
    const marks = [
        { text: t({ en: "row shown in numbers below", zh: "下方以数字显示的行" }), class: "row" },
        ...(hasRow ? [{ text: t({ en: "row of the picked sentence", zh: "当前句子所在的行" }), class: "own" }] : []),
    ];
    let [x, y] = [1, 0];
    const items = [...kinds, ...marks].map((kind) => {
        const needed = 26 + textWidth(kind.text, 12.5);
        if (x > 1 && x + needed > width) [x, y] = [1, y + 21];
        const item = { ...kind, x, y };
        x += needed + 14;
        return item;
    });
    return { items, height: y + 16 };
}

function Legend({ items, top }: LegendLayout & { top: number }) {
    return (
        <g>
            {items.map(({ text, class: kind, x, y }) => (
                <g>
                    {kind === "row" || kind === "own" ? (
                        <path class={kind === "row" ? "fill-ink stroke-ink" : "fill-paper stroke-ink"} d={triangle(x + 14, top + y + 7)} />
                    ) : (
                        <>
                            {kind === "batch-2" && <rect class="batch-1" x={x} y={top + y} width="18" height="14" />}
                            <rect class={kind === "pad" ? "fill-ground stroke-muted" : kind} x={x} y={top + y} width="18" height="14" />
                        </>
                    )}
                    {kind === "pad" && <rect fill="url(#batch-hatch)" x={x} y={top + y} width="18" height="14" />}
                    <text x={x + 24} y={top + y + 12} font-size="12.5">
                        {text}
                    </text>
                </g>
            ))}
        </g>
    );
}

/** Points at a row from its left. */
function triangle(x: number, y: number): string {
    return `M${x} ${y}l-9 -5v10z`;
}

interface OverviewProps {
    paths: string[];
    place: Panels;
    top: number;
    n: number;
    nColumns: number;
    width: number;
    ui: Ui;
}

function Overview({ paths, place, top, n, nColumns, width, ui }: OverviewProps) {
    const thickness = place.rowHeight >= 4 ? place.rowHeight - 1 : place.rowHeight;
    const axes = [ui.t({ en: "column: the position of the token, counted from 0", zh: "列：词元的位置，从 0 数起" }), ui.t({ en: "column: the position of the token", zh: "列：词元的位置" })];
    const axis = axes.find((text) => textWidth(text, 12.5) <= width - place.x(0) - 2) ?? axes[1];
    return (
        <g>
            {Array.from({ length: place.n }, (_, i) => {
                const first = i * place.rows;
                const last = Math.min(first + place.rows, n) - 1;
                if (last < first) return null;
                const [x, height] = [place.x(i), (last - first + 1) * place.rowHeight];
                const rows = first === last ? `${first}` : `${first}–${last}`;
                const long = ui.t({ en: first === last ? `row ${rows}` : `rows ${rows}`, zh: `第 ${rows} 行` });
                return (
                    <g>
                        <text x={x} y={top - 7} font-size="12" class="text-muted">
                            {textWidth(long, 12) <= place.width ? long : rows}
                        </text>
                        <rect class="fill-ground stroke-muted" x={x} y={top} width={place.width} height={height} />
                        <rect fill="url(#batch-hatch)" opacity="0.7" x={x} y={top} width={place.width} height={height} />
                        <text x={x} y={top + place.height + 16} font-size="12" class="text-muted">
                            0
                        </text>
                        <text x={x + place.width} y={top + place.height + 16} font-size="12" class="text-muted" text-anchor="end">
                            {nColumns - 1}
                        </text>
                    </g>
                );
            })}
            {/* The middle shade lets through what is below it, which must not be the padding. */}
            {paths[2] !== "" && <path class="batch-1" stroke-width={thickness} d={paths[2]} />}
            {paths.map((d, kind) => d !== "" && <path class={`batch-${kind}`} stroke-width={thickness} d={d} />)}
            <text x={place.x(0)} y={top + place.height + 34} font-size="12.5">
                {axis}
            </text>
        </g>
    );
}

function RowMark({ place, top, row, isFilled }: { place: Panels; top: number; row: number; isFilled: boolean }) {
    const x = place.x(Math.floor(row / place.rows));
    const middle = top + ((row % place.rows) + 0.5) * place.rowHeight;
    const height = Math.max(place.rowHeight, 3) + 2;
    return (
        <g>
            <path class={isFilled ? "fill-ink stroke-ink" : "fill-paper stroke-ink"} d={triangle(x - 3, middle)} />
            {isFilled && <rect class="fill-none stroke-ink" stroke-width="1.5" x={x - 1} y={middle - height / 2} width={place.width + 2} height={height} />}
        </g>
    );
}

const WINDOW = 5;
const CELL = 26;
/** The height of the row that also has its tokens. */
const TALL = 46;

/** The rows around one. */
function windowOf(row: number, n: number): number[] {
    const first = Math.max(Math.min(row - 2, n - WINDOW), 0);
    return Array.from({ length: Math.min(WINDOW, n) }, (_, i) => first + i);
}

function windowHeight(n: number): number {
    return 24 + (n - 1) * CELL + TALL + 2;
}

interface WindowProps {
    rows: number[];
    row: number;
    top: number;
    matrix: Matrix;
    shared: Shared;
    words: (number | null)[];
    isMask: boolean;
    width: number;
    ui: Ui;
}

/** Some rows as the article draws the matrix: the first columns and the last ones. */
function Window({ rows, row, top, matrix: { ids, starts, texts }, shared, words, isMask, width, ui }: WindowProps) {
    const { nColumns, padId, padToken, nSpelled, special } = shared;
    const name = (each: number) => ui.t({ en: `row ${each}`, zh: `第 ${each} 行` });
    const left = Math.max(...rows.map((each) => textWidth(name(each), 12, false, true))) + 10;
    const least = width >= 560 ? 66 : 50;
    const dots = 22;
    const fitting = Math.floor((width - left - dots - 2) / least);
    const nLast = fitting >= 8 ? 2 : 1;
    const isCut = nColumns > fitting;
    const nFirst = isCut ? Math.min(fitting - nLast, nSpelled) : nColumns;
    const columns = Array.from({ length: isCut ? nFirst + nLast : nColumns }, (_, i) => (i < nFirst ? i : nColumns - nLast + i - nFirst));
    const cell = Math.min((width - left - (isCut ? dots : 0) - 2) / columns.length, 92);
    const x = (i: number) => left + i * cell + (i >= nFirst ? dots : 0);
    let y = top + 24;
    return (
        <g>
            {columns.map((column, i) => (
                <text x={x(i) + cell / 2} y={top + 14} font-size="12" text-anchor="middle" class="text-muted">
                    {column}
                </text>
            ))}
            {isCut && (
                <text x={left + nFirst * cell + dots / 2} y={top + 14} font-size="12" text-anchor="middle" class="text-muted">
                    …
                </text>
            )}
            {rows.map((each) => {
                const own = ids.subarray(starts[each], starts[each + 1]);
                const isChosen = each === row;
                const [height, at] = [isChosen ? TALL : CELL, y];
                y += height;
                return (
                    <g>
                        <text x={left - 9} y={at + height / 2 + 4} font-size="12" text-anchor="end" class={isChosen ? "bold" : "text-muted"}>
                            {name(each)}
                        </text>
                        {columns.map((column, i) => {
                            const id = own[column];
                            const token = id === undefined ? padToken : texts.get(id);
                            const text = isMask ? (id === undefined ? "0" : "1") : `${id ?? padId}`;
                            const isSpecial = id !== undefined && special.includes(id);
                            const box = id === undefined ? "fill-ground stroke-muted" : isSpecial ? "fill-special stroke-special" : "fill-token stroke-token";
                            const index = isChosen ? (words[column] ?? null) : null;
                            const colour = id === undefined ? "batch-pad" : isSpecial ? "text-special" : "";
                            const spelt = isChosen && token !== undefined && (id === undefined || column < nSpelled);
                            return (
                                <g>
                                    <rect {...word(ui, index, box)} x={x(i)} y={at} width={cell} height={height} />
                                    {id === undefined && <rect fill="url(#batch-hatch)" opacity="0.35" x={x(i)} y={at} width={cell} height={height} />}
                                    {spelt && (
                                        <text {...word(ui, index, `mono ${colour}`)} x={x(i) + cell / 2} y={at + 18} font-size="12" text-anchor="middle">
                                            {fit(token, cell - 6, 12, true)}
                                        </text>
                                    )}
                                    <text {...word(ui, index, `mono ${colour}`)} x={x(i) + cell / 2} y={at + (spelt ? 36 : height / 2 + 4.5)} font-size="12.5" text-anchor="middle">
                                        {text}
                                    </text>
                                </g>
                            );
                        })}
                        {isCut && (
                            <text x={left + nFirst * cell + dots / 2} y={at + height / 2 + 4} font-size="12" text-anchor="middle" class="text-muted">
                                …
                            </text>
                        )}
                    </g>
                );
            })}
        </g>
    );
}
