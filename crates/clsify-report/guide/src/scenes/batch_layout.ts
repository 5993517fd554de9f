// The matrix of token ids as runs of equal cells, in panels beside each other so that every row has a height that can be seen.
import { u16, u8 } from "../unpack";

export interface Matrix {
    /** The token ids of all rows, one row after the other, without padding. */
    ids: Uint32Array;
    /** Where each row starts in `ids`; one more than there are rows. */
    starts: Uint32Array;
    /** The text of each id of the first columns. */
    texts: Map<number, string>;
}

export interface Packed {
    lengths: string;
    /** The lower 16 bits of each id, and the upper ones if there are any. */
    low: string;
    high: string | null;
    /** The number of first columns whose ids have their text in `spelled`. */
    nSpelled: number;
    /** The texts, in the order in which the ids first occur there. */
    spelled: string[];
}

export function unpack({ lengths, low, high, nSpelled, spelled }: Packed): Matrix {
    const ids = Uint32Array.from(u16(low));
    if (high) for (const [i, upper] of u8(high).entries()) ids[i]! += upper * 0x10000;
    const n = u16(lengths);
    const starts = new Uint32Array(n.length + 1);
    for (const [row, length] of n.entries()) starts[row + 1] = starts[row]! + length;
    const texts = new Map<number, string>();
    for (let row = 0; row < n.length; row++) {
        for (const id of ids.subarray(starts[row], Math.min(starts[row]! + nSpelled, starts[row + 1]!))) {
            if (!texts.has(id)) texts.set(id, spelled[texts.size]!);
        }
    }
    return { ids, starts, texts };
}

/** Two ids that divide the tokens that are not special into three parts of about equal size. */
export function thirds({ ids }: Matrix, special: Set<number>): [number, number] {
    const sorted = ids.filter((id) => !special.has(id)).sort();
    const at = (share: number) => sorted[Math.floor(share * sorted.length)] ?? 0;
    return [at(1 / 3), at(2 / 3)];
}

export interface Panels {
    n: number;
    /** The number of rows of each panel; the last one may have fewer. */
    rows: number;
    cellWidth: number;
    rowHeight: number;
    x: (panel: number) => number;
    width: number;
    height: number;
}

/** The space at the left of a panel, for marks of rows. */
export const MARGIN = 16;

/** As many panels as make the cells largest. */
export function panels(nRows: number, nColumns: number, width: number, maxHeight: number): Panels {
    const of = (n: number): Panels => {
        const rows = Math.ceil(nRows / n);
        const cellWidth = Math.min(width / n - MARGIN - 2, nColumns * 14) / nColumns;
        // Whole and half px stay sharp.
        const free = Math.min(maxHeight / rows, 12);
        const rowHeight = free >= 0.5 ? Math.floor(free * 2) / 2 : free;
        const panel = cellWidth * nColumns;
        const step = panel + MARGIN + (width - n * (panel + MARGIN) - 2) / Math.max(n - 1, 1);
        return { n, rows, cellWidth, rowHeight, x: (i) => MARGIN + (n === 1 ? 0 : i * step), width: panel, height: rows * rowHeight };
    };
    // A cell is as visible as its shorter side.
    const size = ({ cellWidth, rowHeight }: Panels) => Math.min(cellWidth, rowHeight);
    const all = [1, 2, 3, 4, 5, 6].map(of).filter(({ width }) => width >= 60);
    return (all.length === 0 ? [of(1)] : all).reduce((best, next) => (size(next) > size(best) + 1e-9 ? next : best));
}

/** One path per kind, to be stroked as thick as a row is high: a run of cells of one kind is one line. */
export function runs({ ids, starts }: Matrix, { rows, cellWidth, rowHeight, x }: Panels, top: number, nKinds: number, kindOf: (id: number) => number): string[] {
    const paths: string[][] = Array.from({ length: nKinds }, () => []);
    const px = (value: number) => `${+value.toFixed(2)}`;
    for (let row = 0; row + 1 < starts.length; row++) {
        const left = x(Math.floor(row / rows));
        const y = px(top + ((row % rows) + 0.5) * rowHeight);
        const own = ids.subarray(starts[row], starts[row + 1]);
        for (let start = 0, column = 1; column <= own.length; column++) {
            const kind = kindOf(own[start]!);
            if (column < own.length && kindOf(own[column]!) === kind) continue;
            paths[kind]!.push(`M${px(left + start * cellWidth)} ${y}h${px((column - start) * cellWidth)}`);
            start = column;
        }
    }
    return paths.map((parts) => parts.join(""));
}

/** The row at a point of the figure, or null. */
export function rowAt({ n, rows, rowHeight, x, width, height }: Panels, nRows: number, left: number, top: number): number | null {
    if (top < 0 || top >= height) return null;
    for (let panel = 0; panel < n; panel++) {
        if (left < x(panel) - MARGIN || left > x(panel) + width) continue;
        const row = panel * rows + Math.floor(top / rowHeight);
        return row < nRows && row < (panel + 1) * rows ? row : null;
    }
    return null;
}
