// What the marks of the map mean, in lines that wrap.
import { ClassMark, N_CLASS_MARKS } from "../../frame/marks";
import { grouped } from "../../format";
import type { Guide } from "../../page";
import { fit, textWidth } from "../../text";
import type { Ui } from "../../ui";
import type { Shared } from "./data";

interface LegendProps {
    shared: Shared;
    guide: Guide;
    ui: Ui;
    label: number;
    isOneClass: boolean;
    hasOwn: boolean;
    /** The id of the hatching where the classifier abstains; null if that is not drawn. */
    hatch: string | null;
    width: number;
}

export function legendOf({ shared, guide, ui, label, isOneClass, hasOwn, hatch, width }: LegendProps) {
    const t = ui.t;
    const name = guide.labels[label]!;
    const given = isOneClass
        ? [t({ en: `given ${name}`, zh: `人工标签含 ${name}` }), t({ en: "another given label or none", zh: "人工标签不含" })]
        : guide.labels.map((each) => t({ en: `given ${each}`, zh: `人工标签 ${each}` }));
    const marks = given.map((text, i) => ({ text: fit(text, width - 30, 12), mark: <ClassMark index={i} x={8} y={-4} /> }));
    if (hasOwn && !isOneClass) marks.push({ text: t({ en: "your own sentence", zh: "你自己的句子" }), mark: <ClassMark index={N_CLASS_MARKS} x={8} y={-4} /> });
    const of = (shown: number, all: number) => (shown === all ? grouped(all) : t({ en: `${grouped(shown)} of ${grouped(all)}`, zh: `${grouped(all)} 行中的 ${grouped(shown)} 行` }));
    const kinds = [
        { text: t({ en: `held-out rows (${of(shared.nHeldOut, shared.nAllHeldOut)})`, zh: `留出数据（${of(shared.nHeldOut, shared.nAllHeldOut)}）` }), mark: <circle class="fill-ink" fill-opacity="0.9" r="4.2" cx="8" cy="-4" /> },
        { text: t({ en: `lighter: training rows (${of(shared.nTrain, shared.nAllTrain)})`, zh: `浅色：训练数据（${of(shared.nTrain, shared.nAllTrain)}）` }), mark: <circle class="fill-ink" fill-opacity="0.28" r="3.4" cx="8" cy="-4" /> },
        { text: t({ en: "ring: a mistake on a held-out row", zh: "圆圈：留出数据上的错误" }), mark: <circle class="fill-none stroke-ink" stroke-width="1.4" r="6.5" cx="8" cy="-4" /> },
        { text: t({ en: "the picked sentence", zh: "所选句子" }), mark: <path class="fill-none stroke-ink" stroke-width="2.5" d="M4 -4a4 4 0 1 1 8 0a4 4 0 1 1 -8 0M0 -4h4M12 -4h4M8 -12v4M8 0v4" /> },
    ];
    if (hatch) kinds.push({ text: t({ en: "hatched: the classifier abstains", zh: "阴影：分类器弃权" }), mark: <rect fill={`url(#${hatch})`} class="stroke-muted" y="-12" width="16" height="14" /> });
    let [at, line] = [0, 0];
    const drawn = [...marks, null, ...kinds].map((entry) => {
        if (entry === null) {
            [at, line] = [0, line + 1];
            return null;
        }
        const room = textWidth(entry.text, 12) + 38;
        if (at > 0 && at + room > width + 14) [at, line] = [0, line + 1];
        const from = at;
        at += room;
        return (
            <g transform={`translate(${from} ${line * 22})`}>
                {entry.mark}
                <text x="22" font-size="12">
                    {entry.text}
                </text>
            </g>
        );
    });
    return { drawn, height: line * 22 + 12 };
}
