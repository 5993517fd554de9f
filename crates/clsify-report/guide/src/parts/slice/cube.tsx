// The cube of sentences, positions and hidden units, and below it what the slice keeps of the sentence in front.
import { useMemo } from "preact/hooks";
import { grouped } from "../../format";
import { fit, textWidth } from "../../text";
import { f32 } from "../../unpack";
import { axisProps } from "./axes";
import type { Data, Drawn, Shared, Step } from "./data";
import { poolingText, rowName } from "./names";
import { end, layColumns, Numbers, packedUnits, ROW, type RowKind, shownUnits } from "./numbers";

export function layCube({ shape, sheets, poolings }: Shared, data: Data, width: number, step: Step, down: string) {
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

export type CubeLayout = ReturnType<typeof layCube>;

export function Cube({ shared, data, ui, width, top, lit, onAxis, step, names, cube }: Drawn & { step: Step; names: string[]; cube: CubeLayout }) {
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
