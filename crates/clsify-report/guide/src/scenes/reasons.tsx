// Scene 11: the logit as a sum of products, the probability that it becomes, and the words without which it would be another one.
import { useMemo, useState } from "preact/hooks";
import { ClassSelector } from "../frame/class_selector";
import { Controls } from "../frame/controls";
import { Drawing } from "../frame/drawing";
import { fixed, grouped, labelList, signed } from "../format";
import { logitWithout, type Packed, reasonsFor } from "../parts/reasons/data";
import { Path, pathHeight } from "../parts/reasons/deletion_path";
import { Gauges, gaugesTitle } from "../parts/reasons/gauges";
import { type Common, HEAD, ROW, type Shared, titleExtra } from "../parts/reasons/layout";
import { Logits } from "../parts/reasons/logits";
import { Neighbours } from "../parts/reasons/neighbours";
import { Curve, curveTitle } from "../parts/reasons/sigmoid";
import { Waterfall, waterfallTexts } from "../parts/reasons/waterfall";
import { WordReasons } from "../parts/reasons/words";
import type { FigureProps, Scene } from "../scene";
import { labelName } from "../label_name";

export const scene: Scene<Shared, Packed> = { id: "reasons", Figure };

function Figure({ shared, data, sentence, guide, ui, width }: FigureProps<Shared, Packed>) {
    const t = ui.t;
    const reasons = useMemo(() => reasonsFor(data, ui.label.value), [data, ui.label.value]);
    const [removal, setRemoval] = useState<{ words: number[]; of: Packed }>({ words: [], of: data });
    const removed = removal.of === data && logitWithout(reasons, removal.words) !== null ? removal.words : [];
    const setRemoved = (words: number[]) => setRemoval({ words, of: data });
    const common = { shared, data, reasons, sentence, guide, ui };
    const isWide = width >= 640;
    const name = labelName(guide.labels[reasons.label]!, ui);
    const list = listHeight(common, width);
    const half = isWide ? (width - 40) / 2 : width;
    const lower = list + waterfallTexts(common, width).height;
    const curve = Number.isFinite(reasons.logit) ? 250 + (shared.thresholds ? 17 : 0) + titleExtra(curveTitle(name, ui), half) : 0;
    const path = pathHeight(data, ui, half);
    const p = sentence.probability[reasons.label]!;
    return (
        <div class="reasons">
            <Controls>
                <ClassSelector ui={ui} guide={guide} sentence={sentence} evenForTwo />
            </Controls>
            {reasons.label !== ui.label.value && (
                <p class="hint">
                    {t({
                        en: `For this sentence the page has the details of ${labelList(data.kept.map((k) => guide.labels[k]!))}. Shown: ${name}.`,
                        zh: `对这个句子，本页有这些标签的细节：${data.kept.map((k) => guide.labels[k]).join("、")}。现在显示：${name}。`,
                    })}
                </p>
            )}
            <Drawing
                ui={ui}
                width={width}
                height={lower + (isWide ? Math.max(curve, path) : curve + path)}
                title={t({ en: `The probability of ${name} as arithmetic`, zh: `${name} 的概率是怎样算出来的` })}
                desc={t({
                    en: `The sum of ${grouped(shared.nFeatures)} products and the intercept is ${signed(reasons.total, 4)}. The probability of ${name} is ${fixed(p, 4)}.`,
                    zh: `${grouped(shared.nFeatures)} 个乘积与截距之和是 ${signed(reasons.total, 4)}。${name} 的概率是 ${fixed(p, 4)}。`,
                })}
            >
                {shared.kind === "classes" && <Logits {...common} x={0} y={0} width={width} />}
                {shared.kind === "sets" && <Gauges {...common} x={0} y={0} width={width} />}
                <Waterfall {...common} x={0} y={list} width={width} />
                {curve > 0 && <Curve {...common} removed={removed} x={0} y={lower} width={half} />}
                {path > 0 && <Path {...common} x={isWide ? half + 40 : 0} y={lower + (isWide ? 0 : curve)} width={half} />}
            </Drawing>
            <p class="hint">{t(shared.rule)}</p>
            <WordReasons {...common} removed={removed} setRemoved={setRemoved} />
            <Neighbours {...common} />
        </div>
    );
}

function listHeight({ shared, data, ui }: Common, width: number): number {
    if (shared.kind === "two") return 0;
    return (shared.kind === "sets" ? titleExtra(gaugesTitle(ui), width) : 0) + HEAD + data.listed.length * ROW + 46;
}
