// The text above the picture: what the step shows of this classifier and this sentence.
import { grouped } from "../../format";
import type { Ui } from "../../ui";
import type { Data, Shared, Step } from "./data";
import { isSeveralLayers, poolingText } from "./names";

export function explanation(step: Step, shared: Shared, data: Data, ui: Ui): string {
    const t = ui.t;
    const [rows, positions, units] = shared.shape.map(grouped) as [string, string, string];
    const [first, last] = shared.layers;
    const cubes = last - first + 1;
    if (step === "cube") {
        const which = t({ en: last === shared.nLayers ? "the last layer" : last === 0 ? "the embeddings" : `layer ${last}`, zh: last === shared.nLayers ? "最后一层" : last === 0 ? "嵌入" : `第 ${last} 层` });
        const several = isSeveralLayers(shared) ? t({ en: ` The layers ${first} to ${last} are used, so there are ${cubes} such cubes.`, zh: `用到第 ${first} 到第 ${last} 层，所以有 ${cubes} 个这样的立方体。` }) : "";
        const isApart = data.row === null || data.isOfTestFile;
        const apart = isApart ? t({ en: ` The picked one is not among these ${rows}.`, zh: `选中的句子不在这 ${rows} 个句子之中。` }) : "";
        return t({
            en: `The output of ${which}, of shape [${rows}, ${positions}, ${units}]: one sheet per sentence, in front the picked one; in each sheet a row per position and a column per hidden unit.${apart}${several}`,
            zh: `${which}的输出，形状 [${rows}, ${positions}, ${units}]：每个句子一张，最前面是选中的句子；每张里每个位置一行，每个隐藏单元一列。${apart}${several}`,
        });
    }
    const features = grouped(shared.nFeatures);
    const all = shared.poolings.every((pooling) => pooling !== "cls");
    if (step === "slice") {
        const prompt = shared.nPrompt > 0 ? t({ en: ` The first ${shared.nPrompt} positions are a prompt, which is left out.`, zh: `前 ${shared.nPrompt} 个位置是提示语，不参与池化。` }) : "";
        const one = t({
            en: `Kept: of every sentence the row at position ${shared.nPrompt}, where ${data.tokens[0]} stands in this one.`,
            zh: `留下：每个句子位置 ${shared.nPrompt} 上的那一行，在这个句子里是 ${data.tokens[0]}。`,
        });
        const over = shared.poolings.filter((pooling) => pooling !== "cls").map((pooling) => poolingText(pooling, shared, ui)).join(t({ en: " and the ", zh: "和" }));
        const n = data.nTokens - shared.nPrompt;
        const pooled = t({
            en: `${all ? "Kept" : "Beside it"}: the ${over} over the positions of each sentence, ${n} in this one, special tokens included and padding left out.`,
            zh: `${all ? "留下" : "并排"}：每个句子各位置的${over}，这个句子有 ${n} 个位置，含特殊词元，不含填充。`,
        });
        const [separator, parts] = [t({ en: " ", zh: "" }), [shared.poolings.includes("cls") ? one : "", over ? pooled : ""]];
        const layers = isSeveralLayers(shared) ? t({ en: ` The same is done in each of the ${cubes} layers; drawn is layer ${last}.`, zh: `${cubes} 层都这样做；这里画的是第 ${last} 层。` }) : "";
        return parts.filter(Boolean).join(separator) + layers + prompt;
    }
    const steps = shared.steps.length > 0 ? t({ en: ` After the pooling, ${shared.steps.map(({ en }) => en).join("; then ")}.`, zh: `池化之后：${shared.steps.map(({ zh }) => zh).join("；")}。` }) : "";
    const blocks = shared.blocks.length > 1 ? t({ en: ` A row has ${shared.blocks.length} vectors of ${units} side by side.`, zh: `每行由 ${shared.blocks.length} 个 ${units} 维向量并排而成。` }) : "";
    return t({
        en: `The table of features, of shape [${rows}, ${features}]: one row per sentence, as the classifier receives it.${blocks}${steps}`,
        zh: `特征表，形状 [${rows}, ${features}]：每个句子一行，分类器得到的就是它。${blocks}${steps}`,
    });
}
