// Words: the one that is hovered or focused is `ui.word`, and every element of that word gets the class "lit".
import { computed, type ReadonlySignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useRef, useState } from "preact/hooks";
import type { Sentence } from "../page";
import type { Ui } from "../ui";

interface WordProps {
    "data-word"?: number;
    class: ReadonlySignal<string> | string;
}

/**
 * The attributes of an element that shows a word, in HTML or SVG: `<rect {...word(ui, 3, "fill-token")} />`.
 *
 * The class is a signal, so a hover changes attributes and draws nothing again.
 */
export function word(ui: Ui, index: number | null, classes = ""): WordProps {
    if (index === null) return { class: classes };
    return {
        "data-word": index,
        class: computed(() => (ui.word.value === index ? `${classes} word lit` : `${classes} word`)),
    };
}

/** A group of SVG elements that show a word. */
export function WordMark(props: { ui: Ui; word: number | null; class?: string; children: ComponentChildren }) {
    return <g {...word(props.ui, props.word, props.class)}>{props.children}</g>;
}

/** Sets `ui.word` from the pointer and the focus, wherever on the page a word is. */
export function followWords(ui: Ui) {
    const wordOf = (target: EventTarget | null) => {
        const element = target instanceof Element ? target.closest("[data-word]") : null;
        return element ? Number(element.getAttribute("data-word")) : null;
    };
    const enter = (event: Event) => {
        const index = wordOf(event.target);
        if (index !== null) ui.word.value = index;
    };
    const leave = (event: PointerEvent | FocusEvent) => {
        // What keeps the focus stays lit when the pointer leaves.
        if (wordOf(event.target) !== null) ui.word.value = wordOf(event.relatedTarget) ?? wordOf(document.activeElement);
    };
    document.addEventListener("pointerover", enter);
    document.addEventListener("focusin", enter);
    document.addEventListener("pointerout", leave);
    document.addEventListener("focusout", (event) => {
        if (wordOf(event.target) !== null) ui.word.value = wordOf(event.relatedTarget);
    });
}

interface SentenceWordsProps {
    ui: Ui;
    sentence: Sentence;
    /** Makes the words toggles: called with the word that is pressed. */
    onPress?: (word: number) => void;
    isPressed?: (word: number) => boolean;
    /** More classes of a word, such as `back-for`. */
    classOf?: (word: number) => string;
    /** What stands below a word, such as a number. */
    below?: (word: number) => ComponentChildren;
    /** What pointing at or pressing a word does. */
    hint?: string;
}

/** The sentence as a line of words that the pointer and the keyboard reach: one tab stop, then the arrow keys. */
export function SentenceWords({ ui, sentence, onPress, isPressed, classOf, below, hint }: SentenceWordsProps) {
    const group = useRef<HTMLDivElement>(null);
    const [stop, setStop] = useState(0);
    const indices = sentence.pieces.flatMap((piece) => (piece.word === null ? [] : [piece.word]));
    const last = Math.max(0, ...indices);
    const current = Math.min(stop, last);
    const onKeyDown = (event: KeyboardEvent) => {
        if (event.key === "Enter" || event.key === " ") {
            event.preventDefault();
            onPress?.(current);
        }
        const next = getComputedStyle(group.current!).direction === "rtl" ? -1 : 1;
        const to = { ArrowLeft: current - next, ArrowRight: current + next, Home: 0, End: last }[event.key];
        if (to === undefined) return;
        event.preventDefault();
        group.current!.querySelector<HTMLElement>(`[data-word="${Math.min(Math.max(to, 0), last)}"]`)?.focus();
    };
    const label = ui.t({ en: "Words of the sentence; arrow keys move between them", zh: "句子中的词；用方向键移动" });
    return (
        <>
            {hint && <p class="hint">{hint}</p>}
            <div class="words" role="toolbar" aria-label={label} dir="auto" ref={group} onKeyDown={onKeyDown}>
                {sentence.pieces.map((piece) =>
                    piece.word === null ? (
                        <span>{piece.text}</span>
                    ) : (
                        // Not a <button>: that is a box of its own, and boxes are not put in order where directions of writing mix.
                        <span
                            role="button"
                            {...word(ui, piece.word, `${below ? "column " : ""}${classOf?.(piece.word) ?? ""}`)}
                            tabIndex={piece.word === current ? 0 : -1}
                            aria-pressed={isPressed?.(piece.word)}
                            onFocus={() => setStop(piece.word!)}
                            onClick={onPress && (() => onPress(piece.word!))}
                        >
                            {piece.text}
                            {below && <small dir="ltr">{below(piece.word)}</small>}
                        </span>
                    ),
                )}
            </div>
        </>
    );
}
