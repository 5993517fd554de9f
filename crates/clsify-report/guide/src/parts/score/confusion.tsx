// Draws the confusion matrix, or given by predicted of one label.
import { percent } from "../../format";
import type { Guide } from "../../page";
import { fitName, textWidth } from "../../text";
import { type Cell, kindOf, pairsOf, placeOf, same, twoByTwo } from "./cells";
import { Notes } from "./chart";
import type { Pair, Part, Shared } from "./data";

/** A cell that is narrower has its precision turned. */
const PRECISION = 42;

interface MatrixLayout {
    left: number;
    top: number;
    cell: number;
    width: number;
    height: number;
    isTurned: boolean;
    /** Where the cells would be too small to be read: the largest ones off the diagonal. */
    pairs: Pair[] | null;
}

export function matrixLayout(shared: Shared, width: number, guide: Guide): MatrixLayout {
    const list = (pairs: Pair[]): MatrixLayout => {
        const half = width >= 720 ? width / 2 - 34 : width;
        return { left: 0, top: 0, cell: 0, width: half, height: pairs.length * 24 + 60, isTurned: false, pairs };
    };
    if (shared.worst) return list(shared.worst);
    const n = guide.multiLabel ? 2 : shared.names.length;
    const names = guide.multiLabel ? [] : shared.names;
    const longest = Math.max(0, ...names.map((name) => textWidth(name, 12)));
    const left = Math.min(Math.max(longest, 44) + 26, width * 0.3);
    const margin = 52;
    const cell = Math.min(n <= 2 ? 80 : n <= 8 ? 58 : 44, (width - left - margin) / n);
    if (cell < 16) return list(pairsOf(shared.confusion!).filter(([i, j]) => i !== j).sort((a, b) => b[2] - a[2]).slice(0, 15));
    const isTurned = longest > cell - 6;
    const top = 58 + (isTurned ? Math.min(longest, 90) : 16);
    return { left, top, cell, width: left + n * cell + margin, height: top + n * cell + (cell < PRECISION ? 78 : 56), isTurned, pairs: null };
}

interface MatrixProps extends Part {
    layout: MatrixLayout;
    cell: Cell | null;
    onPick: (cell: Cell) => void;
    label: number;
}

