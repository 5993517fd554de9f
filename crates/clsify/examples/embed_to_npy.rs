//! Writes one vector per sentence to a file that `numpy.load` can read.
//!
//! ```text
//! cargo run --release -p clsify --example embed_to_npy -- fixtures/transformers/bert crates/clsify/examples/reviews.tsv features.npy
//! ```
#![allow(clippy::print_stdout, clippy::print_stderr)]

use clsify::dataset::{DatasetOptions, Sentences};
use clsify::features::{Pooling, save_npy};
use clsify::model::{SentenceEncoder, SentenceEncoderOptions};

fn main() -> clsify::error::Result<()> {
    let Ok([encoder, data, output]) = <[String; 3]>::try_from(std::env::args().skip(1).collect::<Vec<_>>())
    else {
        eprintln!("usage: embed_to_npy ENCODER DATA OUTPUT");
        std::process::exit(2);
    };
    let sentences = Sentences::load(data, &DatasetOptions::default())?;
    let options = SentenceEncoderOptions { features: Pooling::Mean.into(), ..Default::default() };
    let encoded = SentenceEncoder::load_with(encoder, options)?.encode(sentences.sentences())?;
    save_npy(&encoded.features, output)?;
    println!("shape {:?}", encoded.features.shape());
    Ok(())
}
