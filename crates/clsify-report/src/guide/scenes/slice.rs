//! 8. Cube, slice, table: which numbers of the encoder's output become the features.

use std::collections::BTreeSet;

use clsify::features::{FeatureOptions, Layers, Module, Pooling};
use clsify::model::Trace;
use clsify::studies::WalkedSentence;
use serde_json::{Value, json};

use crate::charts::axis::grouped;
use crate::guide::detail::Detail;
use crate::guide::scene::{Cell, OfSentence, Row, Scene, of_sentences, pack_f32};
use crate::guide::traced::used_layers;
use crate::guide::walk::Walk;
use crate::guide::walked::first_token;
use crate::guide::words::{Words, words};

/// The longest text of a sentence in the table, in characters.
const MOST_TEXT: usize = 60;

pub(super) fn scene(walk: &Walk, _: &Detail) -> Scene {
    let encoder = walk.classifier.encoder();
    let options = encoder.features();
    let (layers, hidden_size) = (used_layers(walk), encoder.config().hidden_size);
    let [n_rows, max_tokens, _] = walk.counts();
    let n_features = walk.features(0).len();
    let (blocks, indices, encodings) = (blocks(walk), indices(walk), walk.encodings());
    let code = code(options, encoder.config().num_hidden_layers);
    let sheet = |row: usize| {
        let trace = walk.trace(row);
        json!({
            "row": row,
            "nTokens": trace.as_ref().map(|trace| trace.tokens.len()),
            "values": trace.map(|trace| pack_f32(corner(&trace, *layers.end(), &[options.n_prompt_tokens]))),
            "features": pack_f32(indices.iter().map(|&i| walk.features(row)[i])),
        })
    };
    Scene {
        id: "slice",
        title: words("Cube, slice, table", "立方体、切片、表格"),
        caption: caption(walk),
        code: code.iter().map(|part| part.text.as_str()).chain(after(options)).collect(),
        columns: vec![
            words("row", "行"),
            words("sentence", "句子"),
            words("tokens", "词元数"),
            words("feature 0", "特征 0"),
            words("feature 1", "特征 1"),
            words(format!("feature {}", n_features - 1), format!("特征 {}", n_features - 1)),
        ],
        rows: Some(
            shown_rows(n_rows, 8).into_iter().map(|row| table_row(walk, row, encodings[row].len())).collect(),
        ),
        shared: json!({
            "shape": [n_rows, max_tokens, hidden_size],
            "nFeatures": n_features,
            "layers": [layers.start(), layers.end()],
            "nLayers": encoder.config().num_hidden_layers,
            "poolings": options.poolings.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "nPrompt": options.n_prompt_tokens,
            "firstToken": first_token(walk),
            "blocks": blocks,
            "indices": indices,
            "steps": steps_after(options),
            "code": code.iter().map(|part| json!([part.text, part.axis])).collect::<Vec<_>>(),
            "sheets": shown_rows(n_rows, 3).into_iter().map(sheet).collect::<Vec<_>>(),
        }),
        sentences: of_sentences(walk.sentences, |sentence| of_sentence(walk, sentence, &indices)),
    }
}

