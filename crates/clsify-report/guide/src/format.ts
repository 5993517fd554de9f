// Writes numbers as Rust writes them, so that the page and the program's other output agree to the digit.

/** Rust's `{:.digits}`. */
export function fixed(x: number, digits: number): string {
    if (Number.isNaN(x)) return "NaN";
    const isNegative = x < 0 || Object.is(x, -0);
    const magnitude = Math.abs(x);
    return (isNegative ? "-" : "") + (magnitude === Infinity ? "inf" : rounded(magnitude, digits));
}

function rounded(x: number, digits: number): string {
    // From here on `toFixed` switches to exponents, and doubles are integers.
    if (x >= 1e21) return BigInt(x).toString() + (digits > 0 ? "." + "0".repeat(digits) : "");
    const up = x.toFixed(digits);
    // `toFixed` is exact but rounds ties up, Rust rounds them to even. A tie has few digits, so 100 of them show it.
    const exact = x.toFixed(100);
    const cut = exact.indexOf(".") + 1 + digits;
    if (!/^50*$/.test(exact.slice(cut))) return up;
    const down = exact.slice(0, digits === 0 ? cut - 1 : cut);
    return Number(down.at(-1)) % 2 === 0 ? down : up;
}

/** Rust's `{:+.digits}`. */
export function signed(x: number, digits: number): string {
    const text = fixed(x, digits);
    return text.startsWith("-") || text === "NaN" ? text : "+" + text;
}

/**
 * `text::legible` of the report: digits after the point, or powers of ten if the number is so small that none of them would say anything,
 * or so large that its digits would be noise.
 */
export function legible(x: number, digits: number): string {
    const size = Math.abs(x);
    if (x === 0 || !Number.isFinite(x) || (0.5 / 10 ** digits <= size && size < 1e6)) return fixed(x, digits);
    const [mantissa, exponent] = x.toExponential(20).split("e") as [string, string];
    const text = fixed(Number(mantissa), 2);
    return text.endsWith("10.00") ? `${text.replace("10.00", "1.00")}e${Number(exponent) + 1}` : `${text}e${Number(exponent)}`;
}

/** A share as a percentage: 0.825 is "82.5%" with one digit. */
export function percent(x: number, digits = 1): string {
    return fixed(100 * x, digits) + "%";
}

/** Labels with commas between them; one that has a comma itself is quoted, so that it is not taken for two. */
export function labelList(labels: string[]): string {
    return labels.map((label) => (label.includes(",") ? `"${label.replaceAll('"', '\\"')}"` : label)).join(", ");
}

/** An integer with commas between thousands. */
export function grouped(n: number): string {
    return fixed(n, 0).replace(/\B(?=(\d{3})+$)/g, ",");
}
