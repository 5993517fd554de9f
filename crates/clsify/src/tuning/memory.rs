//! The memory that tuning needs, and the memory that there is.

use super::options::TuneSettings;
use crate::encoder::{Dtype, EncoderConfig};
use crate::error::{Error, ErrorKind, Result};

/// The bytes that tuning an encoder needs with this many tokens at a time, beside what the process has already: weights
/// with gradients and two moments, embeddings, what the gradient needs of each layer, and buffers of one layer.
pub(crate) fn needed_bytes(config: &EncoderConfig, settings: &TuneSettings, n_tokens: usize) -> usize {
    let (hidden, wide) = (config.hidden_size, config.intermediate_size);
    let of_layer = 4 * hidden * hidden + 2 * hidden * wide + 9 * hidden + wide;
    let per_weight = if settings.dtype == Dtype::Bf16 { 12 } else { 16 };
    let per_embedding = if settings.embeddings { per_weight } else { 4 };
    let rows = config.vocab_size + config.max_position_embeddings + config.type_vocab_size;
    let per_token = config.num_hidden_layers * (7 * hidden + wide) + 10 * hidden + 3 * wide;
    per_weight * config.num_hidden_layers * of_layer
        + per_embedding * rows * config.embedding_size
        + 4 * (n_tokens * per_token + of_layer)
}

/// Fails if there is less memory than tuning needs.
pub(crate) fn check(config: &EncoderConfig, settings: &TuneSettings, n_tokens: usize) -> Result<()> {
    let needed = needed_bytes(config, settings, n_tokens);
    let gigabytes = |bytes: usize| format!("{:.1} GB", bytes as f64 / 1e9);
    match available_bytes() {
        Some(available) if available < needed => {
            let message =
                format!("expected {} of free memory, got {}", gigabytes(needed), gigabytes(available));
            Err(Error::new(ErrorKind::InvalidArgument, message)
                .at("tuning")
                .with_hint("choose a smaller --max-length, or a smaller encoder"))
        }
        _ => Ok(()),
    }
}

/// The memory that the system can give to this process, if it says so: the smallest of the machine's, and of what the limits of
/// its control group (version 2 or 1) and of the process itself leave.
fn available_bytes() -> Option<usize> {
    let read = |path: &str| std::fs::read_to_string(path).ok();
    let of_machine = read("/proc/meminfo").and_then(|text| kilobytes(&text, "MemAvailable:"));
    let number = |path: &str| read(path)?.trim().parse::<usize>().ok();
    let of_group = |limit: &str, used: &str| Some(number(limit)?.saturating_sub(number(used).unwrap_or(0)));
    let group = "/sys/fs/cgroup/memory";
    let of_process = || {
        let limit = address_space_limit(&read("/proc/self/limits")?)?;
        Some(limit.saturating_sub(kilobytes(&read("/proc/self/status")?, "VmSize:")?))
    };
    let all = [
        of_machine,
        of_group(&format!("{group}.max"), &format!("{group}.current")),
        of_group(&format!("{group}/memory.limit_in_bytes"), &format!("{group}/memory.usage_in_bytes")),
        of_process(),
    ];
    all.into_iter().flatten().min()
}

/// The bytes of a line such as `MemAvailable:   24 kB`.
fn kilobytes(text: &str, name: &str) -> Option<usize> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<usize>().ok()? * 1024)
}

/// The soft limit of the address space in bytes, as `ulimit -v` sets it; `None` if there is none.
fn address_space_limit(limits: &str) -> Option<usize> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max address space"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tuning::TuneOptions;

    #[test]
    fn available_memory_is_read() {
        assert_eq!(kilobytes("MemTotal: 9 kB\nMemAvailable:   24 kB\n", "MemAvailable:"), Some(24 * 1024));
        assert_eq!(kilobytes("MemTotal: 9 kB\n", "MemAvailable:"), None);
        let limits = |soft: &str| {
            format!(
                "Max cpu time  unlimited  unlimited  seconds\nMax address space         {soft}            unlimited            bytes\n"
            )
        };
        assert_eq!(address_space_limit(&limits("409600000")), Some(409_600_000));
        assert_eq!(address_space_limit(&limits("unlimited")), None);
    }

    /// BERT base: 85 million weights that learn, 24 million of embeddings; a batch of 32 sentences of 24 tokens.
    #[test]
    fn the_need_of_a_base_encoder() {
        let json = r#"{"model_type": "bert", "vocab_size": 30522, "hidden_size": 768, "num_hidden_layers": 12,
            "num_attention_heads": 12, "intermediate_size": 3072, "max_position_embeddings": 512}"#;
        let config = EncoderConfig::from_json(json).unwrap();
        let frozen = TuneOptions::default().settings(500, 768).unwrap();
        let gigabytes = |dtype, embeddings| {
            needed_bytes(&config, &TuneSettings { dtype, embeddings, ..frozen }, 768) as f64 / 1e9
        };
        assert!((1.4..1.6).contains(&gigabytes(Dtype::Bf16, false)), "{}", gigabytes(Dtype::Bf16, false));
        assert!((1.8..1.9).contains(&gigabytes(Dtype::F32, false)), "{}", gigabytes(Dtype::F32, false));
        // 24 million more numbers with a gradient and two moments.
        let more = gigabytes(Dtype::F32, true) - gigabytes(Dtype::F32, false);
        assert!((0.28..0.29).contains(&more), "{more}");
        let error = check(&config, &frozen, usize::MAX >> 24).unwrap_err();
        assert!(error.to_string().contains("GB of free memory"), "{error}");
    }
}
