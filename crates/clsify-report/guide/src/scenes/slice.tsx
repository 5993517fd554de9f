// Scene 8: the encoder's output as a cube of sentences, positions and hidden units; the slice of it that is kept; the table of features.
import { useMemo, useState } from "preact/hooks";
import { Choice, Controls } from "../frame/controls";
import { ArrowHead, Drawing, Hatch } from "../frame/drawing";
import { fixed, grouped } from "../format";
import type { Words } from "../page";
import type { FigureProps, Scene } from "../scene";
import { fit, textWidth, wrap } from "../text";
import type { Ui } from "../ui";
import { f32 } from "../unpack";

interface Block {
    layer: number;
    pooling: string;
    start: number;
    end: number;
}

interface Sheet {
    row: number;
    nTokens: number | null;
    /** At its first pooled position. */
    values: string | null;
    features: string;
}

interface Shared {
    /** Sentences, positions of the longest one, hidden units. */
    shape: [number, number, number];
    nFeatures: number;
    layers: [number, number];
    nLayers: number;
    poolings: string[];
    nPrompt: number;
    firstToken: string;
    /** The parts of a row of features, if no module has mixed them. */
    blocks: Block[];
    /** The features whose values are here. */
    indices: number[];
    steps: Words[];
    /** The line of code in parts; those of an axis have its number. */
    code: [string, number | null][];
    sheets: Sheet[];
}

interface Data {
    /** Its row in the data, or in the test file; null for the reader's own sentence. */
    row: number | null;
    isOfTestFile: boolean;
    nTokens: number;
    positions: number[];
    tokens: string[];
    /** [positions, units] */
    values: string;
    /** [poolings, units], of the topmost layer. */
    pooled: string;
    features: string;
}

export const scene: Scene<Shared, Data> = { id: "slice", Figure };

type Step = "cube" | "slice" | "table";
const KINDS = ["sentence", "cls", "model"] as const;
const ROW = 24;

function Figure({ shared, data, ui, width }: FigureProps<Shared, Data>) {
    const t = ui.t;
    const [step, setStep] = useState<Step>("cube");
    const [chosen, setChosen] = useState<number | null>(null);
    const [hovered, setHovered] = useState<number | null>(null);
    const lit = hovered ?? chosen;
    const names = axisNames(shared, ui);
    const code = codeLines(shared.code, width - 8);
    const text = wrap(explanation(step, shared, data, ui), width - 2, 13);
    const top = code.length * 20 + 12 + text.length * 18 + 10;
    const props = { shared, data, ui, width, top, lit, onAxis: setHovered };
    const drawn = step === "table" ? layTable(shared, data, width, ui) : layCube(shared, data, width, step, names[1]!);
    return (
        <>
            <Controls>
                <Choice
                    label={t({ en: "Step", zh: "步骤" })}
                    options={[
                        { value: "cube", text: t({ en: "1 cube", zh: "1 立方体" }) },
                        { value: "slice", text: t({ en: "2 slice", zh: "2 切片" }) },
                        { value: "table", text: t({ en: "3 table", zh: "3 表格" }) },
                    ]}
                    value={step}
                    onChange={setStep}
                />
                <Choice
                    label={t({ en: "Highlight axis", zh: "突出显示轴" })}
                    options={[t({ en: "0 sentences", zh: "0 句子" }), t({ en: "1 positions", zh: "1 位置" }), t({ en: "2 hidden units", zh: "2 隐藏单元" })].map((text, value) => ({ value, text }))}
                    value={chosen ?? -1}
                    onChange={setChosen}
                />
            </Controls>
            <Drawing ui={ui} width={width} height={top + drawn.height} title={t({ en: "From the encoder's output to the table of features", zh: "从编码器的输出到特征表" })} desc={text.join(" ")}>
                <defs>
                    <Hatch id="slice-hatch" />
                    {KINDS.map((kind) => (
                        <ArrowHead id={`slice-${kind}`} class={`text-${kind}`} />
                    ))}
                </defs>
                <rect class="fill-ground" x="0" y="0" width={width} height={code.length * 20 + 8} rx="4" />
                {code.map((line, i) => (
                    <text class="mono" font-size="13" x="6" y={18 + i * 20} xml:space="preserve">
                        {line.map(([part, axis]) => (axis === null ? part : <tspan {...axisProps(axis, lit, setHovered)} font-weight="700">{part}</tspan>))}
                    </text>
                ))}
                {text.map((line, i) => (
                    <text font-size="13" x="1" y={code.length * 20 + 28 + i * 18}>
                        {line}
                    </text>
                ))}
                {step === "table" ? <Table {...props} table={drawn as TableLayout} /> : <Cube {...props} step={step} names={names} cube={drawn as CubeLayout} />}
            </Drawing>
        </>
    );
}

