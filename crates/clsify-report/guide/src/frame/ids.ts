// Ids that are the only ones on the page. Preact's `useId` counts anew for each figure, since each is rendered on its own.
import { useState } from "preact/hooks";

let count = 0;

export function useUnique(name: string): string {
    return useState(() => `${name}-${++count}`)[0];
}
