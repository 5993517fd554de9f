// What the slice's figures draw: sheets of the cube, the parts of a row of features, and the line of code.
import type { Words } from "../../page";
import type { Ui } from "../../ui";

interface Block {
    layer: number;
    pooling: string;
    start: number;
    end: number;
}

interface Sheet {
    row: number;
    nTokens: number | null;
    /** At its first pooled position. */
    values: string | null;
    features: string;
}

export interface Shared {
    /** Sentences, positions of the longest one, hidden units. */
    shape: [number, number, number];
    nFeatures: number;
    layers: [number, number];
    nLayers: number;
    poolings: string[];
    nPrompt: number;
    firstToken: string;
    /** The parts of a row of features, if no module has mixed them. */
    blocks: Block[];
    /** The features whose values are here. */
    indices: number[];
    steps: Words[];
    /** The line of code in parts; those of an axis have its number. */
    code: [string, number | null][];
    sheets: Sheet[];
}

export interface Data {
    /** Its row in the data, or in the test file; null for the reader's own sentence. */
    row: number | null;
    isOfTestFile: boolean;
    nTokens: number;
    positions: number[];
    tokens: string[];
    /** [positions, units] */
    values: string;
    /** [poolings, units], of the topmost layer. */
    pooled: string;
    features: string;
}

export type Step = "cube" | "slice" | "table";

export interface Drawn {
    shared: Shared;
    data: Data;
    ui: Ui;
    width: number;
    top: number;
    lit: number | null;
    onAxis: (axis: number | null) => void;
}
