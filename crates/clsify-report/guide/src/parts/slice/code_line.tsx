// The line of code that takes the slice, with its axes in their colours.
import { textWidth } from "../../text";
import { axisProps } from "./axes";

interface CodeLineProps {
    code: [string, number | null][][];
    width: number;
    lit: number | null;
    onAxis: (axis: number | null) => void;
}

export function CodeLine({ code, width, lit, onAxis }: CodeLineProps) {
    return (
        <>
            <rect class="fill-ground" x="0" y="0" width={width} height={code.length * 20 + 8} rx="4" />
            {code.map((line, i) => (
                <text class="mono" font-size="13" x="6" y={18 + i * 20} xml:space="preserve">
                    {line.map(([part, axis]) => (axis === null ? part : <tspan {...axisProps(axis, lit, onAxis)} font-weight="700">{part}</tspan>))}
                </text>
            ))}
        </>
    );
}

/** The code in lines of at most `width`, broken after spaces. */
export function codeLines(code: [string, number | null][], width: number): [string, number | null][][] {
    const most = Math.max(10, Math.floor(width / textWidth("0", 13, true)));
    const lines: [string, number | null][][] = [[]];
    let used = 0;
    // A break may stand after a comma or a space, so what is between them stays together.
    const units: [string, number | null][][] = [[]];
    for (const [text, axis] of code) {
        for (const piece of text.split(/(?<= )/)) {
            units.at(-1)!.push([piece, axis]);
            if (piece.endsWith(" ")) units.push([]);
        }
    }
    for (const unit of units) {
        const length = unit.reduce((sum, [text]) => sum + text.length, 0);
        if (used > 0 && used + length > most) {
            lines.push([]);
            used = 0;
        }
        lines.at(-1)!.push(...unit);
        used += length;
    }
    return lines;
}
