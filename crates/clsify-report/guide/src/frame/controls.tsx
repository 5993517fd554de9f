// Controls that several figures use: a choice of a few, an on/off, and a number in a range. All are native inputs.
import type { ComponentChildren } from "preact";
import { useUnique } from "./ids";

/** The row of controls above a figure. */
export function Controls({ children }: { children: ComponentChildren }) {
    return <div class="controls">{children}</div>;
}

interface ChoiceProps<Value> {
    label: string;
    options: { value: Value; text: string }[];
    value: Value;
    onChange: (value: Value) => void;
}

/** One of a few options, all of which are seen. */
export function Choice<Value extends string | number>({ label, options, value, onChange }: ChoiceProps<Value>) {
    const name = useUnique("choice");
    return (
        <fieldset class="control choice">
            <legend>{label}</legend>
            {options.map((option) => (
                <label>
                    <input type="radio" name={name} checked={option.value === value} onChange={() => onChange(option.value)} />
                    <span>{option.text}</span>
                </label>
            ))}
        </fieldset>
    );
}

export function Toggle(props: { label: string; value: boolean; onChange: (value: boolean) => void }) {
    return (
        <label class="control toggle">
            <input type="checkbox" checked={props.value} onChange={(event) => props.onChange(event.currentTarget.checked)} />
            <span>{props.label}</span>
        </label>
    );
}

interface SliderProps {
    label: string;
    min: number;
    max: number;
    step?: number;
    value: number;
    /** The value in words, such as "layer 3 of 6". */
    text: string;
    onChange: (value: number) => void;
}

export function Slider({ label, min, max, step = 1, value, text, onChange }: SliderProps) {
    return (
        <label class="control slider">
            <span>{label}</span>
            <input
                type="range"
                {...{ min, max, step, value }}
                aria-valuetext={text}
                onInput={(event) => onChange(event.currentTarget.valueAsNumber)}
            />
            <output>{text}</output>
        </label>
    );
}
