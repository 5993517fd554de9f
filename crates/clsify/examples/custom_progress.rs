//! Shows the progress of the library with an observer of your own.
//!
//! ```text
//! cargo run --release -p clsify --example custom_progress -- fixtures/transformers/bert crates/clsify/examples/reviews.tsv
//! ```
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::sync::Arc;

use clsify::dataset::{DatasetOptions, Sentences};
use clsify::model::{SentenceEncoder, SentenceEncoderOptions};
use clsify::observer::{Observer, Stage};

struct Stdout;

impl Observer for Stdout {
    fn start(&self, stage: Stage, total: usize) {
        println!("{stage:?} starts: {total} in total");
    }

    fn advance(&self, stage: Stage, done: usize) {
        println!("{stage:?}: {done} done");
    }

    fn note(&self, text: &str) {
        println!("note: {text}");
    }
}

fn main() -> clsify::error::Result<()> {
    let Ok([encoder, data]) = <[String; 2]>::try_from(std::env::args().skip(1).collect::<Vec<_>>()) else {
        eprintln!("usage: custom_progress ENCODER DATA");
        std::process::exit(2);
    };
    let sentences = Sentences::load(data, &DatasetOptions::default())?;
    let options = SentenceEncoderOptions { observer: Arc::new(Stdout), ..Default::default() };
    SentenceEncoder::load_with(encoder, options)?.encode(sentences.sentences())?;
    Ok(())
}
