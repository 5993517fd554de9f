//! `clsify predict` with a model of several labels a sentence.

use clsify::pipeline::{MultiLabelClassifier, MultiLabelPrediction};
use serde_json::{Map, Value, json};

use super::{Args, OutputFormat, Streamed, Style, ask, one_field};
use crate::console::Console;
use crate::loading::load_multi_label_classifier;
use crate::output::stdout;

pub(super) fn run(args: Args, streamed: Streamed, console: &Console) -> anyhow::Result<()> {
    let classifier =
        load_multi_label_classifier(&args.model, args.encoder.as_deref(), args.dtype, None, console)?;
    let style = Style { format: args.output_format, probabilities: args.probabilities, abstains: false };
    let mut header = (style.format == OutputFormat::Tsv).then(|| header(style, classifier.classes()));
    ask(&args, streamed, classifier.encoder(), console, |sentences, features| {
        let predictions = classifier.predict_features(features);
        stdout(|out| {
            header.take().iter().try_for_each(|header| writeln!(out, "{header}"))?;
            sentences.iter().zip(&predictions).try_for_each(|(sentence, prediction)| {
                writeln!(out, "{}", line(style, &classifier, sentence, prediction))
            })
        })
    })
}

fn header(style: Style, classes: &[String]) -> String {
    let label = style.header(classes);
    label.replacen("label", "labels", 1)
}

fn line(
    style: Style,
    classifier: &MultiLabelClassifier,
    sentence: &str,
    prediction: &MultiLabelPrediction,
) -> String {
    let (classes, labels) = (classifier.classes(), classifier.labels(prediction));
    let probabilities = style.probabilities.then_some(&prediction.probabilities);
    let cell = one_field(&classifier.separator().join(&labels));
    match style.format {
        OutputFormat::Json => {
            let mut line =
                Map::from_iter([("text".into(), json!(sentence)), ("labels".into(), json!(labels))]);
            if let Some(probabilities) = probabilities {
                let pairs = classes.iter().cloned().zip(probabilities.iter().map(|p| json!(p)));
                line.insert("probabilities".into(), Value::Object(pairs.collect()));
            }
            Value::Object(line).to_string()
        }
        OutputFormat::Tsv => {
            let probabilities = probabilities.into_iter().flatten().map(|p| format!("{p:.6}"));
            let cells = std::iter::once(cell).chain(probabilities).chain([one_field(sentence)]);
            cells.collect::<Vec<String>>().join("\t")
        }
        OutputFormat::Text => {
            let pairs = probabilities.map(|probabilities| {
                let pairs = classes.iter().zip(probabilities).map(|(class, p)| format!("{class} {p:.4}"));
                pairs.collect::<Vec<String>>().join(", ")
            });
            let cells = std::iter::once(cell).chain(pairs).chain([one_field(sentence)]);
            cells.collect::<Vec<String>>().join("\t")
        }
    }
}
