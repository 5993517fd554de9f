//! Signals, paths for `--output`, and the files that an interrupted run leaves.
//!
//! Oracle: POSIX (an ignored signal stays ignored; a shell reports 128 plus the number of the signal), and the folder
//! before the run.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

mod common;

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use common::{Outcome, Sandbox, encoder};

/// A run that waits for more sentences with its output half-written, until a signal ends it.
fn embed_forever(bert: &str) -> Vec<&str> {
    vec!["embed", "--encoder", bert, "--input", "-", "--format", "lines", "--output", "x.npy", "-v"]
}

fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").args([name, &child.id().to_string()]).status().unwrap().success());
}

/// A run started by a shell command such as `nohup "$@"`.
fn by_shell(sandbox: &Sandbox, shell: &str, args: &[&str]) -> Command {
    let program = sandbox.command::<&str>(&[]);
    let mut command = Command::new("sh");
    command.args(["-c", shell, "sh"]).arg(program.get_program()).args(args);
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command.current_dir(sandbox.path("")).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

/// Starts such a run, and waits for a line on its stderr.
fn start(sandbox: &Sandbox, shell: &str, args: &[&str], line_start: &str) -> Child {
    let mut command = by_shell(sandbox, shell, args);
    let mut child = command.spawn().unwrap();
    // For a run that reads stdin: endless input, more than it reads ahead.
    let mut stdin = child.stdin.take().unwrap();
    std::thread::spawn(move || {
        let _ = stdin.write_all("a film\n".repeat(20_000).as_bytes());
        std::thread::park();
    });
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.starts_with(line_start) {
        line.clear();
        assert_ne!(stderr.read_line(&mut line).unwrap(), 0, "{args:?} ended");
    }
    std::thread::spawn(move || std::io::copy(&mut stderr, &mut std::io::sink()));
    child
}

#[test]
fn every_signal_that_ends_a_process_leaves_nothing_half_written() {
    let sandbox = Sandbox::new();
    let (bert, before) = (encoder("bert"), sandbox.entries());
    for (name, number) in [
        ("-HUP", 1),
        ("-INT", 2),
        ("-QUIT", 3),
        ("-ABRT", 6),
        ("-USR1", 10),
        ("-USR2", 12),
        ("-ALRM", 14),
        ("-TERM", 15),
        ("-XCPU", 24),
        ("-VTALRM", 26),
        ("-PROF", 27),
    ] {
        // The process that runs the tests may ignore some signals, as under `nohup`.
        let shell = "exec env --default-signal \"$@\"";
        let mut child = start(&sandbox, shell, &embed_forever(&bert), "loading the encoder: ");
        let temporaries = || sandbox.entries().len() - before.len();
        let started = Instant::now();
        while temporaries() == 0 && started.elapsed() < Duration::from_secs(5) {
            std::thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(temporaries(), 1, "{name}");
        signal(&child, name);
        assert_eq!(child.wait().unwrap().code(), Some(128 + number), "{name}");
        assert_eq!(sandbox.entries(), before, "{name}");
    }
}

/// Oracle: `nohup` and a shell's background jobs.
#[test]
fn a_signal_that_is_ignored_already_stays_ignored() {
    if !std::path::Path::new("/proc/self/status").exists() {
        return;
    }
    let sandbox = Sandbox::new();
    let bert = encoder("bert");
    for (shell, name) in [
        ("exec nohup \"$@\"", "-HUP"),
        ("trap '' INT; exec \"$@\"", "-INT"),
        ("trap '' QUIT; exec \"$@\"", "-QUIT"),
    ] {
        let mut child = start(&sandbox, shell, &embed_forever(&bert), "loading the encoder: ");
        signal(&child, name);
        std::thread::sleep(Duration::from_millis(300));
        assert_eq!(child.try_wait().unwrap(), None, "{shell}: {name}");
        signal(&child, "-TERM");
        assert_eq!(child.wait().unwrap().code(), Some(143), "{shell}");
    }
}

#[test]
fn a_file_that_may_not_grow_is_one_line_and_leaves_nothing() {
    let sandbox = Sandbox::with_reviews();
    let bert = encoder("bert");
    let before = sandbox.entries();
    let args = ["embed", "-q", "--encoder", &bert, "--input", "reviews.tsv", "--output", "x.npy"];
    let output = by_shell(&sandbox, "ulimit -f 1; exec \"$@\"", &args).output().unwrap();
    let line = Outcome::of(&output).error_line("ulimit");
    assert!(line.starts_with("x.npy: ") && line.to_lowercase().contains("large"), "{line}");
    assert_eq!(sandbox.entries(), before);
}

/// Features that were computed before the interrupt are available to the next run.
#[test]
fn an_interrupt_keeps_the_features_that_were_computed() {
    let sandbox = Sandbox::new();
    let text = "film number wonderful quiet bore ".repeat(60);
    sandbox.write("long.tsv", (0..15_000).map(|i| format!("{i} {text}\t{}\n", i % 2)).collect::<String>());
    let bert = encoder("bert");
    let train = [
        "train",
        "--encoder",
        &bert,
        "--data",
        "long.tsv",
        "--output",
        "model",
        "-v",
        "--features",
        "article",
    ];
    let cache = sandbox.cache().join("own/features");
    let n_files = || {
        let folders = std::fs::read_dir(&cache).into_iter().flatten().flatten();
        folders.flat_map(|folder| std::fs::read_dir(folder.path()).unwrap()).count()
    };
    // The interrupt comes as soon as the first part of the sentences is stored, however slow the machine is.
    let args = [&train[..], &["--threads", "1"]].concat();
    let mut child = start(&sandbox, "exec \"$@\"", &args, "tokenizing: ");
    while n_files() == 0 {
        assert_eq!(child.try_wait().unwrap(), None, "the run ended before a part was stored");
        std::thread::sleep(Duration::from_millis(20));
    }
    signal(&child, "-INT");
    assert_eq!(child.wait().unwrap().code(), Some(130), "the run is too short for this test");
    assert_eq!(n_files(), 1, "what replaces an earlier segment of the run removes it");
    let again = sandbox.run(&[&train[..], &["--limit", "1000"]].concat());
    assert_eq!(again.code, Some(0), "{}", again.stderr);
    let note = again.stderr.lines().find_map(|line| line.split("the features of ").nth(1)).unwrap();
    let n: usize = note.split(' ').next().unwrap().parse().unwrap();
    assert!(n >= 64 && note.contains("are known from an earlier run"), "{note}");
}

#[test]
fn what_cannot_be_replaced_is_refused_before_the_encoder_is_looked_for() {
    let sandbox = Sandbox::with_model();
    symlink("model", sandbox.path("link")).unwrap();
    sandbox.write("model/mine.json", "{}");
    std::fs::create_dir(sandbox.path("empty")).unwrap();
    let train = |more: &[&str]| {
        sandbox
            .fail(&[&["train", "--encoder", "no-such-encoder", "--data", "reviews.tsv"][..], more].concat())
    };
    let busy = "expected a folder that can be replaced, got the working directory or one above it";
    assert_eq!(
        train(&["--output", "."]),
        ".: expected an empty folder or a model, got a folder with other files"
    );
    let output = sandbox
        .command(&["train", "--encoder", "no-such-encoder", "--data", "../reviews.tsv", "--output", "."])
        .current_dir(sandbox.path("empty"))
        .output()
        .unwrap();
    assert_eq!(Outcome::of(&output).error_line("."), format!(".: {busy}"));
    if std::path::Path::new("/dev/shm").is_dir() {
        let line = train(&["--output", "m", "--json", "/dev/shm"]);
        assert_eq!(line, "/dev/shm: expected a file, got a folder");
    }
    let inside = |path: &str| format!("{path}: lies in the model's folder: choose another --json");
    for path in ["model/r.json", "link/r.json", "model/../model/r.json", "model/mine.json"] {
        assert_eq!(train(&["--output", "model", "--json", path]), inside(path));
        assert_eq!(train(&["--output", "link", "--json", path]), inside(path));
    }
    for own in ["model/clsify.json", "link/classifier.safetensors"] {
        let line = sandbox.fail(&["evaluate", "model", "--data", "reviews.tsv", "--json", own]);
        assert_eq!(line, format!("{own}: expected a file to write, got a part of a model or encoder"));
    }
    sandbox.copy_encoder("bert", "tiny");
    for own in ["tiny/model.safetensors", "tiny/tokenizer.json"] {
        let line = sandbox.fail(&["embed", "--encoder", "tiny", "--input", "reviews.tsv", "--output", own]);
        assert_eq!(line, format!("{own}: expected a file to write, got a part of a model or encoder"));
    }
    for option in ["--chart", "--cache-dir"] {
        let line = train(&["--output", "model", option, "link/x"]);
        assert_eq!(line, format!("link/x: lies in the model's folder: choose another {option}"));
    }
}

#[test]
fn a_report_beside_the_model_by_way_of_its_folder_is_written() {
    let sandbox = Sandbox::with_model();
    let bert = encoder("bert");
    sandbox.succeed(&[
        "train",
        "-q",
        "--encoder",
        &bert,
        "--data",
        "reviews.tsv",
        "--output",
        "model",
        "--json",
        "model/../r.json",
    ]);
    assert!(sandbox.path("r.json").exists());
}

#[test]
fn what_a_models_folder_holds_beside_the_model_outlives_the_next_one() {
    let sandbox = Sandbox::with_model();
    let bert = encoder("bert");
    sandbox.succeed(&["evaluate", "-q", "model", "--data", "reviews.tsv", "--json", "model/eval.json"]);
    sandbox.write("model/README.md", "ours");
    symlink("model", sandbox.path("link")).unwrap();
    std::fs::set_permissions(sandbox.path("model"), std::fs::Permissions::from_mode(0o700)).unwrap();
    let eval = std::fs::read(sandbox.path("model/eval.json")).unwrap();
    let before = std::fs::read(sandbox.path("model/clsify.json")).unwrap();
    sandbox.succeed(&[
        "train",
        "-q",
        "--encoder",
        &bert,
        "--data",
        "reviews.tsv",
        "--output",
        "link",
        "--c",
        "0.5",
    ]);
    assert!(std::fs::symlink_metadata(sandbox.path("link")).unwrap().is_symlink());
    assert_eq!(std::fs::read(sandbox.path("model/eval.json")).unwrap(), eval);
    assert_eq!(std::fs::read_to_string(sandbox.path("model/README.md")).unwrap(), "ours");
    assert_ne!(std::fs::read(sandbox.path("model/clsify.json")).unwrap(), before);
    assert_eq!(std::fs::metadata(sandbox.path("model")).unwrap().permissions().mode() & 0o777, 0o700);
}
