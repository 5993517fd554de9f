//! Predicts the label of a sentence and its probability with a saved classifier, such as that of the example `train`.
//!
//! ```text
//! cargo run --release -p clsify --example predict -- model "a stunning film"
//! ```
#![allow(clippy::print_stdout, clippy::print_stderr)]

use clsify::model::SentenceClassifier;

fn main() -> clsify::error::Result<()> {
    let Ok([model, sentence]) = <[String; 2]>::try_from(std::env::args().skip(1).collect::<Vec<_>>()) else {
        eprintln!("usage: predict MODEL SENTENCE");
        std::process::exit(2);
    };
    let classifier = SentenceClassifier::load(model)?;
    for prediction in classifier.predict(&[sentence])? {
        let probability = prediction.probabilities.iter().copied().fold(0.0, f64::max);
        println!("{}\t{probability:.3}", classifier.labels(&prediction).join(", "));
    }
    Ok(())
}
