// Scene 8: the encoder's output as a cube of sentences, positions and hidden units; the slice of it that is kept; the table of features.
import { useState } from "preact/hooks";
import { Choice, Controls } from "../frame/controls";
import { ArrowHead, Drawing, Hatch } from "../frame/drawing";
import { axisNames, KINDS } from "../parts/slice/axes";
import { CodeLine, codeLines } from "../parts/slice/code_line";
import { Cube, type CubeLayout, layCube } from "../parts/slice/cube";
import type { Data, Shared, Step } from "../parts/slice/data";
import { explanation } from "../parts/slice/explanation";
import { layTable, Table, type TableLayout } from "../parts/slice/table";
import type { FigureProps, Scene } from "../scene";
import { wrap } from "../text";

export const scene: Scene<Shared, Data> = { id: "slice", Figure };

function Figure({ shared, data, ui, width }: FigureProps<Shared, Data>) {
    const t = ui.t;
    const [step, setStep] = useState<Step>("cube");
    const [chosen, setChosen] = useState<number | null>(null);
    const [hovered, setHovered] = useState<number | null>(null);
    const lit = hovered ?? chosen;
    const names = axisNames(shared, ui);
    const code = codeLines(shared.code, width - 8);
    const text = wrap(explanation(step, shared, data, ui), width - 2, 13);
    const top = code.length * 20 + 12 + text.length * 18 + 10;
    const props = { shared, data, ui, width, top, lit, onAxis: setHovered };
    const drawn = step === "table" ? layTable(shared, data, width, ui) : layCube(shared, data, width, step, names[1]!);
    return (
        <>
            <Controls>
                <Choice
                    label={t({ en: "Step", zh: "步骤" })}
                    options={[
                        { value: "cube", text: t({ en: "1 cube", zh: "1 立方体" }) },
                        { value: "slice", text: t({ en: "2 slice", zh: "2 切片" }) },
                        { value: "table", text: t({ en: "3 table", zh: "3 表格" }) },
                    ]}
                    value={step}
                    onChange={setStep}
                />
                <Choice
                    label={t({ en: "Highlight axis", zh: "突出显示轴" })}
                    options={[t({ en: "0 sentences", zh: "0 句子" }), t({ en: "1 positions", zh: "1 位置" }), t({ en: "2 hidden units", zh: "2 隐藏单元" })].map((text, value) => ({ value, text }))}
                    value={chosen ?? -1}
                    onChange={setChosen}
                />
            </Controls>
            <Drawing ui={ui} width={width} height={top + drawn.height} title={t({ en: "From the encoder's output to the table of features", zh: "从编码器的输出到特征表" })} desc={text.join(" ")}>
                <defs>
                    <Hatch id="slice-hatch" />
                    {KINDS.map((kind) => (
                        <ArrowHead id={`slice-${kind}`} class={`text-${kind}`} />
                    ))}
                </defs>
                <CodeLine {...{ code, width, lit }} onAxis={setHovered} />
                {text.map((line, i) => (
                    <text font-size="13" x="1" y={code.length * 20 + 28 + i * 18}>
                        {line}
                    </text>
                ))}
                {step === "table" ? <Table {...props} table={drawn as TableLayout} /> : <Cube {...props} step={step} names={names} cube={drawn as CubeLayout} />}
            </Drawing>
        </>
    );
}
