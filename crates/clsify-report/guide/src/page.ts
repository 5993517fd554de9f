// The data of the page: the types of what Rust writes into #guide-data, and the function that reads it.

/** A text in both languages. */
export interface Words {
    en: string;
    zh: string;
}

export interface Guide {
    lang: "en" | "zh";
    title: Words;
    labels: string[];
    /** A sentence can have several labels, each with a threshold of its own. */
    multiLabel: boolean;
    abstains: boolean;
    sentences: Sentence[];
    scenes: SceneData[];
}

export interface Piece {
    text: string;
    /** The index of the word, or null for what stands between words. */
    word: number | null;
}

export interface Sentence {
    text: string;
    /** Concatenated they are `text`. */
    pieces: Piece[];
    /** The labels that a person gave, or null for a sentence of the reader. */
    given: string[] | null;
    predicted: string[];
    /** `predicted` is only the best guess. */
    abstained: boolean;
    /** The index of the explained label, which is the predicted one. */
    label: number;
    /** One probability per label. */
    probability: number[];
    /** The reason that this sentence is among those of the page. */
    why: Words;
}

/** A cell of a table: a number, a name or the reader's own text; or words in both languages. */
export type Cell = string | Words;

export interface SceneData {
    id: string;
    shared: unknown;
    columns: Words[];
    /** The table, if it is the same for all sentences. */
    rows: Cell[][] | null;
    /** One entry per sentence, or none if the scene does not depend on the sentence. */
    sentences: SceneSentence[];
}

export interface SceneSentence {
    line: Words | null;
    rows: Cell[][] | null;
    data: unknown;
}

/** The guide of the page; null on a page that gets its guides from a server. */
export function readGuide(): Guide | null {
    const data = document.getElementById("guide-data");
    return data && (JSON.parse(data.textContent!) as Guide);
}
