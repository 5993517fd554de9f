// Shares of attention. Rust rounds them to steps of half a percent, and they are shown as rounded.

/** Steps of half a percent as shares; without the hidden tokens, the rest is divided by its sum, so that it sums to 1 again. */
export function shares(steps: ArrayLike<number>, isHidden: (token: number) => boolean = () => false): number[] {
    const all = Array.from(steps);
    if (!all.some((_, token) => isHidden(token))) return all.map((step) => step / 200);
    const kept = all.map((step, token) => (isHidden(token) ? 0 : step));
    const sum = kept.reduce((a, b) => a + b, 0);
    return kept.map((step) => (sum === 0 ? 0 : step / sum));
}

/** The index of the largest share, the first of equal ones; null if all are 0. */
export function largest(values: ArrayLike<number>): number | null {
    let best: number | null = null;
    for (let i = 0; i < values.length; i++) if (values[i]! > (best === null ? 0 : values[best]!)) best = i;
    return best;
}

/** How the thumbnails of a layer are put in rows, none narrower than `least`: their number per row, all rows about equally long. */
export function perRow(n: number, width: number, least: number): number {
    const most = Math.max(1, Math.min(n, Math.floor(width / least)));
    return Math.ceil(n / Math.ceil(n / most));
}
