//! Chooses layers, pooling and C by cross-validation on the training rows, and trains with them.
//!
//! ```text
//! cargo run --release -p clsify --example choose_features -- fixtures/transformers/bert crates/clsify/examples/reviews.tsv
//! ```
#![allow(clippy::print_stdout, clippy::print_stderr)]

use clsify::dataset::{Dataset, DatasetOptions};
use clsify::model::SentenceEncoderOptions;
use clsify::training::{FeatureChoice, TrainOptions, train_selected};

fn main() -> clsify::error::Result<()> {
    let Ok([encoder, data]) = <[String; 2]>::try_from(std::env::args().skip(1).collect::<Vec<_>>()) else {
        eprintln!("usage: choose_features ENCODER DATA");
        std::process::exit(2);
    };
    let dataset = Dataset::load(data, &DatasetOptions::default())?;
    let (options, choice) =
        (SentenceEncoderOptions::default(), FeatureChoice { required: true, ..Default::default() });
    let trained = train_selected(encoder, options, &dataset, TrainOptions::default(), choice)?;
    if let Some(selection) = &trained.report.selection {
        for candidate in selection.candidates.iter().take(3) {
            println!("{:.3} {} with C = {}", candidate.score, candidate.features, candidate.c);
        }
        println!("chosen: {} with C = {}", selection.chosen.features, selection.chosen.c);
    }
    println!("accuracy on held-out rows: {:.3}", trained.report.test_accuracy());
    Ok(())
}
