//! Estimates accuracy by five-fold cross-validation, and compares it with that of the most frequent class.
//!
//! ```text
//! cargo run --release -p clsify --example cross_validate -- fixtures/transformers/bert crates/clsify/examples/reviews.tsv
//! ```
#![allow(clippy::print_stdout, clippy::print_stderr)]

use clsify::classifier::{LogisticRegressionOptions, Samples};
use clsify::dataset::{Dataset, DatasetOptions};
use clsify::evaluation::{baseline_cross_val_score, cross_val_score, mean_and_std};
use clsify::model::SentenceEncoder;

fn main() -> clsify::error::Result<()> {
    let Ok([encoder, data]) = <[String; 2]>::try_from(std::env::args().skip(1).collect::<Vec<_>>()) else {
        eprintln!("usage: cross_validate ENCODER DATA");
        std::process::exit(2);
    };
    let dataset = Dataset::load(data, &DatasetOptions::default())?;
    let features = SentenceEncoder::load(encoder)?.encode(dataset.sentences())?.features;
    let classes = dataset.classes();
    let class_id = |label: &String| classes.iter().position(|class| class == label).unwrap_or_default();
    let class_ids: Vec<usize> = dataset.labels().iter().map(class_id).collect();

    let samples = Samples::new(&features, &class_ids, classes.len());
    let (mean, std) = mean_and_std(&cross_val_score(&samples, &LogisticRegressionOptions::default(), 5)?);
    let (baseline, _) = mean_and_std(&baseline_cross_val_score(&samples, 5)?);
    println!("accuracy {mean:.3} (standard deviation {std:.3}), baseline {baseline:.3}");
    Ok(())
}
