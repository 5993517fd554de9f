//! Measurements of an encoder's speed measure the right thing. The numbers themselves depend on the machine.
#![allow(clippy::unwrap_used)]

mod support;

use clsify::encoder::Dtype;
use clsify::error::ErrorKind;
use clsify::features::{FeatureOptions, Pooling};
use clsify::model::{SentenceEncoder, SentenceEncoderOptions};
use clsify::studies::EncoderSpeed;
use support::{fixtures, sentences};

fn load(dtype: Dtype, pooling: Pooling) -> SentenceEncoder {
    let options =
        SentenceEncoderOptions { dtype, features: pooling.into(), ..SentenceEncoderOptions::default() };
    SentenceEncoder::load_with(fixtures().join("transformers/bert"), options).unwrap()
}

#[test]
fn a_measurement_counts_the_sentences_and_the_operations_of_their_features() {
    let sentences = sentences();
    let mut operations = Vec::new();
    for pooling in [Pooling::Cls, Pooling::Mean] {
        let encoder = load(Dtype::F32, pooling);
        let speed = EncoderSpeed::measure(&encoder, &sentences).unwrap();
        let encoded = encoder.encode(&sentences).unwrap();
        assert_eq!((speed.n_sentences, speed.counts), (sentences.len(), encoded.counts));
        let of_each = encoded.encodings.iter().map(|e| match pooling {
            Pooling::Cls => encoder.config().operations_of_first(e.len()),
            _ => encoder.config().operations(e.len()),
        });
        assert_eq!(speed.operations, of_each.sum::<f64>());
        // The weights are more than the word embeddings alone.
        let word_table = 4 * encoder.config().vocab_size * encoder.config().embedding_size;
        assert!(speed.weights_bytes > word_table, "{}", speed.weights_bytes);
        operations.push(speed.operations);
    }
    assert!(operations[0] < operations[1], "{operations:?}");
    let both = FeatureOptions::from(vec![Pooling::Cls, Pooling::Mean]);
    let config = load(Dtype::F32, Pooling::Cls).config().clone();
    assert_eq!(both.operations(&config, 7), config.operations(7));

    let error = EncoderSpeed::measure(&load(Dtype::F32, Pooling::Cls), &[""; 0]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
}

#[test]
fn only_dtypes_that_the_processor_has_and_that_come_after_are_called_faster() {
    for dtype in Dtype::ALL {
        let encoder = load(dtype, Pooling::Cls);
        let faster = encoder.faster_dtypes().unwrap();
        let later = Dtype::ALL.into_iter().skip_while(|&d| d != encoder.dtype()).skip(1);
        let later: Vec<Dtype> = later.filter(|d| d.is_native()).collect();
        for (dtype, ratio) in &faster {
            assert!(later.contains(dtype) && *ratio >= 1.1 && ratio.is_finite(), "{dtype}: {ratio}");
        }
    }
}
