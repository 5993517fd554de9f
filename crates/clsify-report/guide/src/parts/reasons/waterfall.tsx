// Draws the terms one after the other: each bar begins where the last one ended.
import { AXIS_HEIGHT, BottomAxis } from "../../frame/axis";
import { fixed, grouped, legible, signed } from "../../format";
import { linear, nice } from "../../scale";
import { fit, textWidth, wrap } from "../../text";
import { type Common, HEAD, type Place, ROW, Title, titleExtra } from "./layout";
import { labelName } from "../../label_name";

interface Bar {
    name: string;
    numbers: [string, string] | null;
    amount: number;
}

/** What stands above and below the terms, and the height of all. */
export function waterfallTexts({ shared, reasons, sentence, guide, ui }: Common, width: number) {
    const t = ui.t;
    const { terms, total, label, rival } = reasons;
    const name = labelName(guide.labels[label]!, ui);
    const rivalName = rival === null ? "" : labelName(guide.labels[rival]!, ui);
    const title =
        rival === null
            ? t({ en: `The logit of ${name}, term by term`, zh: `${name} 的 logit，逐项相加` })
            : t({ en: `${name} minus ${rivalName}, term by term`, zh: `${name} 减 ${rivalName}，逐项相加` });
    const p = fixed(sentence.probability[label]!, 4);
    const end =
        rival === null
            ? `p(${name}) = 1 / (1 + exp(−(${signed(total, 4)}))) = ${p}`
            : t({
                  en: `above 0: ${name} is more probable than ${rivalName}; the weight here is the difference of their two weights`,
                  zh: `大于 0：${name} 的概率高于 ${rivalName}；这里的权重是两者权重之差`,
              });
    const scaled = t({ en: "z: the feature minus its mean over the training rows, divided by its standard deviation.", zh: "z：特征减去它在训练集上的均值，再除以标准差。" });
    const isConstant = !Number.isFinite(reasons.logit);
    const result = isConstant ? t({ en: "This label was the same for all training rows, so its probability is fixed.", zh: "这个标签在所有训练行上都一样，因此概率是固定的。" }) : end;
    const lines = [...(shared.scaled ? [scaled] : []), result].flatMap((text) => wrap(text, width - 2, 12.5, 5));
    return { title, lines, height: titleExtra(title, width) + HEAD + 24 + (terms.length + 3) * ROW + AXIS_HEIGHT + 14 + 17 * Math.max(lines.length, 2) };
}

