//! The model card of a saved classifier: the `README.md` of its repository at the model hub.
//!
//! Everything comes from `clsify.json`; no sentence of the data is in it. Labels and names are arbitrary text, and are escaped.

mod answers;
mod front_matter;
mod markdown;
mod options;
mod scores;

use clsify::dataset::DatasetOptions;
use clsify::model::{SavedModel, SavedTraining};

use self::markdown::{escaped, table};
pub use self::options::CardOptions;
use crate::text::{counted, n_shown};

/// The model card of a model, in Markdown with a front matter in YAML. The same model gives the same text.
///
/// ```no_run
/// use clsify::model::SavedModel;
/// use clsify_report::model_card::{CardOptions, model_card};
/// let options = CardOptions { repo: "user/model".to_string(), ..CardOptions::default() };
/// println!("{}", model_card(&SavedModel::read("model")?, &options));
/// # Ok::<(), clsify::error::Error>(())
/// ```
pub fn model_card(saved: &SavedModel, options: &CardOptions) -> String {
    let CardOptions { repo, .. } = options;
    let name = repo.split('@').next().unwrap_or(repo);
    let sections = [
        (name.to_string(), purpose(saved)),
        ("Scores".to_string(), scores::scores(saved, repo)),
        ("Data".to_string(), data(saved, options)),
        ("Probabilities and answers".to_string(), answers::answers(saved)),
        ("Encoder".to_string(), encoder(saved, options)),
        ("How to use".to_string(), usage(repo)),
        ("Limits".to_string(), limits(saved)),
    ];
    let mut text = front_matter::front_matter(saved, options);
    for (i, (title, body)) in sections.into_iter().enumerate() {
        let level = if i == 0 { "#" } else { "##" };
        text.push_str(&format!("\n{level} {}\n\n{body}", escaped(&title)));
    }
    text
}

fn purpose(saved: &SavedModel) -> String {
    let n = saved.classes.len();
    let assigns = match saved.multi_label {
        Some(_) => format!("any number of {}", counted(n, "label", "labels")),
        None => format!("one of {n} labels"),
    };
    let shown = n_shown(n, scores::MOST_LABELS);
    let labels: Vec<String> =
        saved.classes.iter().take(shown).map(|label| format!("- {}\n", escaped(label))).collect();
    let more = match n - shown {
        0 => String::new(),
        more => format!("- and {more} more\n"),
    };
    format!(
        "This text classifier assigns {assigns} to a sentence. It is a logistic regression on the vectors of the encoder {}, saved by clsify {}.\n\n{}{more}",
        escaped(&saved.encoder.name),
        escaped(&saved.clsify_version),
        labels.concat()
    )
}

fn data(saved: &SavedModel, options: &CardOptions) -> String {
    let mut text = match &saved.training {
        Some(training) => rows(training),
        None => "The training rows are not known, because the classifier was imported.\n".to_string(),
    };
    text.push_str(match options.has_sentences {
        true => "\n`neighbours.safetensors` contains sentences of the training data with their labels.\n",
        false => "\nThis repository contains no sentence of the data.\n",
    });
    if saved.training.is_some() {
        text.push_str(
            "`classifier.safetensors` may hold 64 bits of the SHA-256 of each training sentence, by which `clsify evaluate` counts test \
             rows that were trained on. Whoever has a sentence can test whether it was one of them.\n",
        );
    }
    text
}

fn rows(training: &SavedTraining) -> String {
    let (n_train, n_test) = (training.n_train, training.n_test);
    let mut text = table(
        &["rows", "number"],
        [vec!["training".into(), n_train.to_string()], vec!["held out".into(), n_test.to_string()]],
    );
    let Some(rows) = &training.rows else { return text };
    if n_test > 0 {
        text.push_str(&match &rows.split {
            Some(split) => format!(
                "\nThe held-out rows are a random part of the data, drawn with seed {}.\n",
                split.seed
            ),
            None => "\nThe held-out rows come from a separate file.\n".to_string(),
        });
    }
    let DatasetOptions { weight_column, group_column, .. } = &rows.reading;
    if weight_column.is_some() {
        text.push_str("\nThe rows have sample weights.\n");
    }
    if group_column.is_some() || rows.reading.group_duplicates {
        text.push_str("\nRows of one group are on the same side of the split.\n");
    }
    text
}

fn encoder(saved: &SavedModel, options: &CardOptions) -> String {
    let encoder = &saved.encoder;
    let name = match &options.base_model {
        Some(id) => format!("[{}](https://huggingface.co/{id})", escaped(&encoder.name)),
        None => escaped(&encoder.name),
    };
    let mut rows = vec![
        ("name", name),
        ("family", escaped(&encoder.model_type)),
        ("hidden size", encoder.hidden_size.to_string()),
        ("features", escaped(&saved.features.to_string())),
        ("maximum number of tokens", saved.max_length.to_string()),
        ("data type", encoder.dtype.to_string()),
    ];
    if !saved.prompt.is_empty() {
        rows.push(("prompt before every sentence", escaped(&saved.prompt)));
    }
    if saved.lowercase {
        rows.push(("lowercase", "sentences are lowercased first".to_string()));
    }
    let learned = match &saved.training {
        Some(training) if training.tuned => "it was tuned together with the classifier",
        Some(_) => "frozen",
        None => "as it was imported",
    };
    rows.push(("training", learned.to_string()));
    let rows = rows.into_iter().map(|(title, value)| vec![title.to_string(), value]);
    let place = match encoder.bundled {
        true => "The encoder is part of this repository, in `encoder/`.",
        false => {
            "The encoder is downloaded from its own repository; its files are compared with those of the training by their SHA-256."
        }
    };
    format!("{}\n{place}\n", table(&["encoder", ""], rows))
}

fn usage(repo: &str) -> String {
    format!(
        "```sh\nclsify predict {repo} -p \"a sentence to classify\"\n```\n\n```python\nfrom clsify import SentenceClassifier\n\n\
         classifier = SentenceClassifier.load(\"{repo}\")\nprint(classifier.predict([\"a sentence to classify\"]))\n\
         print(classifier.predict_proba([\"a sentence to classify\"]))\n```\n\nNothing of this repository is executed: it has JSON, text and safetensors files only.\n"
    )
}

fn limits(saved: &SavedModel) -> String {
    let other = match (&saved.multi_label, saved.decision.abstain_below) {
        (None, None) => {
            "It assigns one of its labels to every text, also to one of another kind or language."
        }
        _ => "Texts of another kind or language may get labels too.",
    };
    let scores = match &saved.metrics {
        Some(_) => {
            "The scores hold for texts like the held-out rows. The intervals say how much they may vary with the choice of these rows, not how well the model does on other texts."
        }
        None => "Nothing is known about the quality of its answers.",
    };
    format!(
        "- {other}\n- {scores}\n- Of a text with more than {} tokens only the first are read.\n- It has the biases of its encoder and of the people who labelled the data.\n",
        saved.max_length
    )
}
