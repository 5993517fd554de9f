// Where the parts of scene 1 stand: sentences, encoder, vectors, classifier and labels go to the right, or down on a narrow page.
import type { Piece, Sentence } from "../page";
import { wrapPieces } from "../text";

export interface Box {
    x: number;
    y: number;
    width: number;
    height: number;
}

/** The texts of a label: its names, and what stands below its bar. */
export interface LabelTexts {
    names: string[];
    below: string[];
}

/** Where one sentence passes. */
export interface Lane {
    text: Box;
    lines: Piece[][];
    fontSize: number;
    arrows: { x1: number; y1: number; x2: number; y2: number }[];
    /** The middle of the vector, which lies on the second arrow. */
    vector: { x: number; y: number };
    label: Box;
    labelTexts: LabelTexts;
}

export interface Layout {
    isWide: boolean;
    encoder: Box;
    encoderLines: string[];
    classifier: Box;
    lanes: Lane[];
    bottom: number;
}

/** The texts that depend on the room that there is for them. */
export interface Texts {
    encoder: (width: number) => string[];
    label: (sentence: Sentence, width: number) => LabelTexts;
}

const WIDE = 700;
export const MODEL_LEADING = 19;
export const leading = (fontSize: number) => Math.round(fontSize * 1.4);

export function labelHeight({ names, below }: LabelTexts): number {
    return names.length * 20 + 22 + below.length * 16;
}

export function layout(shown: Sentence[], width: number, texts: Texts): Layout {
    return width >= WIDE ? wide(shown, width, texts) : narrow(shown, width, texts);
}

function wide(shown: Sentence[], width: number, texts: Texts): Layout {
    const [fontSize, gap, vectorGap] = [15, 30, 112];
    const column = Math.min(width * 0.34, 310);
    const model = Math.min(180, (width - column - 2 * gap - vectorGap) * 0.36);
    const encoder = { x: column + gap, y: 1, width: model, height: 0 };
    const classifier = { x: encoder.x + model + vectorGap, y: 1, width: Math.min(model, 136), height: 0 };
    const right = classifier.x + classifier.width;
    const labelWidth = width - right - gap - 8;
    let y = 11;
    const lanes = shown.map((sentence): Lane => {
        const lines = wrapPieces(sentence.pieces, column - 28, fontSize, 6);
        const labelTexts = texts.label(sentence, labelWidth);
        const below = labelHeight(labelTexts);
        const height = Math.max(lines.length * leading(fontSize) + 22, below + 6, 88);
        const middle = y + height / 2;
        const arrow = (x1: number, x2: number) => ({ x1, y1: middle, x2, y2: middle });
        y += height + 22;
        return {
            text: { x: 1, y: middle - height / 2, width: column, height },
            lines,
            fontSize,
            arrows: [arrow(column + 4, encoder.x - 3), arrow(encoder.x + model + 3, classifier.x - 3), arrow(right + 3, right + gap - 3)],
            vector: { x: encoder.x + model + vectorGap / 2 - 4, y: middle },
            label: { x: right + gap + 6, y: middle - below / 2, width: labelWidth, height: below },
            labelTexts,
        };
    });
    encoder.height = classifier.height = y - 22 + 10;
    return { isWide: true, encoder, encoderLines: texts.encoder(model - 14), classifier, lanes, bottom: encoder.height + 1 };
}

function narrow(shown: Sentence[], width: number, texts: Texts): Layout {
    const [fontSize, gap] = [13, 14];
    const column = (width - 2 - gap * (shown.length - 1)) / shown.length;
    const lines = shown.map(({ pieces }) => wrapPieces(pieces, column - 20, fontSize, 8));
    const textHeight = Math.max(...lines.map((each) => each.length * leading(fontSize) + 20));
    const encoderLines = texts.encoder(width - 20);
    const encoder = { x: 1, y: textHeight + 32, width: width - 2, height: (encoderLines.length + 1) * MODEL_LEADING + 14 };
    const encoderBottom = encoder.y + encoder.height;
    const classifier = { x: 1, y: encoderBottom + 76, width: width - 2, height: 2 * MODEL_LEADING + 14 };
    const classifierBottom = classifier.y + classifier.height;
    const labelTop = classifierBottom + 30;
    const lanes = shown.map((sentence, i): Lane => {
        const x = 1 + i * (column + gap);
        // Beside the vector there is room for its text.
        const middle = x + Math.min(column / 2, column - 80);
        const arrow = (y1: number, y2: number) => ({ x1: middle, y1, x2: middle, y2 });
        const labelTexts = texts.label(sentence, column - 8);
        return {
            text: { x, y: 1, width: column, height: textHeight },
            lines: lines[i]!,
            fontSize,
            arrows: [arrow(textHeight + 4, encoder.y - 3), arrow(encoderBottom + 3, classifier.y - 3), arrow(classifierBottom + 3, labelTop - 3)],
            vector: { x: middle, y: encoderBottom + 34 },
            label: { x: x + 4, y: labelTop, width: column - 8, height: labelHeight(labelTexts) },
            labelTexts,
        };
    });
    return { isWide: false, encoder, encoderLines, classifier, lanes, bottom: labelTop + Math.max(...lanes.map(({ label }) => label.height)) };
}