export function Waterfall({ x: left, y, width, ...common }: Common & Place) {
    const { shared, reasons, ui } = common;
    const t = ui.t;
    const { terms, rest, intercept, total, rival } = reasons;
    const { title, lines } = waterfallTexts(common, width);
    const top = y + titleExtra(title, width);
    const isNarrow = width < 560;
    const size = isNarrow ? 11.5 : 13;
    const x0 = shared.scaled ? "z" : "x";
    const all: Bar[] = [
        ...terms.map(({ feature, value, weight }): Bar => ({ name: `${x0}${feature}`, numbers: [legible(value, 4), legible(weight, 4)], amount: value * weight })),
        { name: t({ en: `${grouped(shared.nFeatures - terms.length)} other terms`, zh: `其余 ${grouped(shared.nFeatures - terms.length)} 项` }), numbers: null, amount: rest },
        { name: t({ en: "intercept", zh: "截距" }), numbers: null, amount: intercept },
    ];
    const totalName = rival === null ? "logit" : t({ en: "logit difference", zh: "logit 之差" });
    // On the narrowest screens the bars need the room of the factors, which are in the table too.
    const isTight = width < 320;
    const bars = isTight ? all.map((bar) => ({ ...bar, numbers: null })) : all;
    const wide = (pick: (bar: Bar) => string) => Math.max(...bars.map((bar) => textWidth(pick(bar), size)));
    const columns = [
        Math.max(wide((bar) => (bar.numbers || isTight ? bar.name : "")), isTight ? textWidth(totalName, size, false, true) : 0) + 12,
        wide((bar) => bar.numbers?.[0] ?? ""),
        wide((bar) => bar.numbers?.[1] ?? ""),
        Math.max(wide((bar) => signed(bar.amount, 4)), textWidth(signed(total, 4), size, false, true)) + 2,
    ] as [number, number, number, number];
    const operator = isTight ? 0 : isNarrow ? 14 : 20;
    const ends = [columns[0] + columns[1], columns[0] + columns[1] + operator + columns[2], columns[0] + columns[1] + columns[2] + columns[3] + 2 * operator] as [number, number, number];
    const barFrom = left + ends[2] + 12;
    const sums = bars.reduce<number[]>((sums, bar) => [...sums, sums.at(-1)! + bar.amount], [0]);
    const domain = nice([Math.min(...sums), Math.max(...sums)], 4);
    const x = linear(domain, [barFrom, left + width - 8]);
    const first = top + HEAD + 24;
    const totalY = first + bars.length * ROW;
    const bottom = totalY + ROW + 4;
    return (
        <g>
            <Title x={left} y={y} width={width} text={title} />
            <g class="text-muted">
                {!isTight && (
                    <>
                        <text x={left + ends[0]} y={top + HEAD + 12} font-size="12" text-anchor="end" class="text-muted">
                            {isNarrow ? x0 : t({ en: `feature ${x0}`, zh: `特征 ${x0}` })}
                        </text>
                        <text x={left + ends[1]} y={top + HEAD + 12} font-size="12" text-anchor="end" class="text-muted">
                            {isNarrow ? "w" : t({ en: "weight w", zh: "权重 w" })}
                        </text>
                    </>
                )}
                <text x={left + ends[2]} y={top + HEAD + 12} font-size="12" text-anchor="end" class="text-muted">
                    w · {x0}
                </text>
            </g>
            {x.ticks(4).map((tick) => (
                <line class="stroke-grid" x1={x(tick)} x2={x(tick)} y1={first - 4} y2={bottom} />
            ))}
            <line class="stroke-ink" x1={x(0)} x2={x(0)} y1={first - 4} y2={bottom} />
            {bars.map((bar, i) => {
                const y = first + i * ROW;
                const [from, to] = [x(sums[i]!), x(sums[i + 1]!)];
                return (
                    <g>
                        <text x={left + 1} y={y + 13} font-size={size}>
                            {bar.name}
                        </text>
                        {bar.numbers && (
                            <>
                                <text x={left + ends[0]} y={y + 13} font-size={size} text-anchor="end">
                                    {bar.numbers[0]}
                                </text>
                                <text x={left + ends[0] + operator / 2} y={y + 13} font-size={size} text-anchor="middle" class="text-muted">
                                    ×
                                </text>
                                <text x={left + ends[1]} y={y + 13} font-size={size} text-anchor="end">
                                    {bar.numbers[1]}
                                </text>
                                <text x={left + ends[1] + operator / 2} y={y + 13} font-size={size} text-anchor="middle" class="text-muted">
                                    =
                                </text>
                            </>
                        )}
                        <text x={left + ends[2]} y={y + 13} font-size={size} text-anchor="end" class={bar.amount < 0 ? "text-against" : "text-for"}>
                            {signed(bar.amount, 4)}
                        </text>
                        <rect class={bar.amount < 0 ? "fill-against" : "fill-for"} x={Math.min(from, to)} y={y + 2} width={Math.max(Math.abs(to - from), 1)} height={ROW - 8} />
                        <line class="stroke-muted" x1={to} x2={to} y1={y + ROW - 6} y2={y + ROW + 2} />
                    </g>
                );
            })}
            <line class="stroke-muted" x1={left} x2={left + ends[2]} y1={totalY} y2={totalY} />
            <text x={left + 1} y={totalY + 15} font-size={size} class="bold">
                {fit(totalName, ends[2] - columns[3] - 6, size, false, true)}
            </text>
            <text x={left + ends[2]} y={totalY + 15} font-size={size} text-anchor="end" class="bold">
                {signed(total, 4)}
            </text>
            <rect class="fill-label stroke-label" x={Math.min(x(0), x(total))} y={totalY + 3} width={Math.max(Math.abs(x(total) - x(0)), 1)} height={ROW - 7} />
            <BottomAxis scale={x} ticks={x.ticks(4)} format={(value) => fixed(value === 0 ? 0 : value, domain[1] - domain[0] > 4 ? 0 : domain[1] - domain[0] > 0.6 ? 1 : 2)} label={t({ en: "running sum", zh: "累计和" })} from={barFrom} to={left + width - 7} y={bottom} />
            {lines.map((line, i) => (
                <text x={left + 1} y={bottom + AXIS_HEIGHT + 14 + i * 17} font-size="12.5">
                    {line}
                </text>
            ))}
        </g>
    );
}
