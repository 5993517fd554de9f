//! The speed of an encoder in each data type, as a table.

use clsify::encoder::Dtype;
use clsify::studies::EncoderSpeed;

use crate::table::Table;

/// Describes the speed of an encoder in each data type; `None` if the processor does not support it.
pub fn speed_summary(measured: &[(Dtype, Option<EncoderSpeed>)]) -> String {
    let mut text = String::new();
    if let Some(first) = measured.iter().find_map(|(_, speed)| speed.as_ref()) {
        let cut = first.counts.n_truncated;
        text = format!(
            "encoder    {} ({}, {} layers, hidden size {}), {}, {} threads\n\
             sentences  {}, {} tokens, longest {}{}; tokenized in {:.3} s\n\
             operations {:.1} billion in total, {:.1} million per token\n\n",
            first.encoder.name,
            first.encoder.model_type,
            first.encoder.num_hidden_layers,
            first.encoder.hidden_size,
            first.encoder.pooled(),
            first.threads,
            first.n_sentences,
            first.counts.n_tokens,
            first.counts.max_tokens,
            if cut > 0 { format!(", {cut} truncated") } else { String::new() },
            first.tokenize_seconds,
            first.operations / 1e9,
            first.operations / first.counts.n_tokens as f64 / 1e6,
        );
        let one = format!("ms for {} tokens", first.one_sentence.n_tokens);
        let mut table = Table::new([
            "dtype",
            "sentences/s",
            "tokens/s",
            "Gop/s",
            "ceiling",
            "reached",
            &one,
            "95th percentile",
            "after a pause",
            "load s",
            "weights MB",
        ]);
        for (dtype, speed) in measured {
            let Some(speed) = speed else { continue };
            table.row([
                dtype.to_string(),
                format!("{:.0}", speed.sentences_per_second),
                format!("{:.0}", speed.tokens_per_second),
                format!("{:.0}", speed.operations_per_second / 1e9),
                format!("{:.0}", speed.ceiling_operations_per_second / 1e9),
                format!("{:.0}%", 100.0 * speed.fraction_of_ceiling),
                format!("{:.2}", speed.one_sentence.median_ms),
                format!("{:.2}", speed.one_sentence.percentile_95_ms),
                format!("{:.2}", speed.one_sentence_after_pause.median_ms),
                format!("{:.2}", speed.load_seconds),
                format!("{:.0}", speed.weights_bytes as f64 / 1e6),
            ]);
        }
        text.push_str(&table.to_string());
    }
    for (dtype, _) in measured.iter().filter(|(_, speed)| speed.is_none()) {
        text.push_str(&format!("this processor has no {dtype} instructions: --dtype {dtype} runs in f32\n"));
    }
    text
}
