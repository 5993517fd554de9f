// Scene 2: the first rows with their labels, the rows per label, and the lengths in tokens. A label selects its rows.
import { useSignal } from "@preact/signals";
import { BottomAxis, LeftAxis, leftAxisWidth } from "../frame/axis";
import { Controls } from "../frame/controls";
import { Drawing, Hatch } from "../frame/drawing";
import { Lines } from "../frame/lines";
import { word } from "../frame/word";
import { grouped, labelList, percent } from "../format";
import type { Piece, Sentence } from "../page";
import { linear } from "../scale";
import type { FigureProps, Scene } from "../scene";
import { directionOf, fit, fitName, textWidth, wrap, wrapPieces } from "../text";
import type { Ui } from "../ui";

interface Group {
    /** Null for the rows without a label. */
    label: string | null;
    count: number;
    /** The histogram of its rows. */
    bins: number[];
    /** Its first rows. */
    first: number[];
}

interface Shared {
    nRows: number;
    /** The number of rows with several labels; null if every row has one label. */
    several: number | null;
    groups: Group[];
    /** The number of labels that are left out of `groups`. */
    others: number;
    binWidth: number;
    bins: number[];
    longest: number;
    /** The length at which a sentence is truncated. */
    limit: number;
    duplicates: number;
    conflicts: number;
    truncated: number;
    rows: { row: number; text: string; labels: string[] }[];
}

interface Data {
    /** Null if the sentence is not a row of the data. */
    row: number | null;
    tokens: number;
}

export const scene: Scene<Shared, Data> = { id: "data", Figure };

const N_FIRST = 5;
const N_BARS = 14;
const BAR = 26;

function Figure({ shared, data, sentence, ui, width }: FigureProps<Shared, Data>) {
    const t = ui.t;
    const selected = useSignal<number | null>(null);
    const group = selected.value === null ? null : shared.groups[selected.value]!;
    const nameOf = ({ label }: Group) => label ?? t({ en: "no label", zh: "无标签" });
    const rows = shared.rows.filter(({ row }) => (group ? group.first.includes(row) : row < N_FIRST));
    const table = tableLayout(rows, data, sentence, ui, width);
    const isWide = width >= 680;
    const left = isWide ? Math.floor(width * 0.46) : width;
    const bars = shared.groups.slice(0, N_BARS);
    const below = wrap(barsText(shared, ui), left, 12);
    const barsTop = table.bottom + 52;
    const barsBottom = barsTop + bars.length * BAR + below.length * 17 + 4;
    const notes = wrap(notesText(shared, ui), left, 13);
    const notesHeight = notes.length * 18;
    const chart = isWide
        ? { x: left + 32, width: width - left - 32, top: barsTop, height: Math.min(Math.max(barsBottom + 24 + notesHeight - barsTop, 220), 380) }
        : { x: 0, width, top: barsBottom + 44, height: 240 };
    // Beside the histogram there is room below the bars, unless there are many.
    const notesTop = (isWide ? barsBottom : chart.top + chart.height) + 26;
    const bottom = Math.max(notesTop + notesHeight - 18, isWide ? chart.top + chart.height : 0);
    const heading = group
        ? t({ en: `First rows with “${nameOf(group)}” (${grouped(group.count)} rows)`, zh: `“${nameOf(group)}”的前几行（共 ${grouped(group.count)} 行）` })
        : t({ en: `First rows (of ${grouped(shared.nRows)})`, zh: `前几行（共 ${grouped(shared.nRows)} 行）` });
    return (
        <>
            <Controls>
                <label class="control">
                    <span>{t({ en: "Rows with the label", zh: "显示的标签" })}</span>
                    <select value={selected.value ?? ""} onChange={({ currentTarget: { value } }) => (selected.value = value === "" ? null : Number(value))}>
                        <option value="">{t({ en: "all", zh: "全部" })}</option>
                        {shared.groups.map((each, i) => (
                            <option value={i}>{nameOf(each)}</option>
                        ))}
                    </select>
                </label>
            </Controls>
            <Drawing
                ui={ui}
                width={width}
                height={bottom + 8}
                title={t({ en: "Rows of the data, their labels and their lengths", zh: "数据的行、标签和长度" })}
                desc={`${shared.groups.map((each) => `${nameOf(each)}: ${each.count}`).join("; ")}. ${notesText(shared, ui)}`}
            >
                <defs>
                    <Hatch id="data-hatch" class="stroke-label" />
                </defs>
                <text x="1" y="14" font-size="14" class="bold">
                    {fit(heading, width - 2, 14, false, true)}
                </text>
                <Table {...table} ui={ui} />
                <text x="1" y={barsTop - 16} font-size="14" class="bold">
                    {t({ en: "Rows per label", zh: "每个标签的行数" })}
                </text>
                <Bars groups={bars} shared={shared} nameOf={nameOf} width={left} top={barsTop} selected={selected.value} onSelect={(i) => (selected.value = selected.value === i ? null : i)} />
                <Lines lines={below} x={1} y={barsTop + bars.length * BAR + 16} fontSize={12} leading={17} class="text-muted" />
                <Histogram {...chart} shared={shared} group={group} name={group && nameOf(group)} tokens={data.tokens} ui={ui} />
                <Lines lines={notes} x={1} y={notesTop} fontSize={13} leading={18} />
            </Drawing>
        </>
    );
}

