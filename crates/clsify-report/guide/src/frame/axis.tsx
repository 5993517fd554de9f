// The axes of charts: a line with ticks, their numbers, and the name of what they measure with its unit.
import { textWidth } from "../text";

interface Props {
    /** From the value to px: a d3 scale or any function. */
    scale: (value: number) => number;
    ticks: number[];
    format: (value: number) => string;
    /** The name of the quantity, with its unit in parentheses. */
    label: string;
    /** The ends of the axis in px. */
    from: number;
    to: number;
}

/** How far below `y` the axis reaches. */
export const AXIS_HEIGHT = 40;

/** The least step at which the numbers of all ticks have room beside each other. */
function stride(ticks: number[], isApart: (a: number, b: number) => boolean): number {
    for (let every = 1; every < ticks.length; every++) {
        const shown = ticks.filter((_, i) => i % every === 0);
        if (shown.every((tick, i) => i === 0 || isApart(shown[i - 1]!, tick))) return every;
    }
    return Math.max(ticks.length, 1);
}

/** An axis at the bottom: `y` is its line. Its numbers reach up to 6 px beyond its ends: leave that room in the drawing. Where numbers would overlap, only every second or third tick has one. */
export function BottomAxis({ scale, ticks, format, label, from, to, y }: Props & { y: number }) {
    const half = (tick: number) => textWidth(format(tick), 12) / 2;
    const middle = (tick: number) => Math.min(Math.max(scale(tick), from - 6 + half(tick)), to + 6 - half(tick));
    // A name that is longer than its axis begins further left.
    const named = textWidth(label, 12.5) / 2;
    const every = stride(ticks, (a, b) => Math.abs(middle(b) - middle(a)) >= half(a) + half(b) + 8);
    return (
        <g class="axis">
            <line class="stroke-muted" x1={from} x2={to} y1={y} y2={y} />
            {ticks.map((tick, i) => (
                <g>
                    <line class="stroke-muted" x1={scale(tick)} x2={scale(tick)} y1={y} y2={y + 5} />
                    {i % every === 0 && (
                        <text class="text-muted" x={middle(tick)} y={y + 18} font-size="12" text-anchor="middle">
                            {format(tick)}
                        </text>
                    )}
                </g>
            ))}
            <text x={Math.max(Math.min((from + to) / 2, to + 6 - named), named)} y={y + 36} font-size="12.5" text-anchor="middle">
                {label}
            </text>
        </g>
    );
}

/** The width that a left axis takes, and its name stands above it: leave 26 px there. */
export function leftAxisWidth(ticks: number[], format: (value: number) => string): number {
    return Math.max(...ticks.map((tick) => textWidth(format(tick), 12))) + 10;
}

/** An axis at the left of the line `x`, with lines of a grid as far as `gridTo`. `from` is its top, `to` its bottom. */
export function LeftAxis({ scale, ticks, format, label, from, to, x, gridTo }: Props & { x: number; gridTo: number }) {
    return (
        <g class="axis">
            {ticks.map((tick) => (
                <g>
                    <line class="stroke-grid" x1={x} x2={gridTo} y1={scale(tick)} y2={scale(tick)} />
                    <text class="text-muted" x={x - 7} y={scale(tick) + 4} font-size="12" text-anchor="end">
                        {format(tick)}
                    </text>
                </g>
            ))}
            <line class="stroke-muted" x1={x} x2={x} y1={from} y2={to} />
            <text x={Math.max(x - leftAxisWidth(ticks, format), 0)} y={from - 14} font-size="12.5">
                {label}
            </text>
        </g>
    );
}
