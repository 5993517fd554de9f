// What the attention's figures draw: packed shares, and how a token's row of them is found.
import type { Words } from "../../page";
import type { Tokens } from "../../tokens";
import { u8 } from "../../unpack";

export interface Shared {
    nHeads: number;
    /** The positions whose attention tau is about. */
    from: Words;
    median: number | null;
    taus: (number | null)[];
}

/** Shares are packed as bytes in steps of half a percent. */
export interface Data {
    tokens: Tokens;
    nLayers: number;
    /** Of the first token: [layers, 1 + heads, tokens], the mean over the heads first. */
    first: string;
    /** The mean over the heads: [layers, tokens, tokens]. */
    mean: string | null;
    /** [layers, heads, tokens, tokens] */
    all: string | null;
    tau: number | null;
}

/** The steps that a token takes of each token; null if the page does not have them. Head 0 is the mean over the heads. */
export type RowOf = (layer: number, head: number, query: number) => Uint8Array | null;

export function reader(data: Data, nHeads: number): RowOf {
    const n = data.tokens.texts.length;
    const [first, mean, all] = [u8(data.first), data.mean === null ? null : u8(data.mean), data.all === null ? null : u8(data.all)];
    const at = (bytes: Uint8Array, row: number) => bytes.subarray(row * n, (row + 1) * n);
    return (layer, head, query) => {
        if (query === 0) return at(first, layer * (nHeads + 1) + head);
        if (head === 0) return mean && at(mean, layer * n + query);
        return all && at(all, (layer * nHeads + head - 1) * n + query);
    };
}
