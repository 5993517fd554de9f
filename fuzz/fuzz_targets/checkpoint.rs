//! Any bytes as `config.json` and as the header of `model.safetensors`: no panic, no allocation that the files do not
//! pay for, and one line of error.
#![no_main]

use std::path::PathBuf;
use std::sync::LazyLock;

use clsify::encoder::{Encoder, EncoderConfig};
use clsify::error::Error;
use libfuzzer_sys::fuzz_target;

/// A folder of this process; every run writes it anew.
static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = std::env::temp_dir().join(format!("clsify-fuzz-checkpoint-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a temporary folder can be created");
    folder
});

fn check(error: &Error) {
    let message = error.to_string();
    assert!(!message.is_empty() && !message.contains(char::is_control));
}

fuzz_target!(|data: &[u8]| {
    // The first two bytes say where the configuration ends, the third how the header's length is written.
    let [low, high, length, rest @ ..] = data else { return };
    let end = usize::from(u16::from_le_bytes([*low, *high])).min(rest.len());
    let (config, header) = rest.split_at(end);
    if let Some(Err(error)) = std::str::from_utf8(config).ok().map(EncoderConfig::from_json) {
        check(&error);
    }
    let mut weights = match length {
        // The header's own length; else the first eight bytes of the input.
        0..128 => (header.len() as u64).to_le_bytes().to_vec(),
        _ => Vec::new(),
    };
    weights.extend_from_slice(header);
    // Some numbers for the tensors that the header describes.
    weights.resize(weights.len() + usize::from(*length % 128) * 32, 0x3c);
    std::fs::write(FOLDER.join("config.json"), config).expect("the folder can be written");
    std::fs::write(FOLDER.join("model.safetensors"), &weights).expect("the folder can be written");
    if let Err(error) = Encoder::load(&FOLDER) {
        check(&error);
    }
});
