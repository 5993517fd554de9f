// Lists the nearest training sentences.
import { fixed } from "../../format";
import type { Common } from "./layout";

export function Neighbours({ data, ui }: Common) {
    if (data.neighbours.length === 0) return null;
    return (
        <>
            <h3>{ui.t({ en: "The nearest training sentences", zh: "最接近的训练句子" })}</h3>
            <ul>
                {data.neighbours.map(({ text, label, cosine }) => (
                    <li dir="auto">
                        {ui.t({ en: `${text} (${label}; cosine similarity ${fixed(cosine, 4)})`, zh: `${text}（${label}；余弦相似度 ${fixed(cosine, 4)}）` })}
                    </li>
                ))}
            </ul>
        </>
    );
}
