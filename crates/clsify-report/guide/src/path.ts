// The `d` of paths that several figures draw. d3-shape would add 18 KB for them.

export type Point = [x: number, y: number];

/** Two decimals are finer than any screen, and keep the page's svg short. */
const px = (value: number) => `${+value.toFixed(2)}`;
const at = ([x, y]: Point) => `${px(x)} ${px(y)}`;

/** Straight lines through the points. */
export function linePath(points: Point[]): string {
    return points.length === 0 ? "" : `M${points.map(at).join("L")}`;
}

/** A line that goes level to the next point and then up or down, as a value that holds until it changes. */
export function stepPath(points: Point[]): string {
    return points.map((point, i) => (i === 0 ? `M${at(point)}` : `H${px(point[0])}V${px(point[1])}`)).join("");
}

/** The area between two lines, such as an interval around a curve. */
export function areaPath(upper: Point[], lower: Point[]): string {
    return upper.length === 0 ? "" : `${linePath([...upper, ...lower.toReversed()])}Z`;
}

/** A curve that leaves one point and arrives at another along `axis`: "y" for what flows up or down. */
export function linkPath([x0, y0]: Point, [x1, y1]: Point, axis: "x" | "y" = "y"): string {
    const [a, b]: [Point, Point] = axis === "y" ? [[x0, (y0 + y1) / 2], [x1, (y0 + y1) / 2]] : [[(x0 + x1) / 2, y0], [(x0 + x1) / 2, y1]];
    return `M${at([x0, y0])}C${at(a)} ${at(b)} ${at([x1, y1])}`;
}

/** A ribbon between two level spans, from `[x0, x1]` at `y` to `[x2, x3]` at `y1`. */
export function ribbonPath([x0, x1]: Point, y: number, [x2, x3]: Point, y1: number): string {
    const middle = (y + y1) / 2;
    const down = `M${at([x0, y])}C${at([x0, middle])} ${at([x2, middle])} ${at([x2, y1])}`;
    return `${down}H${px(x3)}C${at([x3, middle])} ${at([x1, middle])} ${at([x1, y])}Z`;
}
