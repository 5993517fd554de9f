// Draws the most frequent mistakes as bars, where a matrix would be too small to be read.
import { linear } from "../../scale";
import { fit, fitName, textWidth } from "../../text";
import { type Cell, same } from "./cells";
import type { Pair, Part } from "./data";

export function WorstPairs({ shared, ui, pairs, x, y, width, cell, onPick }: Part & { pairs: Pair[]; cell: Cell | null; onPick: (cell: Cell) => void }) {
    const most = Math.max(1, ...pairs.map(([, , n]) => n));
    const whole = pairs.map(([i, j]) => textWidth(`${shared.names[i]} → ${shared.names[j]}`, 12));
    // The bars have at least a fifth of the width, and the two names share the rest.
    const room = Math.min(Math.max(...whole, width * 0.3) + 14, width * 0.8 - 34);
    const bar = linear([0, most], [0, width - room - 44]);
    const arrow = textWidth(" → ", 12);
    const pairName = (i: number, j: number) => {
        const [from, to] = [shared.names[i]!, shared.names[j]!];
        const free = room - 14 - arrow;
        const [a, b] = [textWidth(from, 12), textWidth(to, 12)];
        if (a + b <= free) return `${from} → ${to}`;
        const ofFrom = Math.max(free / 2, free - b);
        const shown = fitName(from, ofFrom, 12);
        return `${shown} → ${fitName(to, free - textWidth(shown, 12), 12)}`;
    };
    return (
        <g>
            <text x={x} y={y + 13} font-size="14" class="bold">
                {fit(ui.t({ en: "Most frequent mistakes (given → predicted)", zh: "最常见的错误（人工 → 预测）" }), width, 14, false, true)}
            </text>
            {pairs.map(([i, j, n], k) => {
                const top = y + 30 + k * 24;
                return (
                    <g class="pick" onClick={() => onPick([i, j])}>
                        <rect class={`fill-ground ${same(cell, [i, j]) ? "stroke-ink" : "stroke-grid"}`} stroke-width={same(cell, [i, j]) ? 2 : 1} x={x + 1} y={top} width={width - 2} height="22" />
                        <text x={x + 6} y={top + 15} font-size="12">
                            {pairName(i, j)}
                        </text>
                        <rect class="fill-against" x={x + room} y={top + 5} width={Math.max(bar(n), 1)} height="12" />
                        <text x={x + room + bar(n) + 5} y={top + 15} font-size="12">
                            {n}
                        </text>
                    </g>
                );
            })}
        </g>
    );
}