fn of_sentence(walk: &Walk, sentence: &WalkedSentence, indices: &[usize]) -> OfSentence {
    let options = walk.classifier.encoder().features();
    let (layer, trace, features) = (*used_layers(walk).end(), &sentence.trace, &sentence.features);
    let positions = positions(trace, options);
    let token = |&position: &usize| trace.tokens[position].token.as_str();
    let pooled = options.poolings.iter().flat_map(|&pooling| pooled(trace, layer, pooling, options));
    let first: Vec<String> = features.iter().take(3).map(|x| format!("{x:.4}")).collect();
    let last = features.last().copied().unwrap_or_default();
    let (n_tokens, hidden_size) = (trace.tokens.len(), trace.hidden_states[layer].cols());
    OfSentence {
        line: Some(words(
            format!(
                "This sentence has {n_tokens} tokens, so each layer outputs {n_tokens} × {hidden_size} = {} numbers for it. They are reduced to {} features: {}, … {last:.4}.",
                grouped((n_tokens * hidden_size) as f64, 0),
                grouped(features.len() as f64, 0),
                first.join(", "),
            ),
            format!(
                "这个句子有 {n_tokens} 个词元，编码器的每一层为它输出 {n_tokens} × {hidden_size} = {} 个数，最后归结为 {} 个特征：{}，……，{last:.4}。",
                grouped((n_tokens * hidden_size) as f64, 0),
                grouped(features.len() as f64, 0),
                first.join("，"),
            ),
        )),
        rows: None,
        data: json!({
            "row": walk.row_of(sentence).or(sentence.held_out_row),
            "isOfTestFile": walk.data.is_some_and(|data| data.split.test.is_empty()),
            "nTokens": n_tokens,
            "positions": positions,
            "tokens": positions.iter().map(token).collect::<Vec<_>>(),
            "values": pack_f32(corner(trace, layer, &positions)),
            "pooled": pack_f32(pooled),
            "features": pack_f32(indices.iter().map(|&i| features[i])),
        }),
    }
}

/// The first rows and the last one.
fn shown_rows(n_rows: usize, n_first: usize) -> Vec<usize> {
    let first = 0..n_first.min(n_rows);
    let last = (n_rows > n_first).then(|| n_rows - 1);
    first.chain(last).collect()
}

fn table_row(walk: &Walk, row: usize, n_tokens: usize) -> Row {
    let (features, text) = (walk.features(row), walk.text(row));
    let cut = match text.char_indices().nth(MOST_TEXT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_string(),
    };
    let feature =
        |i: usize| -> Cell { features.get(i).map_or_else(String::new, |x| format!("{x:.4}")).into() };
    vec![row.into(), cut.into(), n_tokens.into(), feature(0), feature(1), feature(features.len() - 1)]
}

/// The positions of a sentence that are drawn: the first two after the prompt, and the last.
fn positions(trace: &Trace, options: &FeatureOptions) -> Vec<usize> {
    let last = trace.tokens.len() - 1;
    let start = options.n_prompt_tokens.min(last);
    BTreeSet::from([start, (start + 1).min(last), last]).into_iter().collect()
}

/// The hidden units that are drawn: the first three and the last.
fn units(hidden_size: usize) -> BTreeSet<usize> {
    (0..3.min(hidden_size)).chain([hidden_size - 1]).collect()
}

/// The values of some positions, at the units that are drawn.
fn corner(trace: &Trace, layer: usize, positions: &[usize]) -> Vec<f32> {
    let Some(state) = trace.hidden_states.get(layer) else { return Vec::new() };
    let of_position = |&position: &usize| {
        let row = state.row(position.min(state.rows() - 1));
        units(state.cols()).into_iter().map(move |unit| row[unit])
    };
    positions.iter().flat_map(of_position).collect()
}

/// The pooled vector of a sentence before any module, at the units that are drawn.
fn pooled(trace: &Trace, layer: usize, pooling: Pooling, options: &FeatureOptions) -> Vec<f32> {
    let state = &trace.hidden_states[layer];
    let mut out = vec![0.0; state.cols()];
    match state.as_slice().get(options.n_prompt_tokens * state.cols()..) {
        Some(rest) if !rest.is_empty() => pooling.pool(rest, &mut out),
        _ if pooling == Pooling::Cls => pooling.pool(state.as_slice(), &mut out),
        _ => {}
    }
    units(out.len()).into_iter().map(|unit| out[unit]).collect()
}

/// The parts of a row of features: one per layer and pooling. None if modules have mixed or cut them.
fn blocks(walk: &Walk) -> Vec<Value> {
    let encoder = walk.classifier.encoder();
    let options = encoder.features();
    let is_plain = options.truncate_dim.is_none() && options.modules.iter().all(|m| *m == Module::Normalize);
    let parts =
        used_layers(walk).flat_map(|layer| options.poolings.iter().map(move |p| (layer, p.to_string())));
    let width = encoder.config().hidden_size;
    let block = |(i, (layer, pooling)): (usize, (usize, String))| json!({ "layer": layer, "pooling": pooling, "start": i * width, "end": (i + 1) * width });
    if is_plain { parts.enumerate().map(block).collect() } else { Vec::new() }
}

