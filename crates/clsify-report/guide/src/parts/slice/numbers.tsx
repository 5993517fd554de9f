// A row of cells with their numbers, in columns that leave out the middle of a long row.
import { fixed } from "../../format";

export const ROW = 24;

/** What is drawn of a long list: indices, and null where some are left out. */
export function shownUnits(n: number, isNarrow: boolean): (number | null)[] {
    const first = isNarrow ? 2 : 3;
    return n <= first + 1 ? Array.from({ length: n }, (_, i) => i) : [...Array.from({ length: first }, (_, i) => i), null, n - 1];
}

/** The units whose values are packed: the first three and the last. */
export function packedUnits(n: number): number[] {
    return n <= 4 ? Array.from({ length: n }, (_, i) => i) : [0, 1, 2, n - 1];
}

interface Column {
    index: number | null;
    x: number;
    width: number;
}

const DOTS = 18;

export function layColumns(shown: (number | null)[], x: number, width: number): Column[] {
    const gaps = shown.filter((index) => index === null).length;
    const each = Math.min(165, (width - gaps * DOTS) / (shown.length - gaps));
    return shown.map((index) => {
        const column = { index, x, width: index === null ? DOTS : each };
        x += column.width;
        return column;
    });
}

export const end = (columns: Column[]) => columns.at(-1)!.x + columns.at(-1)!.width;

export type RowKind = "plain" | "kept" | "pooled" | "left";

interface NumbersProps {
    columns: Column[];
    shift: number;
    y: number;
    /** Null where only dots stand. */
    value: (index: number) => number | null;
    digits: number;
    kind: RowKind;
}

export function Numbers({ columns, shift, y, value, digits, kind }: NumbersProps) {
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