interface TableRow {
    row: string;
    lines: Piece[][];
    labels: string[];
    direction: "ltr" | "rtl";
    /** Below a gap: the picked sentence. */
    isPicked: boolean;
    y: number;
    height: number;
}

interface TableLayout {
    rows: TableRow[];
    header: [string, string, string];
    /** The x of the columns, and of the right edge. */
    x: [number, number, number, number];
    bottom: number;
}

const TABLE_TOP = 24;
const HEADER = 26;

function tableLayout(rows: Shared["rows"], data: Data, sentence: Sentence, ui: Ui, width: number): TableLayout {
    const t = ui.t;
    const isWide = width >= 560;
    const header: TableLayout["header"] = [t({ en: "row", zh: "行" }), t({ en: "sentence", zh: "句子" }), t({ en: "label", zh: "标签" })];
    const none = t({ en: "no label", zh: "无标签" });
    const own = t({ en: "not given", zh: "未给出" });
    const textOf = (labels: string[] | null) => (labels === null ? own : labelList(labels) || none);
    const isShown = rows.some(({ row }) => row === data.row);
    const all = [
        ...rows.map(({ row, text, labels }) => ({ row: `${row}`, pieces: [{ text, word: null }] as Piece[], labels: textOf(labels), isPicked: false })),
        ...(isShown ? [] : [{ row: data.row === null ? "–" : `${data.row}`, pieces: sentence.pieces, labels: textOf(sentence.given), isPicked: true }]),
    ];
    // The picked sentence may be one of the first rows: its words are marked there.
    for (const each of all) if (each.row === `${data.row}`) each.pieces = sentence.pieces;
    const first = Math.max(...all.map(({ row }) => textWidth(row, 13)), textWidth(header[0], 12)) + 16;
    const widest = Math.max(...all.map(({ labels }) => textWidth(labels, 13)), textWidth(header[2], 12)) + 20;
    const last = Math.min(widest, width * (isWide ? 0.3 : 0.34));
    const x: TableLayout["x"] = [1, first, width - last, width - 1];
    let y = TABLE_TOP + HEADER;
    const laid = all.map((each): TableRow => {
        const lines = wrapPieces(each.pieces, x[2] - x[1] - 20, 13, isWide ? 2 : 4);
        const labels = wrap(each.labels, last - 16, 13, isWide ? 2 : 4);
        const height = Math.max(lines.length, labels.length) * 18 + 12;
        if (each.isPicked) y += 24;
        const top = y;
        y += height;
        const text = each.pieces.map((piece) => piece.text).join("");
        return { row: each.row, lines, labels, direction: directionOf(text), isPicked: each.isPicked, y: top, height };
    });
    return { rows: laid, header, x, bottom: y };
}

