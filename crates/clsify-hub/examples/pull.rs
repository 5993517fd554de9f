//! Downloads an encoder, or the example data with `--data`, and prints the path on stdout.
//!
//! ```text
//! cargo run -p clsify-hub --example pull -- all-MiniLM-L6-v2
//! cargo run -p clsify-hub --example pull -- --data
//! ```
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use clsify_hub::{FetchObserver, Hub, known_encoders};

/// Prints each message, and the progress of a file in steps of a tenth.
#[derive(Default)]
struct Stderr {
    tenths: AtomicU64,
}

impl FetchObserver for Stderr {
    fn message(&self, text: &str) {
        eprintln!("{text}");
    }

    fn bytes(&self, file: &str, done: u64, total: u64) {
        let tenths = (done * 10).checked_div(total).unwrap_or(0);
        if self.tenths.swap(tenths, Ordering::Relaxed) != tenths {
            eprintln!("{file}: {} of {} MB", done / 1_000_000, total / 1_000_000);
        }
    }
}

fn main() -> ExitCode {
    let Some(argument) = std::env::args().nth(1) else {
        for encoder in known_encoders() {
            println!("{:<24} {:>4} MB  {}", encoder.name, encoder.download_mb, encoder.about);
        }
        return ExitCode::SUCCESS;
    };
    let hub = Hub::from_env().with_observer(Arc::new(Stderr::default()));
    let fetched = match argument.as_str() {
        "--data" => hub.example_data().map(|data| {
            eprintln!("{}: {}", data.name, data.why);
            data.path
        }),
        encoder => hub.pull(encoder).map(|located| {
            eprintln!("{}: {:?}", located.name, located.origin);
            located.folder
        }),
    };
    match fetched {
        Ok(path) => {
            println!("{}", path.display());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            if let Some(hint) = error.hint() {
                eprintln!("hint: {hint}");
            }
            ExitCode::FAILURE
        }
    }
}
