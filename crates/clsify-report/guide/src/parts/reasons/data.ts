// Reads the data of scene 11, and knows which removals of words were computed.
import type { Sentence } from "../../page";
import { f32, u16 } from "../../unpack";

export interface Packed {
    /** The labels that have details; the first one is the explained one. */
    kept: number[];
    rivals: (number | null)[];
    features: string;
    values: string;
    weights: string;
    sums: string;
    listed: number[];
    scores: string;
    logits: string;
    words: string;
    pairs: string;
    path: { words: number[]; logits: string; changedTo: { en: string; zh: string } | null } | null;
    nEncodings: number;
    neighbours: { text: string; label: string; cosine: number }[];
}

export interface Term {
    feature: number;
    value: number;
    weight: number;
}

/** The numbers about one label of one sentence. */
export interface Reasons {
    label: number;
    rival: number | null;
    terms: Term[];
    rest: number;
    intercept: number;
    total: number;
    /** ln(p / (1 - p)), with all words. */
    logit: number;
    /** The logit with the word minus that without it. */
    words: number[];
    /** The same for each word with its next one; empty for long sentences. */
    pairs: number[];
    /** The logits of the deletion path, if it is about this label. */
    path: { words: number[]; logits: number[] } | null;
}

/** Unlike JSON, packed doubles can be infinite. */
export function f64(packed: string): number[] {
    const bytes = Uint8Array.from(atob(packed), (char) => char.charCodeAt(0));
    const view = new DataView(bytes.buffer);
    return Array.from({ length: bytes.length >> 3 }, (_, i) => view.getFloat64(8 * i, true));
}

/** The numbers about a label, or about the explained one if this label has none. */
export function reasonsFor(data: Packed, label: number): Reasons {
    const k = data.kept.length;
    const i = Math.max(data.kept.indexOf(label), 0);
    const [features, values, weights] = [u16(data.features), f64(data.values), f64(data.weights)];
    const n = features.length / k;
    const column = (packed: string) => Array.from(f32(packed)).filter((_, j) => j % k === i);
    const [rest, intercept, total] = f64(data.sums).slice(3 * i, 3 * i + 3) as [number, number, number];
    return {
        label: data.kept[i]!,
        rival: data.rivals[i]!,
        terms: Array.from({ length: n }, (_, j) => ({ feature: features[i * n + j]!, value: values[i * n + j]!, weight: weights[i * n + j]! })),
        rest,
        intercept,
        total,
        logit: f64(data.logits)[i]!,
        words: column(data.words),
        pairs: column(data.pairs),
        path: data.path && i === 0 ? { words: data.path.words, logits: f64(data.path.logits) } : null,
    };
}

/** The logit without these words; null if that was not computed. */
export function logitWithout(reasons: Reasons, removed: number[]): number | null {
    const sorted = [...removed].sort((a, b) => a - b);
    const [first, second] = sorted;
    if (first === undefined) return reasons.logit;
    if (sorted.length === 1) return reasons.logit - reasons.words[first]!;
    const prefix = reasons.path?.words.slice(0, sorted.length).sort((a, b) => a - b);
    if (prefix && `${prefix}` === `${sorted}`) return reasons.path!.logits[sorted.length - 1]!;
    const pair = sorted.length === 2 && second === first + 1 ? reasons.pairs[first] : undefined;
    return pair === undefined ? null : reasons.logit - pair;
}

/** What pressing a word removes: the word too, or it alone if removing both was not computed. */
export function toggled(reasons: Reasons, removed: number[], word: number): number[] {
    const next = removed.includes(word) ? removed.filter((other) => other !== word) : [...removed, word];
    return logitWithout(reasons, next) !== null ? next : removed.includes(word) ? [] : [word];
}

export function sigmoid(z: number): number {
    return 1 / (1 + Math.exp(-z));
}

export function wordTexts(sentence: Sentence): string[] {
    return sentence.pieces.filter(({ word }) => word !== null).map(({ text }) => text);
}
