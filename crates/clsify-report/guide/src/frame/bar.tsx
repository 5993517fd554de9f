// The bar at the top: picks the sentence, the language and the colours, and steps through the scenes.
import { labelList } from "../format";
import type { Guide, Sentence } from "../page";
import type { Theme, Ui } from "../ui";
import { goTo, sections } from "./steps";

interface Props {
    guide: Guide;
    ui: Ui;
}

export function Bar({ guide, ui, hasPicker = true }: Props & { hasPicker?: boolean }) {
    const isEnglish = ui.lang.value === "en";
    const all = sections();
    return (
        <>
            {hasPicker && <Picker guide={guide} ui={ui} />}
            <button type="button" class="language" lang={isEnglish ? "zh-Hans" : "en"} onClick={() => (ui.lang.value = isEnglish ? "zh" : "en")}>
                {isEnglish ? "中文" : "English"}
            </button>
            <select
                class="theme"
                aria-label={ui.t({ en: "Colours", zh: "配色" })}
                value={ui.theme.value}
                onChange={(event) => (ui.theme.value = event.currentTarget.value as Theme)}
            >
                <option value="auto">{ui.t({ en: "Auto", zh: "自动" })}</option>
                <option value="light">{ui.t({ en: "Light", zh: "浅色" })}</option>
                <option value="dark">{ui.t({ en: "Dark", zh: "深色" })}</option>
            </select>
            {all.length > 0 && <Steps ui={ui} all={all} />}
        </>
    );
}

/** The sentences in groups by the reason that they are on the page. */
function Picker({ guide, ui }: Props) {
    const groups = new Map<string, number[]>();
    for (const [i, { why }] of guide.sentences.entries()) {
        const group = groups.get(ui.t(why));
        if (group) group.push(i);
        else groups.set(ui.t(why), [i]);
    }
    return (
        <label class="picker">
            <span>{ui.t({ en: "Sentence", zh: "句子" })}</span>
            <select value={ui.sentence.value} onChange={(event) => ui.pick(Number(event.currentTarget.value))}>
                {[...groups].map(([why, indices]) => (
                    <optgroup label={why}>
                        {indices.map((i) => (
                            <option value={i}>{optionText(guide.sentences[i]!, ui)}</option>
                        ))}
                    </optgroup>
                ))}
            </select>
        </label>
    );
}

function optionText({ text, predicted, abstained, given }: Sentence, ui: Ui): string {
    const names = (abstained ? "? " : "") + (labelList(predicted) || ui.t({ en: "no label", zh: "无标签" }));
    const isWrong = given !== null && given.toSorted().join("\n") !== predicted.toSorted().join("\n");
    const letters = Array.from(text.replace(/\s+/g, " ").trim());
    const short = letters.length > 70 ? letters.slice(0, 69).join("") + "…" : letters.join("");
    // The isolates keep a sentence that runs from right to left from reordering what stands beside it.
    return `${isWrong ? "✗ " : ""}${names}: \u2068${short}\u2069`;
}

function Steps({ ui, all }: { ui: Ui; all: HTMLElement[] }) {
    const current = ui.scene.value;
    const step = (by: number, text: string, arrow: string, key: string) => (
        <button
            type="button"
            class="step"
            aria-label={text}
            title={text}
            aria-keyshortcuts={key}
            disabled={!all[current + by]}
            onClick={() => goTo(ui, current + by)}
        >
            {arrow}
        </button>
    );
    return (
        <nav class="steps" aria-label={ui.t({ en: "Steps", zh: "步骤" })}>
            {step(-1, ui.t({ en: "Previous step", zh: "上一步" }), "←", "ArrowLeft")}
            <ol>
                {all.map((section, i) => (
                    <li>
                        <Dot ui={ui} section={section} index={i} isCurrent={i === current} />
                    </li>
                ))}
            </ol>
            {step(1, ui.t({ en: "Next step", zh: "下一步" }), "→", "ArrowRight")}
        </nav>
    );
}

function Dot({ ui, section, index, isCurrent }: { ui: Ui; section: HTMLElement; index: number; isCurrent: boolean }) {
    const title = section.querySelector(`h2 .${ui.lang.value}`)?.textContent ?? section.id;
    const name = `${index + 1}. ${title}`;
    const onClick = (event: MouseEvent) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        goTo(ui, index);
    };
    return (
        <a href={`#${section.id}`} aria-label={name} title={name} aria-current={isCurrent ? "step" : undefined} onClick={onClick}>
            <span aria-hidden="true">{isCurrent ? index + 1 : ""}</span>
        </a>
    );
}
