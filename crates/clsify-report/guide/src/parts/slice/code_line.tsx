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

type Unit = [string, number | null][];

/** The parts of a unit that is wider than a line: it may also break after the bracket before a call or an index. */
function atBrackets(unit: Unit): Unit[] {
    const text = unit.map(([piece]) => piece).join("");
    const breaks = new Set(Array.from(text.matchAll(/(?<=[([])(?=\w+[.([])/g), ({ index }) => index));
    const parts: Unit[] = [];
    let at = 0;
    for (const [piece, axis] of unit) {
        for (const char of piece) {
            if (at === 0 || breaks.has(at)) parts.push([]);
            const part = parts.at(-1)!;
            // The letters of a piece stay together, so that each axis is one element.
            if (part.length > 0 && part.at(-1)![1] === axis) part.at(-1)![0] += char;
            else part.push([char, axis]);
            at += char.length;
        }
    }
    return parts;
}

const lengthOf = (unit: Unit) => unit.reduce((sum, [text]) => sum + text.length, 0);

/** The code in lines of at most `width`, broken after spaces. */
export function codeLines(code: Unit, width: number): Unit[] {
    const most = Math.max(10, Math.floor(width / textWidth("0", 13, true)));
    const lines: Unit[] = [[]];
    let used = 0;
    // A break may stand after a comma or a space, so what is between them stays together.
    const units: Unit[] = [[]];
    for (const [text, axis] of code) {
        for (const piece of text.split(/(?<= )/)) {
            units.at(-1)!.push([piece, axis]);
            if (piece.endsWith(" ")) units.push([]);
        }
    }
    for (const unit of units.flatMap((unit) => (lengthOf(unit) > most ? atBrackets(unit) : [unit]))) {
        const length = lengthOf(unit);
        if (used > 0 && used + length > most) {
            lines.push([]);
            used = 0;
        }
        lines.at(-1)!.push(...unit);
        used += length;
    }
    return lines;
}
