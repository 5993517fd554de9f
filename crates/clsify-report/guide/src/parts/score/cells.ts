// The cells of the confusion matrix: which there are, and which one is framed.
import type { Guide } from "../../page";
import type { Data, Pair, Shared } from "./data";

export type Cell = [number, number];
export const same = (a: Cell | null, b: Cell | null) => a !== null && b !== null && a[0] === b[0] && a[1] === b[1];

export const pairsOf = (confusion: number[][]) => confusion.flatMap((row, i) => row.map((n, j): Pair => [i, j, n])).filter(([, , n]) => n > 0);

/** The position of a classifier's label among the names of the scores. */
export const placeOf = (shared: Shared, guide: Guide, label: number) => shared.names.indexOf(guide.labels[label]!);

/** The number of the kind that Rust gives to given i and predicted j, each 0 for yes. */
export const kindOf = (i: number, j: number) => 2 * i + j;

/** Given yes and no by predicted yes and no. */
export function twoByTwo(shared: Shared, label: number): number[][] {
    const curve = shared.curves.find((each) => each.label === label)!;
    const { right, wrong } = curve.own!;
    const { support } = curve;
    return [[right, support - right], [wrong, shared.nTest - support - wrong]];
}

export interface CellOption {
    cell: Cell;
    name: string;
    n: number;
}

/** The cells that can be listed, each with its number of rows. */
export function cellsOf(shared: Shared, label: number, guide: Guide): CellOption[] {
    if (guide.multiLabel) {
        const own = placeOf(shared, guide, label);
        return twoByTwo(shared, label).flatMap((row, i) => row.map((n, j) => ({ cell: [own, kindOf(i, j)] as Cell, name: "", n }))).filter(({ n }) => n > 0);
    }
    const pairs = shared.worst ?? pairsOf(shared.confusion!);
    return pairs.map(([i, j, n]) => ({ cell: [i, j], name: `${shared.names[i]} → ${shared.names[j]}`, n }));
}

/** The cell of the picked sentence, or the largest cell of mistakes. */
export function defaultCell(shared: Shared, data: Data, label: number, all: CellOption[], guide: Guide): Cell | null {
    if (guide.multiLabel) {
        const own = placeOf(shared, guide, label);
        if (data?.cell) return [own, data.cell[own]!];
    } else if (data?.cell) {
        const own = data.cell as Cell;
        if (all.some(({ cell }) => same(cell, own))) return own;
    }
    const isMistake = ({ cell: [a, b] }: CellOption) => (guide.multiLabel ? b === 1 || b === 2 : a !== b);
    const mistakes = all.filter(isMistake).sort((a, b) => b.n - a.n);
    return (mistakes[0] ?? all[0])?.cell ?? null;
}
