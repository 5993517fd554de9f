// Scales of charts. d3-scale would be half of the bundle, for colours and dates that no figure has.
import { ticks } from "d3-array";

export interface Scale {
    (value: number): number;
    domain: [number, number];
    /** The value at a px, for what is dragged or pointed at. */
    invert(px: number): number;
    /** About `count` round values within the domain. */
    ticks(count: number): number[];
}

/** A linear scale from values to px. A domain of one value maps to the middle. */
export function linear(domain: [number, number], range: [number, number]): Scale {
    const [d0, d1] = domain;
    const [r0, r1] = range;
    const scale = (value: number) => (d1 === d0 ? (r0 + r1) / 2 : r0 + ((value - d0) / (d1 - d0)) * (r1 - r0));
    return Object.assign(scale, {
        domain,
        invert: (px: number) => (r1 === r0 ? d0 : d0 + ((px - r0) / (r1 - r0)) * (d1 - d0)),
        ticks: (count: number) => ticks(d0, d1, count),
    });
}

/** A logarithmic scale, to base 10, of positive values; its ticks are powers of 10. */
export function log(domain: [number, number], range: [number, number]): Scale {
    const exponents = linear([Math.log10(domain[0]), Math.log10(domain[1])], range);
    return Object.assign((value: number) => exponents(Math.log10(value)), {
        domain,
        invert: (px: number) => 10 ** exponents.invert(px),
        ticks: () => {
            const [first, last] = exponents.domain.map((e, i) => (i === 0 ? Math.ceil(e - 1e-9) : Math.floor(e + 1e-9))) as [number, number];
            return Array.from({ length: Math.max(last - first + 1, 0) }, (_, i) => 10 ** (first + i));
        },
    });
}

/** The domain widened to round values, so that an axis ends at ticks. */
export function nice([low, high]: [number, number], count = 5): [number, number] {
    const step = ticks(low, high, count);
    if (step.length < 2) return [low, high];
    const by = step[1]! - step[0]!;
    return [Math.floor(low / by + 1e-9) * by, Math.ceil(high / by - 1e-9) * by];
}

/** Places for `n` bars beside each other; `padding` is the share of a step that is left free. */
export function band(n: number, range: [number, number], padding = 0.2): { at: (i: number) => number; width: number; step: number } {
    const step = (range[1] - range[0]) / Math.max(n, 1);
    return { at: (i) => range[0] + step * (i + padding / 2), width: step * (1 - padding), step };
}
