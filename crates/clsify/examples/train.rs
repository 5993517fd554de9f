//! Trains a classifier on labelled sentences and saves it.
//!
//! ```text
//! cargo run --release -p clsify --example train -- fixtures/transformers/bert crates/clsify/examples/reviews.tsv model
//! ```
#![allow(clippy::print_stdout, clippy::print_stderr)]

use clsify::dataset::{Dataset, DatasetOptions};
use clsify::model::SentenceEncoder;
use clsify::training::{TrainOptions, train};

fn main() -> clsify::error::Result<()> {
    let Ok([encoder, data, model]) = <[String; 3]>::try_from(std::env::args().skip(1).collect::<Vec<_>>())
    else {
        eprintln!("usage: train ENCODER DATA MODEL");
        std::process::exit(2);
    };
    let dataset = Dataset::load(data, &DatasetOptions::default())?;
    let trained = train(SentenceEncoder::load(encoder)?, &dataset, TrainOptions::default())?;
    let split = &trained.report.split;
    println!(
        "trained on {} rows; accuracy {:.3} on {} others",
        split.n_train,
        trained.report.test_accuracy(),
        split.n_test
    );
    trained.classifier.save(model)?;
    Ok(())
}
