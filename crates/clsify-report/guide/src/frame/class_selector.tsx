// Selects the label that figures explain. All scenes share it; it follows the picked sentence.
import type { Guide, Sentence } from "../page";
import type { Ui } from "../ui";
import { percent } from "../format";
import { labelName } from "../label_name";

interface Props {
    ui: Ui;
    guide: Guide;
    sentence: Sentence;
    /** Shown for two classes too, where the second says nothing that the first does not. */
    evenForTwo?: boolean;
}

export function ClassSelector({ ui, guide, sentence, evenForTwo = false }: Props) {
    if (guide.labels.length < 2 || (guide.labels.length === 2 && !guide.multiLabel && !evenForTwo)) return null;
    return (
        <label class="control">
            <span>{ui.t({ en: "Label to explain", zh: "要解释的标签" })}</span>
            <select value={ui.label.value} onChange={(event) => (ui.label.value = Number(event.currentTarget.value))}>
                {guide.labels.map((label, i) => (
                    <option value={i}>
                        {labelName(label, ui)} ({percent(sentence.probability[i]!)}
                        {sentence.predicted.includes(label) ? ui.t({ en: ", predicted", zh: "，预测" }) : ""})
                    </option>
                ))}
            </select>
        </label>
    );
}
