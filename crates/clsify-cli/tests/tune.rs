//! `clsify train --tune`: options, the saved model with every command, interruption. The arithmetic is tested in the library.
#![allow(clippy::unwrap_used)]

mod common;

use std::time::{Duration, Instant};

use common::{Sandbox, encoder, read_json};

/// What a page of `guide` says: its text before the data and the script.
fn words_of(page: &str) -> &str {
    page.split_once("<main>").unwrap().1.split_once("</main>").unwrap().0
}

/// Sentences with a word that tells the label, few of them different.
fn sentences(n: usize) -> String {
    let word = |i: usize| ["film", "story", "actor"][i * 7919 % 1009 % 3];
    let line = |i: usize| {
        let (label, own) = if i.is_multiple_of(2) { ("up", "good") } else { ("down", "bad") };
        format!("{} {own} {}\t{label}\n", word(i), word(3 * i + 1))
    };
    (0..n).map(line).collect()
}

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("train.tsv", sentences(480));
    sandbox
}

fn args<'a>(encoder: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let own = ["train", "-q", "--encoder", encoder, "--data", "train.tsv", "--output", "model", "--tune"];
    [&own[..], &["--no-dropout", "--learning-rate", "0.001", "--tune-dtype", "f32"], more].concat()
}

#[test]
fn every_command_takes_a_tuned_model() {
    let (sandbox, bert) = (sandbox(), encoder("bert"));
    let summary = sandbox
        .succeed(&args(&bert, &["--epochs", "3", "--json=report.json", "--calibration", "temperature"]));
    assert!(summary.contains("the model has the tuned encoder"), "{summary}");
    let tuning = &read_json(&sandbox.path("report.json"))["tuning"];
    assert_eq!(tuning["is_kept"], true);
    assert_eq!(tuning["epochs_done"].as_array().unwrap().len(), 3);
    assert_eq!(tuning["n_rows"].as_u64().unwrap() + tuning["n_held_out"].as_u64().unwrap(), 360);
    // Its own encoder, whatever happens to the original.
    assert!(sandbox.path("model/encoder/modules.json").exists());
    assert!(!sandbox.path("model.tuning").exists());
    let answer = sandbox.succeed(&["predict", "model", "-q", "story good film"]);
    assert!(answer.starts_with("up"), "{answer}");
    sandbox.succeed(&["evaluate", "model", "-q", "--data", "train.tsv"]);
    sandbox.succeed(&["explain", "model", "-q", "good film"]);
    sandbox.succeed(&["guide", "model", "-q", "--data", "train.tsv", "--output", "guide.html"]);
    let page = std::fs::read_to_string(sandbox.path("guide.html")).unwrap();
    assert!(!["frozen", "冻结", " folds of the"].iter().any(|text| words_of(&page).contains(text)));
    assert_eq!(words_of(&page).matches("fine-tuned together with").count(), 2);
    assert_eq!(words_of(&page).matches("shows another fit").count(), 1);
    let embed = ["embed", "-q", "--encoder", "model/encoder", "--pooling", "auto", "--input", "train.tsv"];
    sandbox.succeed(&[&embed[..], &["--output", "features.npy"]].concat());
    // A tuned encoder can be tuned again, and replaces the model that it was in.
    sandbox.succeed(&args("model/encoder", &["--epochs", "1"]));
}