/** The colour of an axis, its emphasis, and what pointing at it does. */
function axisProps(axis: number, lit: number | null, onAxis: (axis: number | null) => void, classes = "") {
    return {
        class: `slice-axis text-${KINDS[axis]} ${lit === axis ? "slice-lit bold" : ""} ${classes}`,
        onPointerEnter: () => onAxis(axis),
        onPointerLeave: () => onAxis(null),
    };
}

function axisNames({ shape }: Shared, ui: Ui): string[] {
    const [rows, positions, units] = shape.map(grouped);
    return [
        ui.t({ en: `axis 0: ${rows} sentences`, zh: `轴 0：${rows} 个句子` }),
        ui.t({ en: `axis 1: ${positions} positions`, zh: `轴 1：${positions} 个位置` }),
        ui.t({ en: `axis 2: ${units} hidden units`, zh: `轴 2：${units} 个隐藏单元` }),
    ];
}

/** The code in lines of at most `width`, broken after spaces. */
function codeLines(code: [string, number | null][], width: number): [string, number | null][][] {
    const most = Math.max(10, Math.floor(width / textWidth("0", 13, true)));
    const lines: [string, number | null][][] = [[]];
    let used = 0;
    // A break may stand after a comma or a space, so what is between them stays together.
    const units: [string, number | null][][] = [[]];
    for (const [text, axis] of code) {
        for (const piece of text.split(/(?<= )/)) {
            units.at(-1)!.push([piece, axis]);
            if (piece.endsWith(" ")) units.push([]);
        }
    }
    for (const unit of units) {
        const length = unit.reduce((sum, [text]) => sum + text.length, 0);
        if (used > 0 && used + length > most) {
            lines.push([]);
            used = 0;
        }
        lines.at(-1)!.push(...unit);
        used += length;
    }
    return lines;
}

/** The name of a row; null is the reader's own sentence. */
function rowName(row: number | null, ui: Ui): string {
    return row === null ? ui.t({ en: "yours", zh: "你的" }) : ui.t({ en: `row ${grouped(row)}`, zh: `第 ${grouped(row)} 行` });
}

function isSeveralLayers({ layers: [first, last] }: Shared): boolean {
    return first !== last;
}

function poolingText(pooling: string, { nPrompt }: Shared, ui: Ui): string {
    if (pooling === "cls") return ui.t({ en: `position ${nPrompt}`, zh: `位置 ${nPrompt}` });
    return pooling === "mean" ? ui.t({ en: "mean", zh: "平均" }) : ui.t({ en: "maximum", zh: "最大值" });
}

