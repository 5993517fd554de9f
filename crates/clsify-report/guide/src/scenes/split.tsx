// Scene 9: every row is a dot. The dots stand in the order of the file, or in the two parts that the shuffled rows were divided into.
import { useMemo, useState } from "preact/hooks";
import { ClassSelector } from "../frame/class_selector";
import { Choice, Controls } from "../frame/controls";
import { Drawing } from "../frame/drawing";
import { classPath, N_CLASS_MARKS } from "../frame/marks";
import { grouped, labelList, percent } from "../format";
import type { Guide, Words } from "../page";
import type { FigureProps, Scene } from "../scene";
import { fit, fitName, textWidth, wrap } from "../text";
import type { Ui } from "../ui";
import { f32, u16, u8 } from "../unpack";

interface Shared {
    twoFiles: boolean;
    seed: number | null;
    /** Training rows and test rows. */
    sizes: [number, number];
    nData: number;
    /** A dot stands for this many rows. */
    every: number;
    /** Training rows and test rows of each label. */
    counts: [number, number][];
    /** The number of dots of the data; those of a test file follow. */
    nDrawn: number;
    /** The row that each dot shows, as an offset to the first one that it stands for. */
    offset: string;
    isTest: string;
    place: string;
    nLabels: string;
    labels: string;
    firstLine: number | null;
    first: [number[], number[]];
}

interface Data {
    row: number | null;
}

type Order = "file" | "parts";

export const scene: Scene<Shared, Data> = { id: "split", Figure };

interface Dot {
    row: number;
    isTest: boolean;
    place: number;
    labels: number[];
}

function unpack(shared: Shared): Dot[] {
    const [isTest, place, counts, labels, offset] = [u8(shared.isTest), f32(shared.place), u8(shared.nLabels), u16(shared.labels), u16(shared.offset)];
    let start = 0;
    return Array.from(isTest, (test, i) => ({
        row: (i < shared.nDrawn ? i : i - shared.nDrawn) * shared.every + offset[i]!,
        isTest: test === 1,
        place: place[i]!,
        labels: Array.from(labels.slice(start, (start += counts[i]!))),
    }));
}

const names: [Words, Words] = [{ en: "Training set", zh: "训练集" }, { en: "Test set", zh: "测试集" }];
const files: [Words, Words] = [{ en: "Training file", zh: "训练文件" }, { en: "Test file", zh: "测试文件" }];
const KINDS = ["train", "test"] as const;
const LEADING = 18;