/// The features that the table may show: the first three, and the ends of each block.
fn indices(walk: &Walk) -> Vec<usize> {
    let n_features = walk.features(0).len();
    let ends = |block: Value| [block["start"].as_u64(), block["end"].as_u64().map(|end| end - 1)];
    let ends = blocks(walk).into_iter().flat_map(ends).flatten().filter_map(|i| usize::try_from(i).ok());
    let all: BTreeSet<usize> =
        units(n_features).into_iter().chain(ends).filter(|&i| i < n_features).collect();
    all.into_iter().collect()
}

/// What follows the pooling.
fn steps_after(options: &FeatureOptions) -> Vec<Words> {
    let normalised = || words("each vector is divided by its length", "每个向量除以自己的长度");
    let module = |module: &Module| match module {
        Module::Dense { folder, in_features, out_features } => words(
            format!("the dense layer {folder} makes {out_features} numbers of {in_features}"),
            format!("全连接层 {folder} 把 {in_features} 个数变成 {out_features} 个"),
        ),
        Module::Normalize => normalised(),
    };
    let cut = |&n: &usize| words(format!("the first {n} numbers are kept"), format!("只保留前 {n} 个数"));
    let modules = options.modules.iter().map(module);
    modules.chain(options.normalize.then(normalised)).chain(options.truncate_dim.iter().map(cut)).collect()
}

/// The same as code.
fn after(options: &FeatureOptions) -> Vec<&'static str> {
    let normalised = "\nfeatures /= np.linalg.norm(features, axis=1, keepdims=True)";
    let module = |module: &Module| match module {
        Module::Dense { .. } => "\nfeatures = dense(features)",
        Module::Normalize => normalised,
    };
    let modules = options.modules.iter().map(module);
    let cut = options.truncate_dim.map(|_| "\nfeatures = features[:, :truncate_dim]");
    modules.chain(options.normalize.then_some(normalised)).chain(cut).collect()
}

/// A part of the line of code, and the axis of the cube that it stands for.
struct Part {
    text: String,
    axis: Option<usize>,
}

fn plain(text: impl Into<String>) -> Part {
    Part { text: text.into(), axis: None }
}

fn on_axis(axis: usize, text: impl Into<String>) -> Part {
    Part { text: text.into(), axis: Some(axis) }
}

/// The line of code that makes features of hidden states.
fn code(options: &FeatureOptions, n_layers: usize) -> Vec<Part> {
    let layers = options.layers.resolve(n_layers).unwrap_or(n_layers..=n_layers);
    let (first, last) = (*layers.start(), *layers.end());
    let state = match first == last {
        true if options.layers.canonical(n_layers).is_ok_and(|layers| layers == Layers::Last) => {
            "last_hidden_state".to_string()
        }
        true => format!("hidden_states[{last}]"),
        false => "hidden_states[l]".to_string(),
    };
    let start = options.n_prompt_tokens;
    let from = if start == 0 { String::new() } else { start.to_string() };
    let pooled = |pooling: &Pooling| match pooling {
        Pooling::Cls => vec![
            plain(format!("{state}[")),
            on_axis(0, ":"),
            plain(", "),
            on_axis(1, start.to_string()),
            plain(", "),
            on_axis(2, ":"),
            plain("]"),
        ],
        pooling => vec![
            plain(format!("np.stack([{state}[")),
            on_axis(0, "i"),
            plain(", "),
            on_axis(1, format!("{from}:n_tokens[i]")),
            plain(", "),
            on_axis(2, ":"),
            plain(format!("].{pooling}(axis=0) for ")),
            on_axis(0, "i"),
            plain(" in range(n_rows)])"),
        ],
    };
    let mut parts = Vec::new();
    for pooling in &options.poolings {
        if !parts.is_empty() {
            parts.push(plain(", "));
        }
        parts.extend(pooled(pooling));
    }
    let several = options.poolings.len() > 1;
    let (open, close) = match (first == last, several) {
        (true, false) => ("features = ", String::new()),
        (true, true) => ("features = np.hstack([", "])".to_string()),
        (false, false) => ("features = np.hstack([", format!(" for l in range({first}, {})])", last + 1)),
        (false, true) => {
            ("features = np.hstack([np.hstack([", format!("]) for l in range({first}, {})])", last + 1))
        }
    };
    std::iter::once(plain(open)).chain(parts).chain([plain(close)]).collect()
}