function explanation(step: Step, shared: Shared, data: Data, ui: Ui): string {
    const t = ui.t;
    const [rows, positions, units] = shared.shape.map(grouped) as [string, string, string];
    const [first, last] = shared.layers;
    const cubes = last - first + 1;
    if (step === "cube") {
        const which = t({ en: last === shared.nLayers ? "the last layer" : last === 0 ? "the embeddings" : `layer ${last}`, zh: last === shared.nLayers ? "最后一层" : last === 0 ? "嵌入" : `第 ${last} 层` });
        const several = isSeveralLayers(shared) ? t({ en: ` The layers ${first} to ${last} are used, so there are ${cubes} such cubes.`, zh: `用到第 ${first} 到第 ${last} 层，所以有 ${cubes} 个这样的立方体。` }) : "";
        const isApart = data.row === null || data.isOfTestFile;
        const apart = isApart ? t({ en: ` The picked one is not among these ${rows}.`, zh: `选中的句子不在这 ${rows} 个句子之中。` }) : "";
        return t({
            en: `The output of ${which}, of shape [${rows}, ${positions}, ${units}]: one sheet per sentence, in front the picked one; in each sheet a row per position and a column per hidden unit.${apart}${several}`,
            zh: `${which}的输出，形状 [${rows}, ${positions}, ${units}]：每个句子一张，最前面是选中的句子；每张里每个位置一行，每个隐藏单元一列。${apart}${several}`,
        });
    }
    const features = grouped(shared.nFeatures);
    const all = shared.poolings.every((pooling) => pooling !== "cls");
    if (step === "slice") {
        const prompt = shared.nPrompt > 0 ? t({ en: ` The first ${shared.nPrompt} positions are a prompt, which is left out.`, zh: `前 ${shared.nPrompt} 个位置是提示语，不参与池化。` }) : "";
        const one = t({
            en: `Kept: of every sentence the row at position ${shared.nPrompt}, where ${data.tokens[0]} stands in this one.`,
            zh: `留下：每个句子位置 ${shared.nPrompt} 上的那一行，在这个句子里是 ${data.tokens[0]}。`,
        });
        const over = shared.poolings.filter((pooling) => pooling !== "cls").map((pooling) => poolingText(pooling, shared, ui)).join(t({ en: " and the ", zh: "和" }));
        const n = data.nTokens - shared.nPrompt;
        const pooled = t({
            en: `${all ? "Kept" : "Beside it"}: the ${over} over the positions of each sentence, ${n} in this one, special tokens included and padding left out.`,
            zh: `${all ? "留下" : "并排"}：每个句子各位置的${over}，这个句子有 ${n} 个位置，含特殊词元，不含填充。`,
        });
        const [separator, parts] = [t({ en: " ", zh: "" }), [shared.poolings.includes("cls") ? one : "", over ? pooled : ""]];
        const layers = isSeveralLayers(shared) ? t({ en: ` The same is done in each of the ${cubes} layers; drawn is layer ${last}.`, zh: `${cubes} 层都这样做；这里画的是第 ${last} 层。` }) : "";
        return parts.filter(Boolean).join(separator) + layers + prompt;
    }
    const steps = shared.steps.length > 0 ? t({ en: ` After the pooling, ${shared.steps.map(({ en }) => en).join("; then ")}.`, zh: `池化之后：${shared.steps.map(({ zh }) => zh).join("；")}。` }) : "";
    const blocks = shared.blocks.length > 1 ? t({ en: ` A row has ${shared.blocks.length} vectors of ${units} side by side.`, zh: `每行由 ${shared.blocks.length} 个 ${units} 维向量并排而成。` }) : "";
    return t({
        en: `The table of features, of shape [${rows}, ${features}]: one row per sentence, as the classifier receives it.${blocks}${steps}`,
        zh: `特征表，形状 [${rows}, ${features}]：每个句子一行，分类器得到的就是它。${blocks}${steps}`,
    });
}

/** What is drawn of a long list: indices, and null where some are left out. */
function shownUnits(n: number, isNarrow: boolean): (number | null)[] {
    const first = isNarrow ? 2 : 3;
    return n <= first + 1 ? Array.from({ length: n }, (_, i) => i) : [...Array.from({ length: first }, (_, i) => i), null, n - 1];
}

/** The units whose values are packed: the first three and the last. */
function packedUnits(n: number): number[] {
    return n <= 4 ? Array.from({ length: n }, (_, i) => i) : [0, 1, 2, n - 1];
}

interface Column {
    index: number | null;
    x: number;
    width: number;
}

const DOTS = 18;