function Figure({ shared, data, sentence, guide, ui, width }: FigureProps<Shared, Data>) {
    const t = ui.t;
    const dots = useMemo(() => unpack(shared), [shared]);
    const [chosen, setOrder] = useState<Order>("parts");
    // A row that was looked for is forgotten when another sentence is picked.
    const [find, setFind] = useState<{ row: number; at: Data } | null>(null);
    const order = shared.twoFiles ? "parts" : chosen;
    const isFound = find?.at === data;
    const ringed = isFound ? dots[Math.floor(find.row / shared.every)] : ringOf(data, shared, dots);
    const hasShapes = !guide.multiLabel && guide.labels.length <= N_CLASS_MARKS;
    const layout = useMemo(() => layOut(dots, order, width, shared), [dots, order, width, shared]);
    const { step, at, bottom, boxes, lefts } = layout;
    const label = ui.label.value;
    const marks = useMemo(() => {
        const paths = hasShapes ? guide.labels.map((_, k) => classPath(k, 0, 0, step * 0.36)) : [classPath(1, 0, 0, step * 0.38), classPath(0, 0, 0, step * 0.2)];
        return dots.map((dot, i) => {
            const [x, y] = at[i]!;
            const kind = hasShapes ? dot.labels[0]! : dot.labels.includes(label) ? 0 : 1;
            const colour = !hasShapes ? ["fill-label stroke-label", "fill-muted"][kind] : kind < guide.labels.length ? `fill-class-${kind}` : "fill-muted";
            // The attribute is for the saved file, where there are no styles to move dots with.
            return <path class={`split-dot ${colour}`} d={paths[kind] ?? paths[0]} transform={`translate(${x} ${y})`} style={{ transform: `translate(${x}px,${y}px)` }} />;
        });
    }, [dots, at, step, label, guide]);
    const note = ringed ? wrap(describe(ringed, dots.indexOf(ringed), shared, guide, ui), width - 24, 13) : [];
    const legend = legendLines(shared, hasShapes, ui, width);
    const noteTop = bottom + 22;
    const sharesTop = noteTop + note.length * LEADING + legend.length * LEADING + 34;
    const shares = sharesOf(shared, guide, label, hasShapes);
    const ring = ringed && at[dots.indexOf(ringed)];
    const rowHeight = width < 560 ? 44 : 26;
    return (
        <>
            <Controls>
                {!shared.twoFiles && (
                    <Choice
                        label={t({ en: "Order of the dots", zh: "点的排列" })}
                        options={[
                            { value: "file" as Order, text: t({ en: "as in the file", zh: "文件顺序" }) },
                            { value: "parts" as Order, text: t({ en: "shuffled and divided", zh: "打乱并划分" }) },
                        ]}
                        value={order}
                        onChange={setOrder}
                    />
                )}
                <label class="control">
                    <span>{t({ en: `Find row (0–${grouped(shared.nData - 1)})`, zh: `查找行（0–${grouped(shared.nData - 1)}）` })}</span>
                    <input
                        class="split-find"
                        type="number"
                        min={0}
                        max={shared.nData - 1}
                        value={isFound ? find.row : (data.row ?? "")}
                        onInput={(event) => {
                            const row = event.currentTarget.valueAsNumber;
                            if (Number.isInteger(row) && row >= 0 && row < shared.nData) setFind({ row, at: data });
                        }}
                    />
                </label>
                {!hasShapes && <ClassSelector ui={ui} guide={guide} sentence={sentence} />}
            </Controls>
            <Drawing
                ui={ui}
                width={width}
                height={sharesTop + 26 + shares.shown.length * rowHeight + (shares.nMore > 0 ? 22 : 4)}
                title={t(shared.twoFiles ? { en: "The rows of the two files", zh: "两个文件的行" } : { en: "The rows and the part that each went to", zh: "各行及其所属部分" })}
                desc={t({
                    en: `${grouped(shared.sizes[0])} training rows and ${grouped(shared.sizes[1])} test rows${shared.seed === null ? "" : `, shuffled with seed ${shared.seed}`}.`,
                    zh: `训练集 ${grouped(shared.sizes[0])} 行，测试集 ${grouped(shared.sizes[1])} 行${shared.seed === null ? "" : `，用种子 ${shared.seed} 打乱`}。`,
                })}
            >
                {order === "file" ? (
                    <>
                        <text x="1" y="15" class="bold">
                            {t({ en: `${grouped(shared.nData)} rows in the order of the file`, zh: `文件顺序的 ${grouped(shared.nData)} 行` })}
                        </text>
                        <text x="1" y="33" font-size="12" class="text-muted">
                            {t({ en: "at the left: the row number, counted from 0", zh: "左边是行号，从 0 开始" })}
                        </text>
                        {lefts.map(({ y, row }) => (
                            <text x={layout.gutter - 8} y={y + 4} font-size="11" text-anchor="end" class="text-muted">
                                {grouped(row)}
                            </text>
                        ))}
                    </>
                ) : (
                    boxes.map((box, i) => <Part {...{ shared, ui, box, i }} />)
                )}
                {marks}
                {ring && <circle class="split-dot fill-none stroke-ink" stroke-width="2.5" r={step * 0.5 + 3} transform={`translate(${ring[0]} ${ring[1]})`} style={{ transform: `translate(${ring[0]}px,${ring[1]}px)` }} />}
                {ringed && <circle class="fill-none stroke-ink" stroke-width="2.5" r="6" cx="8" cy={noteTop - 4.5} />}
                {note.map((line, i) => (
                    <text x="22" y={noteTop + i * LEADING} font-size="13">
                        {line}
                    </text>
                ))}
                {legend.map((line, i) => (
                    <text x="1" y={noteTop + (note.length + i) * LEADING} font-size="12.5" class="text-muted">
                        {line}
                    </text>
                ))}
                <Shares {...{ shared, guide, ui, width, hasShapes, label, rowHeight }} top={sharesTop} shown={shares.shown} nMore={shares.nMore} />
            </Drawing>
        </>
    );
}

function ringOf({ row }: Data, shared: Shared, dots: Dot[]): Dot | undefined {
    if (row === null) return undefined;
    return dots[(shared.twoFiles ? shared.nDrawn : 0) + Math.floor(row / shared.every)];
}

function describe(dot: Dot, index: number, shared: Shared, guide: Guide, ui: Ui): string {
    const [row, place] = [grouped(dot.row), grouped(dot.place)];
    const labels = labelList(dot.labels.map((label) => guide.labels[label] ?? "?")) || ui.t({ en: "no label", zh: "无标签" });
    const ofFile = index >= shared.nDrawn ? ui.t({ en: " of the test file", zh: "（测试文件）" }) : "";
    const line = shared.firstLine === null || ofFile !== "" ? "" : ui.t({ en: ` (line ${grouped(dot.row + shared.firstLine)} of the file)`, zh: `（文件第 ${grouped(dot.row + shared.firstLine)} 行文本）` });
    const to = shared.twoFiles
        ? ""
        : dot.isTest
          ? ui.t({ en: `, after shuffling test row ${place}`, zh: `，打乱后是测试集的第 ${place} 行` })
          : ui.t({ en: `, after shuffling training row ${place}`, zh: `，打乱后是训练集的第 ${place} 行` });
    return ui.t({ en: `Row ${row}${ofFile}${line}${to}. Label: ${labels}.`, zh: `第 ${row} 行${ofFile}${line}${to}。标签：${labels}。` });
}

