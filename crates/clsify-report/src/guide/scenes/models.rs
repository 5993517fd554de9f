//! 3. Two models: the encoder, frozen or tuned, and the classifier, by their numbers of parameters.

use clsify::features::Module;
use serde_json::json;

use crate::guide::detail::Detail;
use crate::guide::scene::{Cell, Row, Scene};
use crate::guide::tuned::is_tuned;
use crate::guide::walk::Walk;
use crate::guide::words::{Words, words};

pub(super) fn scene(walk: &Walk, _: &Detail) -> Scene {
    let encoder = walk.classifier.encoder();
    let config = encoder.config();
    let depth = encoder.features().depth(config.num_hidden_layers).unwrap_or(config.num_hidden_layers);
    let (per_layer, tables) = (config.n_layer_parameters(), config.n_table_parameters());
    let word_table = config.vocab_size * config.embedding_size;
    let unused = (config.num_hidden_layers - depth) * per_layer;
    let dense: usize = encoder.features().modules.iter().map(matrix).sum();
    let classifier = walk.classifier.classifier();
    let (weights, intercepts) = (classifier.coef().len(), classifier.intercept().len());
    let learned = weights + intercepts;
    let used = config.n_parameters() - unused + dense;
    let is_tuned = is_tuned(walk.classifier);
    let mut rows = vec![
        row(
            ("encoder: word embeddings", "编码器：词嵌入"),
            format!("{} × {}", config.vocab_size, config.embedding_size),
            word_table,
        ),
        row(
            ("encoder: position embeddings and other tables", "编码器：位置嵌入和其他表"),
            and_more(format!("{} × {}", config.max_position_embeddings, config.embedding_size)),
            tables - word_table,
        ),
        row(
            ("encoder: layers that are used", "编码器：用到的层"),
            format!("{depth} × {per_layer}"),
            depth * per_layer,
        ),
    ];
    if unused > 0 {
        let shape = format!("{} × {per_layer}", config.num_hidden_layers - depth);
        rows.push(row(("encoder: layers that are not used", "编码器：未用到的层"), shape, unused));
    }
    if dense > 0 {
        rows.push(row(("encoder: matrices after pooling", "编码器：池化之后的矩阵"), String::new(), dense));
    }
    rows.push(row(("encoder: total used", "编码器：用到的参数总计"), String::new(), used));
    rows.push(row(
        ("classifier: weights", "分类器：权重"),
        format!("{intercepts} × {}", encoder.n_features()),
        weights,
    ));
    rows.push(row(("classifier: intercepts", "分类器：截距"), intercepts.to_string(), intercepts));
    rows.push(row(("classifier: total", "分类器：参数总计"), String::new(), learned));
    Scene {
        id: "models",
        title: words("Two models", "两个模型"),
        caption: caption(is_tuned, &grouped(learned), &grouped(used)),
        code: match is_tuned {
            false => format!(
                "classifier.fit(encoder(sentences), labels)  # updates {learned} of {} parameters",
                used + learned
            ),
            true => "loss(classifier(encoder(sentences)), labels).backward(); optimizer.step()  # updates both models".to_string(),
        },
        columns: vec![words("part", "部分"), words("shape", "形状"), words("parameters", "参数个数")],
        rows: Some(rows),
        shared: json!({
            "encoder": encoder.name(),
            "isTuned": is_tuned,
            "tables": tables,
            "perLayer": per_layer,
            "nLayers": config.num_hidden_layers,
            "depth": depth,
            "dense": dense,
            "used": used,
            "unused": unused,
            "features": encoder.n_features(),
            "vocabulary": config.vocab_size,
            "embeddingSize": config.embedding_size,
            "weights": weights,
            "intercepts": intercepts,
            "learned": learned,
            "nTrain": walk.classifier.metadata().trained().ok().map(|training| training.n_train),
            "nLabels": walk.classifier.classes().len(),
        }),
        sentences: Vec::new(),
    }
}

fn caption(is_tuned: bool, learned: &str, used: &str) -> Words {
    match is_tuned {
        false => words(
            format!(
                "The encoder stays frozen; only the small classifier on top of it is trained. The classifier has {learned} parameters, \
                 and the encoder uses {used}."
            ),
            format!(
                "编码器的参数冻结不变，只训练它上面的小分类器。分类器有 {learned} 个参数，编码器用到 {used} 个。"
            ),
        ),
        true => words(
            format!(
                "The encoder was fine-tuned: it and the small classifier on top of it were trained together. The classifier has {learned} \
                 parameters, and the encoder uses {used}."
            ),
            format!(
                "编码器经过微调：它和它上面的小分类器一起训练。分类器有 {learned} 个参数，编码器用到 {used} 个。"
            ),
        ),
    }
}

/// The weights of a dense layer's matrix.
fn matrix(module: &Module) -> usize {
    match module {
        Module::Dense { in_features, out_features, .. } => in_features * out_features,
        Module::Normalize => 0,
    }
}

/// The shape of the first of several tables.
fn and_more(shape: String) -> Words {
    words(format!("{shape} and more"), format!("{shape} 等"))
}

fn row(name: (&str, &str), shape: impl Into<Cell>, n: usize) -> Row {
    vec![words(name.0, name.1).into(), shape.into(), Cell::Text(grouped(n))]
}

/// A number with commas between thousands.
fn grouped(n: usize) -> String {
    crate::charts::axis::grouped(n as f64, 0)
}
