//! Any bytes as the configuration, the weights and the sentence-transformers files of an encoder: if it loads, it
//! encodes sentences to finite numbers of the announced length; otherwise it gives an error.
#![no_main]

use std::path::PathBuf;
use std::sync::LazyLock;

use clsify::encoder::{Dtype, Encoder};
use clsify::features::{Layers, SentenceTransformer, prompt_text};
use clsify::model::{Features, SentenceEncoder, SentenceEncoderOptions};
use clsify_fuzz::{SENTENCES, checked, empty, own_folder, write_files, write_tokenizer};
use libfuzzer_sys::fuzz_target;

const FILES: [&str; 10] = [
    "config.json",
    "model.safetensors",
    "modules.json",
    "1_Pooling/config.json",
    "2_Dense/config.json",
    "2_Dense/model.safetensors",
    "sentence_bert_config.json",
    "config_sentence_transformers.json",
    "model.safetensors.index.json",
    "shard.safetensors",
];

static FOLDER: LazyLock<PathBuf> = LazyLock::new(own_folder);

fuzz_target!(|data: &[u8]| {
    // The first byte determines the options, the rest is the files.
    let [choice, files @ ..] = data else { return };
    empty(&FOLDER);
    write_files(&FOLDER, &FILES, files);
    write_tokenizer(&FOLDER);
    checked(SentenceTransformer::read(&*FOLDER));
    checked(prompt_text(&*FOLDER, "query"));
    if choice / 32 == 7 {
        checked(Encoder::load(&*FOLDER));
        return;
    }
    let options = SentenceEncoderOptions {
        features: match choice / 3 % 4 {
            0 => Features::SentenceTransformer { layers: Layers::default() },
            2 => Features::SentenceTransformer { layers: Layers::All },
            _ => Features::default(),
        },
        lowercase: choice / 12 % 2 == 1,
        dtype: Dtype::ALL[usize::from(choice % 3)],
        ..SentenceEncoderOptions::default()
    };
    let Some(encoder) = checked(SentenceEncoder::load_with(&*FOLDER, options)) else { return };
    let Some(encoded) = checked(encoder.encode(&SENTENCES)) else { return };
    assert_eq!(encoded.features.shape(), [SENTENCES.len(), encoder.n_features()]);
    assert!(encoded.features.as_slice().iter().all(|x| x.is_finite()));
});
