// Text of several lines in svg.

interface Props {
    lines: string[];
    x: number;
    /** The baseline of the first line. */
    y: number;
    fontSize?: number;
    leading?: number;
    class?: string;
    anchor?: "start" | "middle" | "end";
}

export function Lines({ lines, x, y, fontSize = 13, leading = Math.round(fontSize * 1.4), class: classes, anchor = "start" }: Props) {
    return (
        <>
            {lines.map((line, i) => (
                <text class={classes} x={x} y={y + i * leading} font-size={fontSize} text-anchor={anchor}>
                    {line}
                </text>
            ))}
        </>
    );
}