export function Matrix({ shared, data, guide, ui, x, y, layout, cell, onPick, label }: MatrixProps) {
    const t = ui.t;
    const { left, cell: size, isTurned, top } = layout;
    const own = placeOf(shared, guide, label);
    const counts = guide.multiLabel ? twoByTwo(shared, label) : shared.confusion!;
    const yes = t({ en: "yes", zh: "是" });
    const no = t({ en: "no", zh: "否" });
    const names = guide.multiLabel ? [yes, no] : shared.names;
    const recall = (i: number) => counts[i]!.reduce((sum, n) => sum + n, 0);
    const predicted = (j: number) => counts.reduce((sum, row) => sum + row[j]!, 0);
    const most = Math.max(1, ...counts.flat());
    const toCell = (i: number, j: number): Cell => (guide.multiLabel ? [own, kindOf(i, j)] : [i, j]);
    const picked = (i: number, j: number) =>
        data?.cell != null && (guide.multiLabel ? data.cell[own] === kindOf(i, j) : data.cell[0] === i && data.cell[1] === j);
    const x0 = x + left;
    const y0 = y + top;
    const n = counts.length;
    const small = Math.min(13, size * 0.4);
    const hasNumbers = size >= 24;
    return (
        <g>
            <text x={x} y={y + 13} font-size="14" class="bold">
                {guide.multiLabel ? t({ en: `Mistakes on ${guide.labels[label]}`, zh: `${guide.labels[label]} 的错误` }) : t({ en: "Which mistakes (confusion matrix)", zh: "有哪些错误（混淆矩阵）" })}
            </text>
            <text x={x0} y={y + 38} font-size="12.5">
                {t({ en: "predicted label →", zh: "预测标签 →" })}
            </text>
            <text x={x} y={y0 - 8} font-size="12.5">
                {t({ en: "given ↓", zh: "人工标签 ↓" })}
            </text>
            <text x={x0 + n * size + 6} y={y0 - 8} font-size="12" class="text-label">
                {t({ en: "recall", zh: "召回率" })}
            </text>
            {names.map((name, k) => (
                <>
                    <text x={x0 - 8} y={y0 + (k + 0.5) * size + 4} font-size="12" text-anchor="end">
                        {fitName(name, left - 10, 12)}
                    </text>
                    {isTurned ? (
                        <text font-size="12" transform={`translate(${x0 + (k + 0.5) * size + 4} ${y0 - 6}) rotate(-90)`}>
                            {fitName(name, 88, 12)}
                        </text>
                    ) : (
                        <text x={x0 + (k + 0.5) * size} y={y0 - 8} font-size="12" text-anchor="middle">
                            {name}
                        </text>
                    )}
                    {size >= 14 && (
                        <text x={x0 + n * size + 6} y={y0 + (k + 0.5) * size + 4} font-size="12" class="text-label">
                            {recall(k) === 0 ? "–" : percent(counts[k]![k]! / recall(k), 0)}
                        </text>
                    )}
                    <text
                        {...(size < PRECISION ? { transform: `translate(${x0 + (k + 0.5) * size + 4} ${y0 + n * size + 7}) rotate(-90)` } : { x: x0 + (k + 0.5) * size, y: y0 + n * size + 17 })}
                        font-size="12"
                        class="text-for"
                        text-anchor={size < PRECISION ? "end" : "middle"}
                    >
                        {predicted(k) === 0 ? "–" : percent(counts[k]![k]! / predicted(k), 0)}
                    </text>
                </>
            ))}
            <text x={x0 - 8} y={y0 + n * size + 17} font-size="12" class="text-for" text-anchor="end">
                {t({ en: "precision", zh: "精确率" })}
            </text>
            {counts.flatMap((row, i) =>
                row.map((count, j) => (
                    <g class={count > 0 ? "pick" : ""} onClick={count > 0 ? () => onPick(toCell(i, j)) : undefined}>
                        <rect class="fill-ground stroke-grid" x={x0 + j * size} y={y0 + i * size} width={size} height={size} />
                        {count > 0 && (
                            <rect
                                class={i === j ? "fill-for" : "fill-against"}
                                fill-opacity={0.1 + 0.48 * Math.sqrt(count / most)}
                                x={x0 + j * size + 1}
                                y={y0 + i * size + 1}
                                width={size - 2}
                                height={size - 2}
                            />
                        )}
                        {hasNumbers && count > 0 && (
                            <text x={x0 + (j + 0.5) * size} y={y0 + (i + 0.5) * size + small * 0.36} font-size={Math.max(11, n <= 2 ? 20 : small)} text-anchor="middle">
                                {count}
                            </text>
                        )}
                        {!hasNumbers && count > 0 && i !== j && <circle class="fill-ink" r={Math.min(size / 2 - 1, 1 + Math.sqrt(count))} cx={x0 + (j + 0.5) * size} cy={y0 + (i + 0.5) * size} />}
                        {picked(i, j) && <path class="fill-ink" d={`M${x0 + j * size + 2} ${y0 + i * size + 2}h${Math.min(14, size / 2)}l${-Math.min(14, size / 2)} ${Math.min(14, size / 2)}z`} />}
                    </g>
                )),
            )}
            {cell && counts.flatMap((row, i) => row.map((_, j) => same(cell, toCell(i, j)) && <rect class="fill-none stroke-ink" stroke-width="3" x={x0 + j * size} y={y0 + i * size} width={size} height={size} />))}
            <Notes
                x={x}
                y={y0 + n * size + (size < PRECISION ? 62 : 40)}
                width={layout.width}
                lines={[t({ en: `frame: listed below${data?.cell != null ? "; ◤ the picked sentence" : ""}`, zh: `方框：句子列在下面${data?.cell != null ? "；◤ 所选句子" : ""}` })]}
            />
        </g>
    );
}
