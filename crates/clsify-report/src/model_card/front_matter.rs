//! The front matter of a model card: YAML that the hub reads.
//!
//! Source: the hub's documentation of model cards (`model-index`, `pipeline_tag`, `base_model`).

use clsify::evaluation::Metrics;
use clsify::model::SavedModel;

use super::options::CardOptions;

/// The block between the lines `---`, with them.
pub(super) fn front_matter(saved: &SavedModel, options: &CardOptions) -> String {
    let mut yaml = "---\nlibrary_name: clsify\npipeline_tag: text-classification\n".to_string();
    if let Some(base_model) = &options.base_model {
        yaml.push_str(&format!("base_model: {}\n", quoted(base_model)));
    }
    if let Some(license) = &options.license {
        yaml.push_str(&format!("license: {}\n", quoted(license)));
    }
    if !options.languages.is_empty() {
        yaml.push_str("language:\n");
        options.languages.iter().for_each(|language| yaml.push_str(&format!("- {}\n", quoted(language))));
    }
    yaml.push_str("tags:\n- clsify\n- text-classification\n");
    if saved.multi_label.is_some() {
        yaml.push_str("- multi-label-classification\n");
    }
    if let Some(metrics) = &saved.metrics {
        yaml.push_str(&model_index(metrics, &options.repo));
    }
    yaml + "---\n"
}

fn model_index(metrics: &Metrics, name: &str) -> String {
    let (scores, n) = match metrics {
        Metrics::Classes(found) => {
            let n: usize = found.confusion_matrix.iter().flatten().sum();
            let [low, high] = found.accuracy_ci95;
            let accuracy = format!("Accuracy (95 % interval {low:.3} to {high:.3}");
            let scores =
                [("accuracy", found.accuracy, accuracy), ("f1", found.macro_average.f1, "Macro F1 (".into())];
            (scores, n)
        }
        Metrics::LabelSets(found) => {
            let [low, high] = found.subset_accuracy_ci95;
            let accuracy = format!("Subset accuracy (95 % interval {low:.3} to {high:.3}");
            let scores = [
                ("accuracy", found.subset_accuracy, accuracy),
                ("f1", found.micro_average.f1, "Micro F1 (".into()),
            ];
            (scores, found.n_samples)
        }
    };
    let mut yaml = format!(
        "model-index:\n- name: {}\n  results:\n  - task:\n      type: text-classification\n      name: Text Classification\n    dataset:\n      \
         type: unknown\n      name: Held-out rows\n      split: test\n    metrics:\n",
        quoted(name)
    );
    for (kind, value, name) in scores {
        let comma = if name.ends_with('(') { "" } else { ", " };
        let name = quoted(&format!("{name}{comma}{n} rows)"));
        yaml.push_str(&format!("    - type: {kind}\n      value: {value:.4}\n      name: {name}\n"));
    }
    yaml
}

/// A text as a double-quoted scalar of YAML 1.2: everything but printable ASCII and letters is escaped.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            ' '..='~' => quoted.push(c),
            c if c.is_alphanumeric() => quoted.push(c),
            c => quoted.push_str(&format!("\\U{:08x}", c as u32)),
        }
    }
    quoted + "\""
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Oracle: `yaml.safe_load` of PyYAML 6, which returns the text for each of these.
    #[test]
    fn a_text_cannot_leave_its_scalar() {
        assert_eq!(quoted("user/model"), "\"user/model\"");
        assert_eq!(quoted("a\" : \\ #"), "\"a\\\" : \\\\ #\"");
        assert_eq!(quoted("a\n---\n"), "\"a\\U0000000a---\\U0000000a\"");
        assert_eq!(
            quoted("é好\u{2028}\u{85}\u{7f}😀"),
            "\"é好\\U00002028\\U00000085\\U0000007f\\U0001f600\""
        );
    }
}
