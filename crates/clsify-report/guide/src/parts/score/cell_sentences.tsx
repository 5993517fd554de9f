// Lists the sentences of the framed cell, below the drawing.
import type { Words } from "../../page";
import { type Cell, type CellOption, same } from "./cells";
import type { Part } from "./data";

const KIND_NAMES: Words[] = [
    { en: "given and predicted", zh: "人工有、预测有" },
    { en: "given, not predicted (missed)", zh: "人工有、预测无（漏标）" },
    { en: "predicted, not given (wrong)", zh: "预测有、人工无（错标）" },
    { en: "neither given nor predicted", zh: "两者都无" },
];

/** The sentences of the framed cell; the select reaches every cell by keyboard. */
export function CellSentences({ shared, guide, ui, cells, cell, onPick }: Omit<Part, "x" | "y" | "width"> & { cells: CellOption[]; cell: Cell | null; onPick: (cell: Cell) => void }) {
    const t = ui.t;
    const listed = shared.cells.find(([i, j]) => same(cell, [i, j]))?.[2] ?? [];
    const now = cells.findIndex((each) => same(each.cell, cell));
    const nameOf = ({ name, cell: [, kind] }: CellOption) => (guide.multiLabel ? t(KIND_NAMES[kind]!) : name);
    const total = cells[now]?.n ?? listed.length;
    return (
        <div class="listed">
            <label class="control">
                <span>{guide.multiLabel ? t({ en: "Sentences of the cell", zh: "格子里的句子" }) : t({ en: "Sentences of the cell, given → predicted", zh: "格子里的句子（人工 → 预测）" })}</span>
                <select value={now} onChange={(event) => onPick(cells[Number(event.currentTarget.value)]!.cell)}>
                    {cells.map((option, i) => (
                        <option value={i}>
                            {nameOf(option)} ({option.n})
                        </option>
                    ))}
                </select>
            </label>
            <ul>
                {listed.map((each) => (
                    <li>
                        {typeof each === "number" ? (
                            <button type="button" class="sentence" aria-pressed={ui.sentence.value === each} onClick={() => ui.pick(each)}>
                                <bdi>{guide.sentences[each]!.text}</bdi>
                            </button>
                        ) : (
                            <bdi>{each}</bdi>
                        )}
                    </li>
                ))}
            </ul>
            {total > listed.length && <p class="hint">{t({ en: `and ${total - listed.length} more`, zh: `另有 ${total - listed.length} 句` })}</p>}
        </div>
    );
}