function legendLines(shared: Shared, hasShapes: boolean, ui: Ui, width: number): string[] {
    const every = grouped(shared.every);
    const dots =
        shared.every === 1
            ? ui.t({ en: "Each dot is one row.", zh: "每个点是一行。" })
            : ui.t({ en: `Each dot stands for ${every} rows of the file, and shows one of them.`, zh: `每个点代表文件中的 ${every} 行，显示其中一行。` });
    const kinds = hasShapes
        ? ui.t({ en: "Its shape and colour are its label, as in the list below.", zh: "形状和颜色表示标签，见下表。" })
        : ui.t({ en: "Squares have the selected label, small dots have not.", zh: "方块带有所选标签，小点没有。" });
    return wrap(`${dots} ${kinds}`, width - 2, 12.5);
}

interface Box {
    x: number;
    y: number;
    width: number;
    height: number;
}

interface Layout {
    step: number;
    /** The middle of each dot. */
    at: [number, number][];
    bottom: number;
    boxes: Box[];
    /** Row numbers at the left, in the order of the file. */
    lefts: { y: number; row: number }[];
    gutter: number;
}

const HEADING = 46;
/** The width that the heading of the smaller box needs. */
const TEST_HEADING = 160;

function layOut(dots: Dot[], order: Order, width: number, shared: Shared): Layout {
    const isWide = width >= 560;
    const gutter = textWidth(grouped(shared.nData), 11) + 12;
    const step = Math.min(Math.max(Math.sqrt((width * (isWide ? 300 : 400)) / dots.length), 6.5), 17);
    const fileColumns = Math.max(1, Math.floor((width - gutter) / step));
    const nTest = dots.filter(({ isTest }) => isTest).length;
    const numbers = [dots.length - nTest, nTest] as const;
    const pad = 7;
    // Two boxes side by side have widths like their numbers of rows.
    const room = isWide ? width - 22 - 4 * pad - 2 : width - 2 * pad - 2;
    const trainColumns = isWide ? Math.max(3, Math.min(Math.floor(room / step) - Math.ceil(TEST_HEADING / step), Math.round(((room / step) * numbers[0]) / dots.length))) : Math.floor(room / step);
    const columns = [trainColumns, isWide ? Math.floor(room / step) - trainColumns : trainColumns] as const;
    const heights = numbers.map((n, i) => Math.ceil(n / columns[i]!) * step + 2 * pad);
    const boxes: Box[] = [
        { x: 1, y: HEADING, width: columns[0] * step + 2 * pad, height: heights[0]! },
        isWide
            ? { x: columns[0] * step + 2 * pad + 23, y: HEADING, width: columns[1] * step + 2 * pad, height: heights[1]! }
            : { x: 1, y: 2 * HEADING + heights[0]! + 12, width: columns[1] * step + 2 * pad, height: heights[1]! },
    ];
    const fileHeight = HEADING + (Math.ceil(dots.length / fileColumns) + 0.5) * step;
    // The same height in both orders, so that what is below stays where it is.
    const bottom = Math.max(...boxes.map(({ y, height }) => y + height), shared.twoFiles ? 0 : fileHeight);
    const at: [number, number][] = new Array(dots.length);
    if (order === "file") {
        for (let i = 0; i < dots.length; i++) {
            at[i] = round(gutter + ((i % fileColumns) + 0.5) * step, HEADING + (Math.floor(i / fileColumns) + 0.5) * step);
        }
    } else {
        for (const [part, box] of boxes.entries()) {
            const members = dots.flatMap(({ isTest }, i) => (isTest === (part === 1) ? [i] : [])).sort((a, b) => dots[a]!.place - dots[b]!.place);
            members.forEach((index, i) => {
                const column = columns[part]!;
                at[index] = round(box.x + pad + ((i % column) + 0.5) * step, box.y + pad + (Math.floor(i / column) + 0.5) * step);
            });
        }
    }
    const lines = Math.ceil(dots.length / fileColumns);
    const every = Math.max(1, Math.ceil(14 / step));
    const lefts = Array.from({ length: Math.ceil(lines / every) }, (_, i) => ({
        y: HEADING + (i * every + 0.5) * step,
        row: i * every * fileColumns * shared.every,
    }));
    return { step, at, bottom, boxes, lefts, gutter };
}

const round = (x: number, y: number): [number, number] => [+x.toFixed(1), +y.toFixed(1)];

