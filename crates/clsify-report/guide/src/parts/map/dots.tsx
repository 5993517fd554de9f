// The dots of all sentences, with a ring around mistakes.
import { classPath, N_CLASS_MARKS } from "../../frame/marks";
import type { Scale } from "../../scale";
import type { Shared } from "./data";

interface DotsProps {
    shared: Shared;
    x: Scale;
    y: Scale;
    xs: Float64Array;
    ys: Float64Array;
    kindOf: (row: number) => number;
    isWrong: (row: number) => boolean;
    isHidden: (row: number) => boolean;
    n: number;
}

/** Thousands of dots as a few paths: one per class for training rows, and one for the others. */
export function Dots({ shared, x, y, xs, ys, kindOf, isWrong, isHidden, n }: DotsProps) {
    const train = new Map<number, string[]>();
    const others = new Map<number, string[]>();
    const rings: string[] = [];
    for (let row = 0; row < n; row++) {
        if (isHidden(row)) continue;
        const isTrain = row >= shared.nHeldOut && row < shared.nHeldOut + shared.nTrain;
        const kind = kindOf(row);
        const [px, py] = [x(xs[row]!), y(ys[row]!)];
        const paths = isTrain ? train : others;
        const path = classPath(kind, px, py, isTrain ? 3 : 4.2);
        if (paths.has(kind)) paths.get(kind)!.push(path);
        else paths.set(kind, [path]);
        if (isWrong(row)) rings.push(classPath(0, px, py, 8.2));
    }
    const drawn = (paths: Map<number, string[]>, opacity: number) =>
        [...paths].sort(([a], [b]) => a - b).map(([kind, of]) => <path class={kind < N_CLASS_MARKS ? `fill-class-${kind}` : "fill-muted"} fill-opacity={opacity} d={of.join("")} />);
    return (
        <g>
            {drawn(train, 0.28)}
            {drawn(others, 0.9)}
            <path class="fill-none stroke-ink" stroke-width="1.4" d={rings.join("")} />
        </g>
    );
}
