// How strongly a word is shaded for its contribution.

/** The class of each word: for or against, in three strengths relative to the largest contribution. */
export function shadeOf(contributions: number[]): (word: number) => string {
    const most = Math.max(...contributions.map(Math.abs), 1e-12);
    return (word) => {
        const share = Math.abs(contributions[word]!) / most;
        const level = share < 0.08 ? 0 : share < 0.33 ? 1 : share < 0.67 ? 2 : 3;
        return level === 0 ? "" : `reasons-${contributions[word]! < 0 ? "against" : "for"}-${level}`;
    };
}