function layColumns(shown: (number | null)[], x: number, width: number): Column[] {
    const gaps = shown.filter((index) => index === null).length;
    const each = Math.min(165, (width - gaps * DOTS) / (shown.length - gaps));
    return shown.map((index) => {
        const column = { index, x, width: index === null ? DOTS : each };
        x += column.width;
        return column;
    });
}

const end = (columns: Column[]) => columns.at(-1)!.x + columns.at(-1)!.width;

function layCube({ shape, sheets, poolings }: Shared, data: Data, width: number, step: Step, down: string) {
    const isNarrow = width < 560;
    const back = sheets.filter(({ row }) => data.isOfTestFile || row !== data.row);
    const hasGap = back.length > 1 && back.at(-1)!.row !== back.at(-2)!.row + 1;
    const depth = back.length + (hasGap ? 1 : 0);
    const dx = isNarrow ? 7 : 18;
    const left = isNarrow ? 78 : 130;
    const isPooled = poolings.some((pooling) => pooling !== "cls") || poolings.length > 1;
    const nRows = data.positions.length + (hasRest(data) ? 1 : 0) + (data.nTokens < shape[1] ? 1 : 0);
    // The name of the axis that goes down, written downwards; its lines go from the right to the left.
    const room = nRows * ROW + 10;
    const downLines = (textWidth(down, 12.5, false, true) <= room ? [down] : down.split(/(?<=[:：])\s*/)).map((line) => fit(line, room, 12.5, false, true));
    const columns = layColumns(shownUnits(shape[2], isNarrow), left, width - left - depth * dx - 20 - downLines.length * 14);
    const front = 26 + depth * ROW;
    const pooledTop = front + nRows * ROW + 62;
    const nPooled = step === "slice" && isPooled ? poolings.length : 0;
    return { isNarrow, back, hasGap, depth, dx, left, columns, nRows, downLines, front, pooledTop, nPooled, height: pooledTop + (nPooled > 0 ? nPooled * ROW + 26 : 0) };
}

/** True if positions between the second and the last are left out. */
function hasRest({ positions }: Data): boolean {
    return positions.length > 1 && positions.at(-1)! - positions.at(-2)! > 1;
}

type CubeLayout = ReturnType<typeof layCube>;

interface Drawn {
    shared: Shared;
    data: Data;
    ui: Ui;
    width: number;
    top: number;
    lit: number | null;
    onAxis: (axis: number | null) => void;
}

