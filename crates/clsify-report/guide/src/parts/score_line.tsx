// Draws a score with its interval on a line from 0 to 1, and the baseline above it.
import { percent } from "../format";
import { textWidth } from "../text";

interface Props {
    score: number;
    interval: [number, number];
    baseline: number;
    /** What the baseline is. */
    text: string;
    textY: number;
    /** Where a share stands on the line. */
    at: (share: number) => number;
    y: number;
    width: number;
}

export function ScoreLine({ score, interval, baseline, text, textY, at, y, width }: Props) {
    const half = textWidth(text, 12) / 2 + 1;
    return (
        <>
            <line class="stroke-muted" x1={at(0)} x2={at(1)} y1={y} y2={y} />
            {[0, 0.25, 0.5, 0.75, 1].map((tick) => (
                <g>
                    <line class="stroke-muted" x1={at(tick)} x2={at(tick)} y1={y - 4} y2={y + 4} />
                    <text x={at(tick)} y={y + 21} font-size="12" class="text-muted" text-anchor={tick === 0 ? "start" : tick === 1 ? "end" : "middle"}>
                        {percent(tick, 0)}
                    </text>
                </g>
            ))}
            <path class="fill-muted" d={`M${at(baseline)} ${y - 5}l-5 -9h10z`} />
            <text x={Math.min(Math.max(at(baseline), half), width - half)} y={textY} font-size="12" class="text-muted" text-anchor="middle">
                {text}
            </text>
            <line class="stroke-test" stroke-width="7" x1={at(interval[0])} x2={at(interval[1])} y1={y} y2={y} />
            <circle class="fill-paper stroke-test" stroke-width="2.5" r="6" cx={at(score)} cy={y} />
        </>
    );
}
