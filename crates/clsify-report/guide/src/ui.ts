// What the reader has chosen on the page. Every figure reads the same signals, so they all follow one choice.
import { batch, type Signal, signal } from "@preact/signals";
import type { Guide, Words } from "./page";

export type Lang = "en" | "zh";
export type Theme = "auto" | "light" | "dark";

export interface Ui {
    lang: Signal<Lang>;
    theme: Signal<Theme>;
    /** The index of the picked sentence. */
    sentence: Signal<number>;
    /** The index of the word that is hovered or focused. */
    word: Signal<number | null>;
    /** The index of the label that figures explain. It follows the sentence until the reader selects another. */
    label: Signal<number>;
    /** The index of the scene that is read. */
    scene: Signal<number>;
    /** The text in the language of the page. A component that calls it is drawn again when the language changes. */
    t(words: Words): string;
    pick(sentence: number): void;
    /** From now on sentences are those of this guide. */
    take(guide: Guide): void;
}

export function makeUi(guide: Guide): Ui {
    let { sentences } = guide;
    const ui: Ui = {
        lang: signal(guide.lang),
        theme: signal<Theme>("auto"),
        sentence: signal(0),
        word: signal<number | null>(null),
        label: signal(guide.sentences[0]?.label ?? 0),
        scene: signal(0),
        t: (words) => words[ui.lang.value],
        pick(sentence) {
            const picked = sentences[sentence];
            if (!picked) return;
            batch(() => {
                ui.sentence.value = sentence;
                ui.label.value = picked.label;
                ui.word.value = null;
            });
        },
        take(next) {
            sentences = next.sentences;
            ui.pick(0);
        },
    };
    return ui;
}