function Cube({ shared, data, ui, width, top, lit, onAxis, step, names, cube }: Drawn & { step: Step; names: string[]; cube: CubeLayout }) {
    const t = ui.t;
    const { back, hasGap, depth, dx, left, columns, nRows, downLines, isNarrow, nPooled } = cube;
    const packed = packedUnits(shared.shape[2]);
    const [values, pooled] = useMemo(() => [f32(data.values), f32(data.pooled)], [data]);
    const strips = useMemo(() => new Map(shared.sheets.map(({ row, values }) => [row, values === null ? null : f32(values)])), [shared]);
    const front = top + cube.front;
    const sheetWidth = end(columns) - left;
    const bottom = front + nRows * ROW;
    const digits = !isNarrow ? 4 : columns[0]!.width < 48 ? 2 : 3;
    const isSlice = step === "slice";
    const hasAll = shared.poolings.some((pooling) => pooling !== "cls");
    const hasOne = shared.poolings.includes("cls");
    /** How a row of numbers is drawn: kept as it is, one of those that are pooled, or left. */
    const kindOf = (isFirst: boolean): RowKind => (!isSlice ? "plain" : hasOne && isFirst ? "kept" : hasAll ? "pooled" : "left");
    const at = (of: Float32Array, row: number) => (unit: number) => of[row * packed.length + packed.indexOf(unit)]!;
    let y = front;
    const next = () => (y += ROW) - ROW;
    const label = (text: string, x: number, y: number, isMono = false) => (
        <text font-size="12" class={isMono ? "mono" : "text-muted"} x={x} y={y + 16} text-anchor="end">
            {fit(text, left - 6, 12, isMono)}
        </text>
    );
    return (
        <>
            {[...back.entries()].toReversed().map(([i, sheet]) => {
                const level = i + 1 + (hasGap && i === back.length - 1 ? 1 : 0);
                const [shiftX, sheetY] = [level * dx, front - level * ROW];
                const strip = strips.get(sheet.row);
                return (
                    <g>
                        <rect class="fill-paper stroke-hidden" x={left + shiftX} y={sheetY} width={sheetWidth} height={nRows * ROW} />
                        {strip && <Numbers columns={columns} shift={shiftX} y={sheetY} value={at(strip, 0)} digits={digits} kind={kindOf(true)} />}
                        {label(rowName(sheet.row, ui), left + shiftX - 6, sheetY)}
                        {hasGap && i === back.length - 1 && label("⋮", left + (level - 1) * dx - 6, sheetY + ROW)}
                    </g>
                );
            })}
            <rect class="fill-paper stroke-hidden" x={left} y={front} width={sheetWidth} height={nRows * ROW} />
            {data.positions.map((position, i) => {
                const isLast = i === data.positions.length - 1;
                const dotsY = isLast && hasRest(data) ? next() : null;
                const rowY = next();
                return (
                    <>
                        {dotsY !== null && (
                            <>
                                {label("⋮", left - 6, dotsY)}
                                <Numbers columns={columns} shift={0} y={dotsY} value={() => null} digits={digits} kind={kindOf(false)} />
                            </>
                        )}
                        {label(`${position} ${data.tokens[i]}`, left - 6, rowY, true)}
                        <Numbers columns={columns} shift={0} y={rowY} value={at(values, i)} digits={digits} kind={kindOf(i === 0)} />
                    </>
                );
            })}
            {data.nTokens < shared.shape[1] && (
                <g>
                    {label(`${data.nTokens}–${shared.shape[1] - 1}`, left - 6, y)}
                    <rect fill="url(#slice-hatch)" class="stroke-hidden" x={left} y={y} width={sheetWidth} height={ROW} />
                    <PaperText x={left + sheetWidth / 2} y={y + 16} text={t({ en: "padding", zh: "填充" })} />
                </g>
            )}
            <rect class="fill-none stroke-ink" stroke-width="1.5" x={left} y={front} width={sheetWidth} height={nRows * ROW} />
            <g {...axisProps(0, lit, onAxis)}>
                <line class="stroke-sentence" marker-end="url(#slice-sentence)" stroke-width="1.5" x1={left + sheetWidth + dx + 6} y1={front - 2} x2={left + sheetWidth + (depth + 1) * dx + 6} y2={front - depth * ROW - 2} />
                <text class={`text-sentence ${lit === 0 ? "bold" : ""}`} font-size="12.5" x={left + sheetWidth + depth * dx} y={front - depth * ROW - 8} text-anchor="end">
                    {names[0]}
                </text>
            </g>
            <g {...axisProps(1, lit, onAxis)}>
                <line class="stroke-cls" marker-end="url(#slice-cls)" stroke-width="1.5" x1={left + sheetWidth + depth * dx + 10} y1={front + 4} x2={left + sheetWidth + depth * dx + 10} y2={bottom} />
                {downLines.map((line, i) => (
                    <text
                        class={`text-cls ${lit === 1 ? "bold" : ""}`}
                        font-size="12.5"
                        text-anchor="middle"
                        transform={`translate(${left + sheetWidth + depth * dx + 18 + (downLines.length - 1 - i) * 14} ${(front + bottom) / 2}) rotate(90)`}
                    >
                        {line}
                    </text>
                ))}
            </g>
            <g {...axisProps(2, lit, onAxis)}>
                {columns.map(({ index, x, width: cell }) => (
                    <text class="text-muted" font-size="12" x={x + cell / 2} y={bottom + 16} text-anchor="middle">
                        {index === null ? "…" : grouped(index)}
                    </text>
                ))}
                <line class="stroke-model" marker-end="url(#slice-model)" stroke-width="1.5" x1={left} y1={bottom + 24} x2={left + sheetWidth} y2={bottom + 24} />
                <text class={`text-model ${lit === 2 ? "bold" : ""}`} font-size="12.5" x={left + sheetWidth / 2} y={bottom + 41} text-anchor="middle">
                    {names[2]}
                </text>
            </g>
            <text font-size="12" class="bold" x={left - 6} y={bottom + 16} text-anchor="end">
                {fit(rowName(data.row, ui), left - 6, 12, false, true)}
            </text>
            {nPooled > 0 && (
                <>
                    <text font-size="12.5" x="1" y={top + cube.pooledTop + 8}>
                        {fit(t({ en: "What is kept of the sentence in front:", zh: "最前面的句子留下的：" }), width - 2, 12.5)}
                    </text>
                    {shared.poolings.map((pooling, i) => (
                        <>
                            {label(poolingText(pooling, shared, ui), left - 6, top + cube.pooledTop + 18 + i * ROW)}
                            <Numbers columns={columns} shift={0} y={top + cube.pooledTop + 18 + i * ROW} value={at(pooled, i)} digits={digits} kind="kept" />
                        </>
                    ))}
                </>
            )}
        </>
    );
}

