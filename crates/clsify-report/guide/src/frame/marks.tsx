// Marks of classes: each of the first eight has a shape and a colour of its own, so that neither is needed alone.

/** Outlines in a square from -1 to 1, of about equal area. */
const SHAPES = [
    "M0.9 0A0.9 0.9 0 1 1 -0.9 0A0.9 0.9 0 1 1 0.9 0Z",
    "M-0.8 -0.8H0.8V0.8H-0.8Z",
    "M0 -1.05L1 0.75H-1Z",
    "M0 -1.1L0.9 0L0 1.1L-0.9 0Z",
    "M0 1.05L1 -0.75H-1Z",
    "M-0.35 -1H0.35V-0.35H1V0.35H0.35V1H-0.35V0.35H-1V-0.35H-0.35Z",
    "M0 -1.1L0.32 -0.36L1.1 -0.3L0.5 0.2L0.7 1L0 0.55L-0.7 1L-0.5 0.2L-1.1 -0.3L-0.32 -0.36Z",
    "M-0.5 -1L0 -0.5L0.5 -1L1 -0.5L0.5 0L1 0.5L0.5 1L0 0.5L-0.5 1L-1 0.5L-0.5 0L-1 -0.5Z",
];

/** How many classes can be told apart; draw the others as `fill-muted`, or the selected one against the rest. */
export const N_CLASS_MARKS = SHAPES.length;

/** The mark of a class at a point; `size` is half its width in px. */
export function ClassMark({ index, x, y, size = 5, class: classes = "" }: { index: number; x: number; y: number; size?: number; class?: string }) {
    const isKnown = index < N_CLASS_MARKS;
    return <path d={classPath(index, x, y, size)} class={`${isKnown ? `fill-class-${index}` : "fill-muted"} ${classes}`} />;
}

/** The outline alone, for a ring around a mark, or for thousands of marks in one path. */
export function classPath(index: number, x: number, y: number, size: number): string {
    // Numbers are x and y by turns but after H and V, so each command is scaled on its own.
    return (SHAPES[index] ?? SHAPES[0]!).replace(/([A-Z])([^A-Z]*)/g, (_, command: string, rest: string) => {
        const numbers = rest.match(/-?[\d.]+/g)?.map(Number) ?? [];
        const at = (value: number, offset: number) => +(offset + value * size).toFixed(2);
        if (command === "H") return `H${at(numbers[0]!, x)}`;
        if (command === "V") return `V${at(numbers[0]!, y)}`;
        if (command === "A") {
            const radius = +(numbers[0]! * size).toFixed(2);
            return `A${radius} ${radius} 0 1 1 ${at(numbers[5]!, x)} ${at(numbers[6]!, y)}`;
        }
        return command + numbers.map((value, i) => at(value, i % 2 === 0 ? x : y)).join(" ");
    });
}
