// The table of features: rows of a few sentences, and below them the row of the picked one.
import { useMemo } from "preact/hooks";
import { grouped } from "../../format";
import { fit, textWidth } from "../../text";
import type { Ui } from "../../ui";
import { f32 } from "../../unpack";
import { axisProps } from "./axes";
import type { Data, Drawn, Shared } from "./data";
import { isSeveralLayers, poolingText, rowName } from "./names";
import { end, layColumns, Numbers, ROW, shownUnits } from "./numbers";

export function layTable({ blocks, nFeatures, sheets }: Shared, data: Data, width: number, ui: Ui) {
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

export type TableLayout = ReturnType<typeof layTable>;

export function Table({ shared, data, ui, top, lit, onAxis, table }: Drawn & { table: TableLayout }) {
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
