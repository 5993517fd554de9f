//! The headings under which `--help` lists options; they are the same for every command.

use clap::{Arg, Command};

/// Commands with fewer options have a single list.
const MANY: usize = 16;

/// The headings and their options.
const HEADINGS: [(&str, &[&str]); 9] = [
    (
        "Data",
        &[
            "data",
            "input",
            "limit",
            "multi_label",
            "text_column",
            "label_column",
            "label_columns",
            "weight_column",
            "group_column",
            "group_duplicates",
            "format",
            "header",
            "delimiter",
            "quoting",
            "skip_bad_rows",
            "max_classes",
            "sentence",
        ],
    ),
    ("Encoder", &["encoder", "encoder_a", "encoder_b", "max_length", "prompt", "dtype", "bundle_encoder"]),
    ("Features", &["features", "scoring", "layers", "pooling"]),
    (
        "Tuning",
        &[
            "tune",
            "epochs",
            "learning_rate",
            "batch_size",
            "weight_decay",
            "max_grad_norm",
            "warmup",
            "no_dropout",
            "tune_embeddings",
            "tune_dtype",
            "save_dtype",
            "resume",
            "on_interrupt",
        ],
    ),
    ("Test rows", &["test_data", "test_size", "seed", "stratify"]),
    (
        "Classifier",
        &["describe", "scaling", "c", "class_weight", "grid_search", "c_grid", "sizes", "repeats"],
    ),
    ("Decisions", &["calibration", "abstain_below", "target_precision", "thresholds", "cost_matrix"]),
    (
        "Output",
        &[
            "output",
            "keep_neighbours",
            "output_format",
            "probabilities",
            "json",
            "chart",
            "chart_dir",
            "errors",
            "show",
            "all",
            "fail_on",
            "on_error",
            "lang",
            "open",
        ],
    ),
    ("Cache", &["no_cache", "cache_dir", "cache_size"]),
];

/// Puts the options of the subcommands under headings.
pub(crate) fn with_headings(command: Command) -> Command {
    command.mut_subcommands(|subcommand| {
        if subcommand.get_opts().count() < MANY {
            return subcommand;
        }
        subcommand.mut_args(|arg| match heading(&arg) {
            Some(heading) => arg.help_heading(heading),
            None => arg,
        })
    })
}

fn heading(arg: &Arg) -> Option<&'static str> {
    if arg.is_positional() || arg.get_help_heading().is_some() {
        return None;
    }
    let id = arg.get_id().as_str();
    HEADINGS.iter().find(|(_, ids)| ids.contains(&id)).map(|(heading, _)| *heading)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Oracle: the options that the commands have.
    #[test]
    fn every_option_of_training_has_a_heading_and_every_heading_its_options() {
        let command = crate::command();
        command.clone().debug_assert();
        for name in ["train", "advise", "curve", "tutorial"] {
            let trains = command.find_subcommand(name).unwrap();
            let without = trains.get_opts().filter(|arg| arg.get_help_heading().is_none());
            assert_eq!(without.map(|arg| arg.get_id().as_str()).collect::<Vec<_>>(), [""; 0], "{name}");
        }
        let all: Vec<&str> = command
            .get_subcommands()
            .flat_map(|command| command.get_opts().map(|arg| arg.get_id().as_str()))
            .collect();
        for id in HEADINGS.iter().flat_map(|(_, ids)| *ids) {
            assert!(all.contains(id), "no command has --{id}");
        }
    }
}
