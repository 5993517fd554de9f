//! Recognises weights in formats that are not read, and explains what to do about them.

use std::path::Path;

use crate::error::{Error, ErrorKind};
use clsify_base::encoder_files::{WEIGHTS as SINGLE, WEIGHTS_INDEX as INDEX};

pub(super) const PICKLE: &str = "pytorch_model.bin";
const PICKLE_INDEX: &str = "pytorch_model.bin.index.json";

/// The reason why a `.bin` file is not read.
pub(super) const PICKLE_HINT: &str = "a .bin file can run code when it is opened, so it is not read";

/// The error for a folder without weights in a supported format.
pub(super) fn missing(folder: &Path) -> Error {
    let there = |name: &str| folder.join(name).exists();
    let place = folder.display();
    let save = |class: &str, more: &str| {
        format!("{class}.from_pretrained('{place}'{more}).save_pretrained('{place}')")
    };
    if let Some(name) = [PICKLE, PICKLE_INDEX].into_iter().find(|name| there(name)) {
        let convert = format!("from transformers import AutoModel; {}", save("AutoModel", ""));
        return only(folder, name, &format!("{PICKLE_HINT}; convert it once: python3 -c \"{convert}\""));
    }
    if let Some(name) = named(folder, |name| name.starts_with("model-") && name.contains("-of-")) {
        let hint = format!("fetch {INDEX} too, which says which file holds which tensor");
        return only(folder, &format!("shards such as {name}"), &hint);
    }
    // A variant, such as `model.fp16.safetensors`.
    if let Some(name) = named(folder, |name| name.starts_with("model.")) {
        return only(folder, &name, &format!("rename it: mv '{place}/{name}' '{place}/{SINGLE}'"));
    }
    if there("adapter_model.safetensors") || there("adapter_model.bin") {
        let class = "AutoPeftModelForFeatureExtraction";
        let merge = format!(
            "from peft import {class} as A; A.from_pretrained('{place}').merge_and_unload().save_pretrained('merged')"
        );
        let hint = format!("merge it into the encoder that it adapts: python3 -c \"{merge}\"");
        return only(folder, "an adapter (LoRA)", &hint);
    }
    for (name, argument) in [("tf_model.h5", "from_tf"), ("flax_model.msgpack", "from_flax")] {
        if there(name) {
            let convert = save("AutoModel", &format!(", {argument}=True"));
            let hint = format!(
                "convert it once, with a transformers before 5: python3 -c \"from transformers import AutoModel; {convert}\""
            );
            return only(folder, name, &hint);
        }
    }
    if let Some(name) = ["onnx/model.onnx", "model.onnx"].into_iter().find(|name| there(name)) {
        let hint = format!("fetch {SINGLE} of the encoder that it was exported from");
        return only(folder, name, &hint);
    }
    bad(format!("no {SINGLE} and no {INDEX} in this folder")).at(place.to_string())
}

/// The error for a folder with something other than a weights file.
pub(super) fn only(folder: &Path, got: &str, hint: &str) -> Error {
    bad(format!("expected {SINGLE}, got only {got}")).at(folder.display().to_string()).with_hint(hint)
}

/// The first name, in order, of a safetensors file of this kind.
fn named(folder: &Path, is_it: impl Fn(&str) -> bool) -> Option<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.filter(|name| name.ends_with(".safetensors") && is_it(name)).min()
}

/// The format of a file named `model.safetensors`, by its first bytes; `None` if it may be a safetensors file.
pub(super) fn format_of(start: &[u8]) -> Option<Error> {
    // The header of a safetensors file follows its length, which may be any bytes.
    if start.get(8) == Some(&b'{') {
        return None;
    }
    let pickle = "rename it to pytorch_model.bin, and run the command again to learn how it is converted";
    let (got, hint) = match start {
        [b'P', b'K', 3, 4, ..] => ("a zip archive, as torch.save writes one", pickle),
        [0x80, 2..=5, ..] => ("a pickle, as torch.save writes one", pickle),
        [b'G', b'G', b'U', b'F', ..] => {
            ("a GGUF file", "fetch model.safetensors of the encoder that it was made from")
        }
        [0x1f, 0x8b, ..] => (
            "a gzip file",
            "unpack it: mv model.safetensors model.safetensors.gz && gunzip model.safetensors.gz",
        ),
        _ => return None,
    };
    Some(bad(format!("expected a safetensors file, got {got}")).with_hint(hint))
}

fn bad(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Checkpoint, message)
}