function Part({ shared, ui, box, i }: { shared: Shared; ui: Ui; box: Box; i: number }) {
    const kind = KINDS[i]!;
    const name = ui.t((shared.twoFiles ? files : names)[i]!);
    const size = grouped(shared.sizes[i]!);
    const heading = ui.t({ en: `${name}: ${size} rows`, zh: `${name}：${size} 行` });
    const list = shared.first[i]!.map(grouped).join(", ");
    const rows = shared.twoFiles
        ? ui.t({ en: "in the order of the file", zh: "文件顺序" })
        : ui.t({ en: `rows ${list}, …`, zh: `第 ${list} … 行` });
    return (
        <g>
            <text x={box.x} y={box.y - 28} class={`bold text-${kind}`}>
                {fit(heading, box.width, 14)}
            </text>
            <text x={box.x} y={box.y - 10} font-size="12" class="text-muted">
                {fit(rows, box.width, 12)}
            </text>
            <rect rx="6" {...box} class={`fill-none stroke-${kind}`} stroke-width="1.5" stroke-dasharray={i === 1 ? "6 3" : undefined} />
        </g>
    );
}

/** The labels in the list of shares: all, or the most frequent ones with the selected one. */
function sharesOf(shared: Shared, guide: Guide, label: number, hasShapes: boolean): { shown: number[]; nMore: number } {
    const all = guide.labels.map((_, k) => k);
    const most = 12;
    if (hasShapes || all.length <= most) return { shown: all, nMore: 0 };
    const total = (k: number) => shared.counts[k]![0] + shared.counts[k]![1];
    const others = all.filter((k) => k !== label).sort((a, b) => total(b) - total(a));
    return { shown: [label, ...others.slice(0, most - 1)], nMore: all.length - most };
}

interface SharesProps {
    shared: Shared;
    guide: Guide;
    ui: Ui;
    width: number;
    hasShapes: boolean;
    label: number;
    rowHeight: number;
    top: number;
    shown: number[];
    nMore: number;
}

function Shares({ shared, guide, ui, width, hasShapes, label, rowHeight, top, shown, nMore }: SharesProps) {
    const isNarrow = width < 560;
    const share = (k: number, part: number) => shared.counts[k]![part]! / Math.max(shared.sizes[part]!, 1);
    const text = (k: number, part: number) => `${percent(share(k, part))} (${grouped(shared.counts[k]![part]!)})`;
    const nameWidth = isNarrow ? 0 : Math.min(200, Math.max(...shown.map((k) => textWidth(guide.labels[k]!, 13.5))) + 36);
    const column = (width - nameWidth - 14) / 2;
    const numberWidth = Math.max(...shown.flatMap((k) => [textWidth(text(k, 0), 12), textWidth(text(k, 1), 12)])) + 10;
    const most = Math.max(...shown.flatMap((k) => [share(k, 0), share(k, 1)]), 1e-9);
    const x = (part: number) => nameWidth + part * (column + 14);
    return (
        <g>
            {[0, 1].map((part) => (
                <text x={x(part)} y={top} font-size="12.5" class={`text-${KINDS[part]}`}>
                    {fit(ui.t(part === 0 ? { en: "share of training rows", zh: "训练集中的占比" } : { en: "share of test rows", zh: "测试集中的占比" }), column, 12.5)}
                </text>
            ))}
            {shown.map((k, i) => {
                const y = top + 12 + i * rowHeight;
                const middle = y + (isNarrow ? 32 : 12);
                const isSelected = !hasShapes && k === label;
                return (
                    <g>
                        {hasShapes ? (
                            <path class={`fill-class-${k}`} d={classPath(k, 8, y + 12, 6)} />
                        ) : (
                            isSelected && <path class="fill-label stroke-label" d={classPath(1, 8, y + 12, 6)} />
                        )}
                        <text x="22" y={y + 17} font-size="13.5" class={isSelected ? "bold" : ""}>
                            {fitName(guide.labels[k]!, (isNarrow ? width : nameWidth) - 30, 13.5)}
                        </text>
                        {[0, 1].map((part) => (
                            <g>
                                <rect
                                    class={`fill-${KINDS[part]}`}
                                    x={x(part)}
                                    y={middle - 6}
                                    width={Math.max((share(k, part) / most) * (column - numberWidth), 1)}
                                    height="12"
                                    rx="2"
                                />
                                <text x={x(part) + (share(k, part) / most) * (column - numberWidth) + 7} y={middle + 4.5} font-size="12">
                                    {text(k, part)}
                                </text>
                            </g>
                        ))}
                    </g>
                );
            })}
            {nMore > 0 && (
                <text x="22" y={top + 12 + shown.length * rowHeight + 16} font-size="12" class="text-muted">
                    {ui.t({ en: `${nMore} more labels are in the table.`, zh: `另外 ${nMore} 个标签见表格。` })}
                </text>
            )}
        </g>
    );
}
