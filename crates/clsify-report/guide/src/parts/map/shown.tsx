// The sentence of the dot that is looked at, below the map.
import { signed } from "../../format";
import { answerOf, namesOf, type RowProps } from "./rows";

export function Shown({ shared, guide, ui, rows, row, pickedRow, show, logit }: RowProps & { row: number; pickedRow: number; logit: number | null }) {
    const t = ui.t;
    const isHeldOut = row < shared.nHeldOut;
    const isTrain = !isHeldOut && row < shared.nHeldOut + shared.nTrain;
    const kind = isHeldOut ? t({ en: "held-out row", zh: "留出数据" }) : isTrain ? t({ en: "training row", zh: "训练数据" }) : t({ en: "your own sentence", zh: "你自己的句子" });
    const given = isHeldOut || isTrain ? t({ en: `given ${namesOf(rows.given[row]!, guide, ui)}; `, zh: `人工标签 ${namesOf(rows.given[row]!, guide, ui)}；` }) : "";
    const canPick = row !== pickedRow && rows.pickOf.has(row);
    return (
        <p class="shown" aria-live="polite">
            <bdi>{shared.texts[row]}</bdi>
            <small>
                {row === pickedRow ? t({ en: "picked, ", zh: "所选，" }) : ""}
                {kind}{t({ en: ": ", zh: "：" })}{given}
                {answerOf(row, rows, guide, ui)}
                {logit === null ? "" : t({ en: `; logit ${signed(logit, 2)}`, zh: `；logit ${signed(logit, 2)}` })}
            </small>
            {canPick && (
                <button type="button" onClick={() => show(row)}>
                    {t({ en: "Pick this sentence for the whole page", zh: "整页改看这一句" })}
                </button>
            )}
        </p>
    );
}