/** Text on a pattern, with paper behind it. */
function PaperText({ x, y, text }: { x: number; y: number; text: string }) {
    const width = textWidth(text, 12) + 10;
    return (
        <>
            <rect class="fill-paper" x={x - width / 2} y={y - 12} width={width} height="16" />
            <text font-size="12" class="text-muted" x={x} y={y} text-anchor="middle">
                {text}
            </text>
        </>
    );
}

type RowKind = "plain" | "kept" | "pooled" | "left";

interface NumbersProps {
    columns: Column[];
    shift: number;
    y: number;
    /** Null where only dots stand. */
    value: (index: number) => number | null;
    digits: number;
    kind: RowKind;
}

/** A row of cells with their numbers. */
function Numbers({ columns, shift, y, value, digits, kind }: NumbersProps) {
    const isKept = kind === "kept";
    return (
        <g>
            {columns.map(({ index, x, width }) => {
                const number = index === null ? null : value(index);
                return (
                    <>
                        <rect class={isKept ? "slice-part fill-cls stroke-cls" : kind === "left" ? "slice-part fill-paper stroke-grid" : "slice-part fill-hidden stroke-hidden"} stroke-opacity={isKept ? 1 : 0.5} x={x + shift} y={y} width={width} height={ROW} />
                        {kind === "pooled" && <rect class="fill-cls" fill-opacity="0.3" x={x + shift} y={y} width={width} height={ROW} />}
                        <text class={isKept ? "text-on" : kind === "left" ? "text-muted" : ""} font-size="12" x={x + shift + width / 2} y={y + 16} text-anchor="middle">
                            {index === null || number === null ? "…" : fixed(number, digits)}
                        </text>
                    </>
                );
            })}
        </g>
    );
}

function layTable({ blocks, nFeatures, sheets }: Shared, data: Data, width: number, ui: Ui) {
    const isNarrow = width < 560;
    const names = [rowName(data.row, ui), ...sheets.map(({ row }) => rowName(row, ui))];
    const left = Math.ceil(Math.max(...names.map((name) => textWidth(name, 12, false, true)))) + 14;
    const chosen = blocks.length > (isNarrow ? 2 : 4) ? [...blocks.slice(0, isNarrow ? 1 : 2), blocks.at(-1)!] : blocks;
    const shown: (number | null)[] = [];
    for (const block of blocks.length > 1 ? chosen : []) {
        const before = shown.at(-1);
        if (typeof before === "number" && block.start !== before + 1) shown.push(null);
        shown.push(block.start, null, block.end - 1);
    }
    const columns = layColumns(shown.length > 0 ? shown : shownUnits(nFeatures, isNarrow), left, width - left - 2);
    const rows = sheets.length + (sheets.length > 1 ? 1 : 0);
    const head = (chosen.length > 1 ? 22 : 0) + 22;
    return { isNarrow, left, columns, chosen: chosen.length > 1 ? chosen : [], head, picked: head + rows * ROW + 26, height: head + (rows + 1) * ROW + 34 };
}

