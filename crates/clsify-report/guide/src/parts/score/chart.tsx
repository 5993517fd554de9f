// Draws what the charts of shares have in common: title, axes and notes.
import { BottomAxis, LeftAxis, leftAxisWidth } from "../../frame/axis";
import { fixed, percent } from "../../format";
import { linear, type Scale } from "../../scale";
import { fit, wrap } from "../../text";

/** The frame of a chart of shares: both axes from 0 to 100 %. */
export function Frame(props: { x: number; y: number; width: number; height: number; title: string; xName: string; yName: string; scales: { x: Scale; y: Scale; inset: number }; isThreshold?: boolean }) {
    const { x, y, scales, title } = props;
    const top = y + 44;
    const from = scales.x(0) - scales.inset;
    return (
        <>
            <text x={x} y={y + 13} font-size="14" class="bold">
                {fit(title, props.width, 14, false, true)}
            </text>
            <LeftAxis scale={scales.y} ticks={TICKS} format={whole} label={props.yName} from={top} to={top + props.height} x={from} gridTo={scales.x(1)} />
            <BottomAxis scale={scales.x} ticks={TICKS} format={props.isThreshold ? (v) => fixed(v, 2) : whole} label={props.xName} from={from} to={scales.x(1)} y={top + props.height} />
        </>
    );
}

/** Those of all axes of shares. */
export const TICKS = [0, 0.25, 0.5, 0.75, 1];
export const whole = (share: number) => percent(share, 0);

/** `inset` is the room between the axes and their zero, for marks that are larger than a point. */
export function scalesOf({ x, y, width }: { x: number; y: number; width: number }, height: number, inset = 0) {
    return { x: linear([0, 1], [x + leftAxisWidth(TICKS, whole) + inset, x + width - 10]), y: linear([0, 1], [y + 44 + height - inset, y + 44]), inset };
}

export const noteLines = (lines: string[], width: number) => lines.flatMap((line) => wrap(line, width, 12, 2));

export function Notes({ x, y, width, lines }: { x: number; y: number; width: number; lines: string[] }) {
    return (
        <>
            {noteLines(lines, width).map((line, i) => (
                <text x={x} y={y + i * 16} font-size="12" class="text-muted">
                    {line}
                </text>
            ))}
        </>
    );
}
