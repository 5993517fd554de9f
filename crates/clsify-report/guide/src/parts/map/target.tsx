// The cross-hair on the picked sentence.

/** The mark of the picked sentence: a cross-hair, which nothing else has. */
export function Target({ x, y }: { x: number; y: number }) {
    return (
        <g>
            <circle class="fill-none backing" r="12" cx={x} cy={y} />
            <circle class="fill-none stroke-ink" stroke-width="3" r="12" cx={x} cy={y} />
            <path class="fill-none stroke-ink" stroke-width="3" d={`M${x - 21} ${y}h9M${x + 12} ${y}h9M${x} ${y - 21}v9M${x} ${y + 12}v9`} />
        </g>
    );
}