fn caption(walk: &Walk) -> Words {
    let options = walk.classifier.encoder().features();
    let layers = used_layers(walk);
    let n_prompt = options.n_prompt_tokens;
    let phrase = |pooling: &Pooling| match (pooling, n_prompt) {
        (Pooling::Cls, 0) => {
            let token = first_token(walk);
            words(format!("the one at the first position ({token})"), format!("第一个位置（{token}）的向量"))
        }
        (Pooling::Cls, n) => {
            words(format!("the one at position {n}, after the prompt"), format!("提示语之后位置 {n} 的向量"))
        }
        (Pooling::Mean, _) => words("the mean over its positions", "各位置向量的平均"),
        (Pooling::Max, _) => {
            words("the maximum of each hidden unit over its positions", "每个隐藏单元在各位置上的最大值")
        }
    };
    let phrases: Vec<Words> = options.poolings.iter().map(phrase).collect();
    let join = |of: fn(&Words) -> &str, by: &str| phrases.iter().map(of).collect::<Vec<_>>().join(by);
    let (en, zh) = (join(|w| &w.en, " and "), join(|w| &w.zh, "和"));
    let one = phrases.len() == 1 && layers.start() == layers.end();
    let of_layers = match layers.start() == layers.end() {
        true => words("", ""),
        false => words(
            format!(", in each of the layers {} to {}, concatenated", layers.start(), layers.end()),
            format!("，第 {} 到第 {} 层各取一次，拼接在一起", layers.start(), layers.end()),
        ),
    };
    let beside = if phrases.len() > 1 && of_layers.en.is_empty() {
        [", concatenated", "，拼接在一起"]
    } else {
        [""; 2]
    };
    match one {
        true => words(
            format!("Each sentence is reduced to one vector: {en}."),
            format!("每个句子只保留一个向量：{zh}。"),
        ),
        false => words(
            format!("Each sentence is reduced to several vectors: {en}{}{}.", of_layers.en, beside[0]),
            format!("每个句子只保留几个向量：{zh}{}{}。", of_layers.zh, beside[1]),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(options: &FeatureOptions) -> String {
        code(options, 6).iter().map(|part| part.text.as_str()).chain(after(options)).collect()
    }

    #[test]
    fn the_code_is_that_of_the_pooling() {
        assert_eq!(line(&Pooling::Cls.into()), "features = last_hidden_state[:, 0, :]");
        let mean = FeatureOptions::from(Pooling::Mean).of_layers(Layers::one(3));
        let expected =
            "features = np.stack([hidden_states[3][i, :n_tokens[i], :].mean(axis=0) for i in range(n_rows)])";
        assert_eq!(line(&mean), expected);
        assert_eq!(
            line(&FeatureOptions::from(Pooling::Cls).of_layers("2-5".parse().unwrap())),
            "features = np.hstack([hidden_states[l][:, 0, :] for l in range(2, 6)])"
        );
        let both = FeatureOptions::from(vec![Pooling::Cls, Pooling::Max]);
        assert!(line(&both).starts_with("features = np.hstack([last_hidden_state[:, 0, :], np.stack("));
        let normalised = FeatureOptions { normalize: true, n_prompt_tokens: 4, ..Pooling::Mean.into() };
        assert!(line(&normalised).contains("[i, 4:n_tokens[i], :].mean(axis=0)"));
        assert!(line(&normalised).ends_with("\nfeatures /= np.linalg.norm(features, axis=1, keepdims=True)"));
    }

    #[test]
    fn the_first_rows_and_the_last_are_shown() {
        assert_eq!(shown_rows(1000, 3), [0, 1, 2, 999]);
        assert_eq!(shown_rows(4, 3), [0, 1, 2, 3]);
        assert_eq!(shown_rows(2, 3), [0, 1]);
    }
}