/** The rows as pandas shows a table: the number of the row, counted from 0, the sentence and its label. */
function Table({ rows, header, x, ui }: TableLayout & { ui: Ui }) {
    return (
        <g>
            {header.map((name, i) => (
                <>
                    <rect class="fill-ground stroke-grid" x={x[i]} y={TABLE_TOP} width={x[i + 1]! - x[i]!} height={HEADER} />
                    <text class="text-muted" x={x[i]! + 8} y={TABLE_TOP + 18} font-size="12">
                        {name}
                    </text>
                </>
            ))}
            {rows.map(({ row, lines, labels, direction, isPicked, y, height }) => (
                <g>
                    {isPicked && (
                        <text class="text-muted" x={x[1] + 8} y={y - 6} font-size="12">
                            {ui.t({ en: "⋮  the picked sentence", zh: "⋮  当前选中的句子" })}
                        </text>
                    )}
                    <rect class="fill-paper stroke-grid" x={x[0]} y={y} width={x[1] - x[0]} height={height} />
                    <rect class="fill-sentence stroke-sentence" x={x[1]} y={y} width={x[2] - x[1]} height={height} />
                    <rect class="fill-label stroke-label" x={x[2]} y={y} width={x[3] - x[2]} height={height} />
                    <text x={x[1] - 8} y={y + 20} font-size="13" text-anchor="end" class="text-muted">
                        {row}
                    </text>
                    {lines.map((pieces, i) => (
                        <text class="text-sentence" font-size="13" direction={direction} x={direction === "rtl" ? x[2] - 10 : x[1] + 10} y={y + 20 + i * 18}>
                            {pieces.map((piece) => (
                                <tspan {...word(ui, piece.word)}>{piece.text}</tspan>
                            ))}
                        </text>
                    ))}
                    <Lines lines={labels} x={x[2] + 8} y={y + 20} leading={18} class="text-on" />
                </g>
            ))}
        </g>
    );
}

interface BarsProps {
    groups: Group[];
    shared: Shared;
    nameOf: (group: Group) => string;
    width: number;
    top: number;
    selected: number | null;
    onSelect: (group: number) => void;
}

function Bars({ groups, shared, nameOf, width, top, selected, onSelect }: BarsProps) {
    const valueOf = ({ count }: Group) => `${grouped(count)} (${percent(count / shared.nRows)})`;
    const names = Math.min(Math.max(...groups.map((group) => textWidth(nameOf(group), 13, false, true))) + 10, width * 0.42);
    const values = Math.max(...groups.map((group) => textWidth(valueOf(group), 12))) + 8;
    const most = Math.max(...groups.map(({ count }) => count), 1);
    const length = (count: number) => (count / most) * (width - names - values);
    return (
        <g>
            {groups.map((group, i) => {
                const y = top + i * BAR;
                const isSelected = selected === i;
                return (
                    <g class="press" onClick={() => onSelect(i)}>
                        <rect class="fill-paper" x="0" y={y} width={width} height={BAR} />
                        <text x="1" y={y + 17} font-size="13" class={isSelected ? "bold" : ""}>
                            {fitName(nameOf(group), names - 10, 13, true)}
                        </text>
                        <rect class={`fill-label ${isSelected ? "stroke-ink" : "stroke-label"}`} stroke-width={isSelected ? 2.5 : 1} x={names} y={y + 4} width={length(group.count)} height={BAR - 8} />
                        {group.label === null && <rect fill="url(#data-hatch)" x={names} y={y + 4} width={length(group.count)} height={BAR - 8} />}
                        <text x={names + length(group.count) + 7} y={y + 17} font-size="12" class="text-muted">
                            {valueOf(group)}
                        </text>
                    </g>
                );
            })}
        </g>
    );
}

function barsText({ groups, others, several, nRows }: Shared, ui: Ui): string {
    const hidden = Math.max(groups.length - N_BARS, 0) + others;
    const more = hidden > 0 ? ui.t({ en: `${grouped(hidden)} more labels are in the table below. `, zh: `另有 ${grouped(hidden)} 个标签，见下表。` }) : "";
    const overlap =
        several === null
            ? ""
            : ui.t({
                  en: `A row counts for each of its labels: ${grouped(several)} rows (${percent(several / nRows)}) have several.`,
                  zh: `每一行为它的每个标签各计一次：${grouped(several)} 行（${percent(several / nRows)}）有多个标签。`,
              });
    const hint = several === null && hidden === 0 ? ui.t({ en: "Click a label to see its rows.", zh: "点击一个标签，查看带有它的行。" }) : "";
    return more + overlap + hint;
}

