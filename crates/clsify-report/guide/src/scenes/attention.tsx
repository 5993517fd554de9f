// Scene 7: the shares of the first token in all heads, or one head in full, and how little attention says about the reasons of the label.
import { useMemo, useState } from "preact/hooks";
import { Choice, Controls, Toggle } from "../frame/controls";
import { Drawing } from "../frame/drawing";
import { percent } from "../format";
import { type Data, reader, type RowOf, type Shared } from "../parts/attention/data";
import { Grid, layGrid } from "../parts/attention/heads";
import { NoLayers } from "../parts/attention/no_layers";
import { Head, LINE } from "../parts/attention/one_head";
import { Select } from "../parts/attention/select";
import { Tau, tauTexts } from "../parts/attention/tau_line";
import type { FigureProps, Scene } from "../scene";
import { largest, shares } from "../shares";
import type { Tokens } from "../tokens";

export const scene: Scene<Shared, Data> = { id: "attention", Figure };

function Figure({ shared, data, sentence, guide, ui, width }: FigureProps<Shared, Data>) {
    const t = ui.t;
    const { tokens, nLayers } = data;
    const { nHeads } = shared;
    const [isOne, setIsOne] = useState(false);
    const [picked, setPicked] = useState<{ layer: number; head: number }>({ layer: nLayers - 1, head: 0 });
    const [query, setQuery] = useState<number | null>(0);
    const [hovered, setHovered] = useState<number | null>(null);
    const [hides, setHides] = useState(false);
    const rowOf = useMemo<RowOf>(() => reader(data, nHeads), [data]);
    if (nLayers === 0) return <NoLayers {...{ tokens, ui, width, nHeads }} />;
    const layer = Math.min(picked.layer, nLayers - 1);
    const head = Math.min(picked.head, nHeads);
    const hasMap = rowOf(layer, head, Math.min(1, tokens.texts.length - 1)) !== null;
    // The first token's row is there for every sentence.
    const wanted = hovered ?? query;
    const from = !hasMap || (wanted !== null && wanted >= tokens.texts.length) ? 0 : wanted;
    const isHidden = (token: number) => hides && tokens.special.includes(token);
    const sharesOf = (l: number, h: number, q: number) => shares(rowOf(l, h, q)!, isHidden);
    const headName = (h: number) => (h === 0 ? t({ en: "mean over heads", zh: "各头的平均" }) : t({ en: `head ${h}`, zh: `头 ${h}` }));
    const layerName = (l: number) => t({ en: `layer ${l + 1}`, zh: `第 ${l + 1} 层` });
    const grid = layGrid(tokens, nHeads, nLayers, width, ui);
    const headHeight = 66 + tokens.texts.length * LINE;
    const top = isOne ? headHeight : grid.height;
    const tau = tauTexts(shared, data, ui, nLayers, width);
    const title = isOne
        ? t({ en: `Attention in ${layerName(layer)}, ${headName(head)}`, zh: `${layerName(layer)}、${headName(head)}的注意力` })
        : t({ en: "Attention of the first token in all heads", zh: "所有头里首个词元的注意力" });
    const tops = Array.from({ length: nLayers }, (_, l) => `${layerName(l)}: ${topText(tokens, sharesOf(l, 0, 0))}`);
    return (
        <>
            <Controls>
                <Choice
                    label={t({ en: "Show", zh: "显示" })}
                    options={[
                        { value: 0, text: t({ en: "all heads", zh: "所有头" }) },
                        { value: 1, text: t({ en: "one head", zh: "一个头" }) },
                    ]}
                    value={isOne ? 1 : 0}
                    onChange={(value) => setIsOne(value === 1)}
                />
                {isOne && (
                    <>
                        <Select
                            label={t({ en: "Layer", zh: "层" })}
                            options={Array.from({ length: nLayers }, (_, l) => [l, `${l + 1}`])}
                            value={layer}
                            onChange={(value) => setPicked({ layer: value, head })}
                        />
                        <Select
                            label={t({ en: "Head", zh: "头" })}
                            options={Array.from({ length: nHeads + 1 }, (_, h) => [h, h === 0 ? headName(0) : `${h}`])}
                            value={head}
                            onChange={(value) => setPicked({ layer, head: value })}
                        />
                        {hasMap && (
                            <Select
                                label={t({ en: "From token", zh: "出发词元" })}
                                options={[[-1, t({ en: "all tokens", zh: "所有词元" })], ...tokens.texts.map((text, i): [number, string] => [i, `${i}: ${text}`])]}
                                value={query ?? -1}
                                onChange={(value) => setQuery(value < 0 ? null : value)}
                            />
                        )}
                    </>
                )}
                {tokens.special.length > 0 && <Toggle label={t({ en: "hide special tokens", zh: "隐藏特殊词元" })} value={hides} onChange={setHides} />}
            </Controls>
            <Drawing ui={ui} width={width} height={top + tau.height} title={title} desc={`${tops.join("; ")}. ${tau.lines.join(" ")}`}>
                {isOne ? (
                    <Head
                        {...{ tokens, ui, width, from, hides, isHidden, hasMap }}
                        title={title}
                        sharesOf={(q) => sharesOf(layer, head, q)}
                        onHover={setHovered}
                        onPick={(token) => setQuery(query === token ? null : token)}
                    />
                ) : (
                    <Grid
                        {...{ tokens, ui, width, grid, nHeads, nLayers, hides, layerName, sharesOf }}
                        onPick={(l, h) => {
                            setPicked({ layer: l, head: h });
                            setIsOne(true);
                        }}
                    />
                )}
                <Tau {...{ shared, data, ui, width, tau, top }} current={guide.sentences.indexOf(sentence)} />
            </Drawing>
        </>
    );
}

function topText(tokens: Tokens, values: number[]): string {
    const top = largest(values);
    return top === null ? "–" : `${tokens.texts[top]} ${percent(values[top]!)}`;
}