#[test]
fn options_that_do_not_fit_are_refused() {
    let (sandbox, bert) = (sandbox(), encoder("bert"));
    let plain = ["train", "-q", "--encoder", &bert, "--data", "train.tsv", "--output", "model"];
    let wrong = [
        (vec!["--epochs", "3"], "--tune"),
        (vec!["--resume"], "--tune"),
        (vec!["--tune", "--pooling", "cls"], "'--tune' cannot be used with '--pooling'"),
        (vec!["--tune", "--layers", "1"], "'--tune' cannot be used with '--layers'"),
        (vec!["--tune", "--features", "auto"], "'--tune' cannot be used with '--features'"),
        (vec!["--tune", "--grid-search"], "'--tune' cannot be used with '--grid-search'"),
        (vec!["--tune", "--scaling", "standard"], "'--tune' cannot be used with '--scaling'"),
        (vec!["--tune", "--epochs", "0"], "at least 1"),
        (vec!["--tune", "--learning-rate", "-1"], "positive"),
        (vec!["--tune", "--tune-dtype", "int8"], "int8"),
    ];
    for (more, expected) in wrong {
        let outcome = sandbox.run(&[&plain[..], &more].concat());
        assert_eq!(outcome.code, Some(2), "{more:?}: {}", outcome.stderr);
        assert!(outcome.stderr.contains(expected), "{more:?}: {}", outcome.stderr);
    }
    for (more, expected) in [
        (["--learning-rate", "5"], "learning rate: expected a number above 0, at most 1, got 5"),
        (["--batch-size", "100000"], "batch size: expected a number from 1 to 4096, got 100000"),
        (["--warmup", "2"], "warm-up: expected a share from 0 to 1, got 2"),
        (["--max-grad-norm", "NaN"], "norm of gradients: expected a number of at least 0, got NaN"),
    ] {
        let error = sandbox.fail(&[&plain[..], &["--tune"], &more].concat());
        assert!(error.contains(expected), "{error}");
    }
}

/// Waits until a line of stderr contains a text.
#[cfg(unix)]
fn wait_for(child: &mut std::process::Child, text: &str) -> std::thread::JoinHandle<String> {
    use std::io::{BufRead, BufReader, Read};
    let mut lines = BufReader::new(child.stderr.take().unwrap());
    let (mut line, started) = (String::new(), Instant::now());
    while !line.contains(text) {
        line.clear();
        assert!(lines.read_line(&mut line).unwrap() > 0, "the process ended before {text:?}");
        assert!(started.elapsed() < Duration::from_secs(300), "no {text:?}");
    }
    std::thread::spawn(move || {
        let mut rest = String::new();
        lines.read_to_string(&mut rest).unwrap();
        rest
    })
}

#[cfg(unix)]
fn signal(child: &std::process::Child, name: &str) {
    let kill = std::process::Command::new("kill").args([name, &child.id().to_string()]).status();
    assert!(kill.unwrap().success());
}

#[cfg(unix)]
#[test]
fn an_interrupt_leaves_nothing_or_the_best_encoder_so_far() {
    let (sandbox, bert) = (sandbox(), encoder("bert"));
    let long = |more: &[&str]| {
        let own = [
            "train",
            "--encoder",
            &bert,
            "--data",
            "train.tsv",
            "--output",
            "model",
            "--tune",
            "--epochs",
            "900",
        ];
        let all: Vec<String> = own.iter().chain(more).map(ToString::to_string).collect();
        sandbox.command(&all).spawn().unwrap()
    };
    let before = sandbox.entries();
    let mut child = long(&[]);
    let rest = wait_for(&mut child, "epoch 2 of 900");
    signal(&child, "-INT");
    assert_eq!(child.wait().unwrap().code(), Some(130));
    rest.join().unwrap();
    // The state of the last epoch stays, for --resume.
    let state = sandbox.path("model.tuning");
    assert!(state.join("state.json").is_file());
    let (_, others): (Vec<_>, Vec<_>) =
        sandbox.entries().into_iter().partition(|(path, _)| path.starts_with(&state));
    assert_eq!(others, before);

    let mut child = long(&["--on-interrupt", "save"]);
    let rest = wait_for(&mut child, "epoch 2 of 900");
    signal(&child, "-INT");
    assert_eq!(child.wait().unwrap().code(), Some(0), "{}", rest.join().unwrap());
    sandbox.succeed(&["predict", "model", "-q", "good film"]);
    assert!(!sandbox.path("model.tuning").exists());

    let mut child = long(&["--on-interrupt", "save"]);
    let rest = wait_for(&mut child, "epoch 2 of 900");
    signal(&child, "-KILL");
    child.wait().unwrap();
    rest.join().unwrap();
    // A kill can come while the state is written.
    std::fs::create_dir(sandbox.path(".model.tuning.aB3dE6gH9jK2.tmp")).unwrap();
    // The model of before is whole, and the next run removes what the killed one left, also if it tunes nothing.
    sandbox.succeed(&["predict", "model", "-q", "good film"]);
    sandbox.succeed(&["train", "--encoder", &bert, "--data", "train.tsv", "--output", "model"]);
    let left: Vec<_> =
        std::fs::read_dir(sandbox.path(".")).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().starts_with('.')), "{left:?}");
}