type TableLayout = ReturnType<typeof layTable>;

function Table({ shared, data, ui, top, lit, onAxis, table }: Drawn & { table: TableLayout }) {
    const t = ui.t;
    const { left, columns, chosen, head, isNarrow } = table;
    const unpacked = useMemo(() => shared.sheets.map(({ features }) => f32(features)), [shared]);
    const own = useMemo(() => f32(data.features), [data]);
    const digits = 4;
    const at = (of: Float32Array) => (index: number) => of[shared.indices.indexOf(index)]!;
    let y = top + head;
    const next = () => (y += ROW) - ROW;
    const last = shared.sheets.length - 1;
    const hasGap = last > 0 && shared.sheets[last]!.row !== shared.sheets[last - 1]!.row + 1;
    const place = data.row === null
        ? t({ en: "your sentence, which is not in the data:", zh: "你的句子（不在数据里）：" })
        : data.isOfTestFile
          ? t({ en: `the picked sentence, row ${grouped(data.row)} of the test file:`, zh: `选中的句子，测试文件第 ${grouped(data.row)} 行：` })
          : t({ en: `the picked sentence, row ${grouped(data.row)} of the data:`, zh: `选中的句子，数据第 ${grouped(data.row)} 行：` });
    return (
        <>
            {chosen.map((block) => {
                const of = columns.filter(({ index }) => index !== null && index >= block.start && index < block.end);
                const [x0, x1] = [of[0]!.x, of.at(-1)!.x + of.at(-1)!.width];
                const layer = isSeveralLayers(shared) ? t({ en: `layer ${block.layer}, `, zh: `第 ${block.layer} 层，` }) : "";
                const name = `${layer}${poolingText(block.pooling, shared, ui)}`;
                return (
                    <>
                        <line class="stroke-cls" stroke-width="2" x1={x0 + 2} x2={x1 - 2} y1={top + 20} y2={top + 20} />
                        <text font-size="12" x={(x0 + x1) / 2} y={top + 14} text-anchor="middle">
                            {fit(name, x1 - x0, 12)}
                        </text>
                    </>
                );
            })}
            <g {...axisProps(2, lit, onAxis)}>
                {columns.map(({ index, x, width }) => (
                    <text class={lit === 2 && index !== null ? "bold text-model" : "text-muted"} font-size="12" x={x + width / 2} y={top + head - 6} text-anchor="middle">
                        {index === null ? "…" : grouped(index)}
                    </text>
                ))}
            </g>
            {shared.sheets.map(({ row }, i) => {
                const dots = i === last && hasGap ? next() : null;
                const rowY = next();
                return (
                    <>
                        {dots !== null && (
                            <text class="text-muted" font-size="12" x={left - 8} y={dots + 16} text-anchor="end">
                                ⋮
                            </text>
                        )}
                        <text {...axisProps(0, lit, onAxis)} font-size="12" x={left - 8} y={rowY + 16} text-anchor="end">
                            {rowName(row, ui)}
                        </text>
                        <Numbers columns={columns} shift={0} y={rowY} value={at(unpacked[i]!)} digits={isNarrow ? 3 : digits} kind="kept" />
                    </>
                );
            })}
            <text font-size="12.5" x="1" y={top + table.picked - 8}>
                {place}
            </text>
            <text class="bold" font-size="12" x={left - 8} y={top + table.picked + 16} text-anchor="end">
                {rowName(data.row, ui)}
            </text>
            <Numbers columns={columns} shift={0} y={top + table.picked} value={at(own)} digits={isNarrow ? 3 : digits} kind="kept" />
            <rect class="fill-none stroke-ink" stroke-width="2" x={left} y={top + table.picked} width={end(columns) - left} height={ROW} />
        </>
    );
}
