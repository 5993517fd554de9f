//! `bench`: its measurements and their output. The numbers depend on the machine; only their relations are tested.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

mod common;

use clsify::encoder::Dtype;
use common::{Sandbox, encoder};
use serde_json::Value;

#[test]
fn json_has_every_dtype_and_figures_that_fit_together() {
    let sandbox = Sandbox::with_reviews();
    let bert = encoder("bert");
    let args = ["bench", "-q", "--encoder", &bert, "--data", "reviews.tsv", "--limit", "20", "--json"];
    let report: Value = serde_json::from_str(&sandbox.succeed(&args)).unwrap();
    assert_eq!(report.as_object().unwrap().keys().collect::<Vec<_>>(), ["f32", "bf16", "int8"]);
    for dtype in Dtype::ALL {
        let speed = &report[dtype.to_string()];
        assert_eq!(speed.is_null(), !dtype.is_native(), "{dtype}");
        if speed.is_null() {
            continue;
        }
        let number = |key: &str| {
            let number = speed.pointer(key).and_then(Value::as_f64).filter(|x| *x > 0.0);
            number.unwrap_or_else(|| panic!("{dtype}: {key}: {speed}"))
        };
        assert_eq!((speed["n_sentences"].as_u64(), &speed["encoder"]["pooling"]), (Some(20), &"cls".into()));
        let seconds = number("/encode_seconds");
        for (rate, total) in [
            ("/sentences_per_second", "/n_sentences"),
            ("/tokens_per_second", "/counts/n_tokens"),
            ("/operations_per_second", "/operations"),
        ] {
            assert!((number(rate) * seconds / number(total) - 1.0).abs() < 1e-9, "{dtype}: {rate}");
        }
        let reached = number("/operations_per_second") / number("/ceiling_operations_per_second");
        assert!((number("/fraction_of_ceiling") - reached).abs() < 1e-9);
        for latency in ["/one_sentence", "/one_sentence_after_pause"] {
            let median = number(&format!("{latency}/median_ms"));
            assert!(median > 0.0 && number(&format!("{latency}/percentile_95_ms")) >= median);
        }
        for key in
            ["/load_seconds", "/weights_bytes", "/tokenize_seconds", "/threads", "/one_sentence/n_runs"]
        {
            number(key);
        }
    }
}

#[test]
fn the_table_has_a_row_for_what_was_asked() {
    let sandbox = Sandbox::new();
    let bert = encoder("bert");
    let table = sandbox.succeed(&["bench", "-q", "--encoder", &bert, "--dtype", "f32", "--limit", "64"]);
    assert!(table.contains("cls of the last layer") && table.contains("sentences  64, "), "{table}");
    let rows: Vec<&str> = table.lines().filter(|line| line.starts_with("  f32 ")).collect();
    assert!(rows.len() == 1 && rows[0].contains('%') && !table.contains("int8"), "{table}");
}
