// A list of sentences below the map; a click goes to the dot.
import { answerOf, namesOf, type RowProps } from "./rows";

export function List({ shared, guide, ui, rows, show, shown, of, title }: RowProps & { shown: number; of: number[]; title: string }) {
    return (
        <section>
            <h3>{title}</h3>
            {of.length === 0 && <p class="hint">{ui.t({ en: "none", zh: "无" })}</p>}
            <ol>
                {of.map((row) => (
                    <li>
                        <button type="button" class="sentence" aria-pressed={row === shown} onClick={() => show(row)}>
                            <bdi>{shared.texts[row]}</bdi>
                            <small>
                                {ui.t({
                                    en: `given ${namesOf(rows.given[row]!, guide, ui)}; ${answerOf(row, rows, guide, ui)}`,
                                    zh: `人工标签 ${namesOf(rows.given[row]!, guide, ui)}；${answerOf(row, rows, guide, ui)}`,
                                })}
                                {rows.pickOf.has(row) ? "" : ui.t({ en: " (on this map only)", zh: "（仅在图上标出）" })}
                            </small>
                        </button>
                    </li>
                ))}
            </ol>
        </section>
    );
}
