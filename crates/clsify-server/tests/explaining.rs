//! Explanations beside other requests.
#![allow(clippy::unwrap_used)]

mod common;

use std::time::{Duration, Instant};

use common::{Running, options};
use serde_json::json;

/// A text whose explanation takes hundreds of encodings of hundreds of tokens: no two of them have the same tokens.
fn long_text() -> String {
    "film and not ".repeat(130)
}

/// In one pool with the encoder, the first prediction would wait until all encodings of the explanation are computed.
#[test]
fn predictions_do_not_wait_for_an_explanation() {
    let (server, _folder) = Running::of_classes(options());
    let predict = || {
        let started = Instant::now();
        // Several texts are divided among the threads of the encoder; one of this small encoder needs only its own thread.
        server.ask("/predict", &json!({ "inputs": vec!["a fine film"; 16] }));
        started.elapsed()
    };
    predict();
    std::thread::scope(|scope| {
        let explanation = scope.spawn(|| {
            let started = Instant::now();
            let explained = server.ask("/explain", &json!({ "inputs": long_text() }));
            assert_eq!(explained[0]["n_encodings"], 2 * 390);
            started.elapsed()
        });
        let mut times = Vec::new();
        while !explanation.is_finished() {
            times.push(predict());
        }
        let (whole, longest) = (explanation.join().unwrap(), times.iter().max().unwrap());
        assert!(*longest < whole / 2, "{longest:?} of {whole:?}");
    });
}

/// The answer does not depend on what is computed beside it.
#[test]
fn an_explanation_beside_predictions_is_the_same() {
    let (server, _folder) = Running::of_classes(options());
    let body = json!({ "inputs": "the film is wonderful and not a bore" });
    let alone = server.ask("/explain", &body);
    std::thread::scope(|scope| {
        let predictions = scope.spawn(|| {
            let until = Instant::now() + Duration::from_millis(300);
            while Instant::now() < until {
                server.ask("/predict", &json!({ "inputs": vec!["a fine film"; 50] }));
            }
        });
        while !predictions.is_finished() {
            assert_eq!(server.ask("/explain", &body), alone);
        }
    });
}
