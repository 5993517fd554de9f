// A choice of one from a long list, such as a layer, a head or a token.

interface SelectProps {
    label: string;
    options: [number, string][];
    value: number;
    onChange: (value: number) => void;
}

export function Select({ label, options, value, onChange }: SelectProps) {
    return (
        <label class="control">
            <span>{label}</span>
            <select value={value} onChange={(event) => onChange(Number(event.currentTarget.value))}>
                {options.map(([key, text]) => (
                    <option value={key}>{text}</option>
                ))}
            </select>
        </label>
    );
}