function notesText({ duplicates, conflicts, truncated, limit, longest }: Shared, ui: Ui): string {
    const n = (count: number) => (count === 0 ? "no" : grouped(count));
    const rows = (count: number) => (count === 1 ? "row" : "rows");
    return ui.t({
        en:
            `${capital(n(duplicates))} ${rows(duplicates)} ${duplicates === 1 ? "repeats" : "repeat"} an earlier sentence; ` +
            `${n(conflicts)} ${conflicts === 1 ? "sentence has" : "sentences have"} conflicting labels. ` +
            `The longest row has ${grouped(longest)} tokens; ${n(truncated)} ${rows(truncated)} ${truncated === 1 ? "was" : "were"} truncated at the limit of ${grouped(limit)} tokens.`,
        zh:
            (duplicates === 0 ? "没有重复的句子；" : `${grouped(duplicates)} 行与前面的句子重复；`) +
            (conflicts === 0 ? "没有标签互相矛盾的句子。" : `${grouped(conflicts)} 个句子的标签互相矛盾。`) +
            `最长的一行有 ${grouped(longest)} 个词元；` +
            (truncated === 0 ? `没有句子超过 ${grouped(limit)} 个词元的上限。` : `${grouped(truncated)} 行超过 ${grouped(limit)} 个词元的上限，被截断。`),
    });
}

function capital(text: string): string {
    return text.charAt(0).toUpperCase() + text.slice(1);
}

interface HistogramProps {
    x: number;
    top: number;
    width: number;
    height: number;
    shared: Shared;
    group: Group | null;
    name: string | null;
    tokens: number;
    ui: Ui;
}

function Histogram({ x, top, width, height, shared: { bins, binWidth }, group, name, tokens, ui }: HistogramProps) {
    const t = ui.t;
    const most = Math.max(...bins, 1);
    // Lengths are integers, so that of a bin of one length is in its middle.
    const end = Math.max(bins.length * binWidth, tokens + 1) - 0.5;
    const legend = group ? 22 : 0;
    const [plotTop, bottom] = [top + 34 + legend, top + height - 42];
    const rows = linear([0, most], [bottom, plotTop]);
    const rowTicks = rows.ticks(4).filter(Number.isInteger);
    const left = x + leftAxisWidth(rowTicks, grouped);
    // The number of a tick at the end of the axis reaches beyond it.
    const right = x + width - 7;
    const across = linear([-0.5, end], [left, right]);
    const gap = across(1) - across(0) > 5 || binWidth > 1 ? 1 : 0;
    const bar = (count: number, i: number) => ({
        x: across(i * binWidth - 0.5) + gap / 2,
        width: Math.max(across((i + 1) * binWidth - 0.5) - across(i * binWidth - 0.5) - gap, 0.5),
        y: rows(count),
        height: bottom - rows(count),
    });
    const text = t({ en: `this sentence: ${grouped(tokens)}`, zh: `当前句子：${grouped(tokens)}` });
    const half = textWidth(text, 12) / 2;
    return (
        <g>
            <text x={x + 1} y={top - 16} font-size="14" class="bold">
                {t({ en: "Lengths", zh: "长度" })}
            </text>
            {group && (
                <g>
                    <rect class="fill-token stroke-token" x={x + 1} y={top - 2} width="12" height="12" />
                    <text x={x + 19} y={top + 9} font-size="12">
                        {t({ en: "all", zh: "全部" })}
                    </text>
                    <rect class="fill-label stroke-label" x={x + 60} y={top - 2} width="12" height="12" />
                    <text x={x + 78} y={top + 9} font-size="12">
                        {fit(name!, width - 80, 12)}
                    </text>
                </g>
            )}
            <LeftAxis scale={rows} ticks={rowTicks} format={grouped} label={t({ en: "rows", zh: "行数" })} from={plotTop} to={bottom} x={left} gridTo={right} />
            {bins.map((count, i) => count > 0 && <rect class="fill-token stroke-token" {...bar(count, i)} />)}
            {group?.bins.map((count, i) => count > 0 && <rect class="fill-label stroke-label" {...bar(count, i)} />)}
            <line class="stroke-ink" stroke-width="1.5" stroke-dasharray="4 3" x1={across(tokens)} x2={across(tokens)} y1={plotTop - 12} y2={bottom} />
            <text x={Math.min(Math.max(across(tokens), left + 40 + half), x + width - half - 1)} y={plotTop - 17} font-size="12" text-anchor="middle">
                {text}
            </text>
            <BottomAxis scale={across} ticks={across.ticks(8).filter(Number.isInteger)} format={grouped} label={t({ en: "length (tokens, special ones included)", zh: "长度（词元数，含特殊词元）" })} from={left} to={right} y={bottom} />
        </g>
    );
}
