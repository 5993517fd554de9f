//! Closed pipes, full disks, Ctrl-C and kills.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

mod common;

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use common::{Outcome, Sandbox, encoder};

#[test]
fn a_reader_that_leaves_is_no_error() {
    let sandbox = Sandbox::with_model();
    let lines: String = (0..20_000).map(|i| format!("film number {i}\n")).collect();
    sandbox.write("many.txt", &lines);
    let bert = encoder("bert");
    let embed =
        ["embed", "-q", "--encoder", &bert, "--input", "many.txt", "--limit", "4000", "--output", "-"];
    for args in [&["predict", "model"][..], &["predict", "model", "-p", "--output-format", "tsv"], &embed] {
        let mut child = sandbox.command(args).stdin(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = lines.clone();
        let writer = std::thread::spawn(move || drop(stdin.write_all(input.as_bytes())));
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        stdout.read_until(b'\n', &mut Vec::new()).unwrap();
        drop(stdout);
        let outcome = Outcome::of(&child.wait_with_output().unwrap());
        writer.join().unwrap();
        assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""), "{args:?}");
    }
}

#[test]
fn answers_come_before_the_questions_end() {
    let sandbox = Sandbox::with_model();
    let mut child = sandbox.command(&["predict", "model"]).stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    for question in ["one", "two"] {
        writeln!(stdin, "{question}").unwrap();
        let mut answer = String::new();
        stdout.read_line(&mut answer).unwrap();
        assert!(answer.ends_with(&format!("\t{question}\n")), "{answer}");
    }
    drop(stdin);
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_full_disk_is_one_line_and_leaves_no_model() {
    if !std::fs::exists("/dev/full").unwrap() {
        return;
    }
    let sandbox = Sandbox::with_model();
    let bert = encoder("bert");
    for args in [
        &["embed", "--encoder", &bert, "--input", "reviews.tsv", "--output", "/dev/full"][..],
        &["train", "--encoder", &bert, "--data", "reviews.tsv", "--output", "new", "--json", "/dev/full"],
        &["evaluate", "model", "--data", "reviews.tsv", "--json", "/dev/full"],
    ] {
        assert_eq!(sandbox.fail(args), "/dev/full: no space left on the disk", "{args:?}");
    }
    for args in [&["predict", "model", "film"][..], &["tokenize", "--encoder", &bert, "film"], &["list"]] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = sandbox.command(args).stdout(full).output().unwrap();
        assert_eq!(
            Outcome::of(&output).error_line(&format!("{args:?}")),
            "stdout: no space left on the disk"
        );
    }
}

/// Lost output is an error; output to a file, or sent to /dev/null on purpose, is not.
#[test]
fn a_closed_stdout_is_an_error_of_whatever_prints() {
    let sandbox = Sandbox::with_model();
    let bert = encoder("bert");
    let run = |redirection: &str, args: &[&str]| {
        let mut command = sandbox.command::<&str>(&[]);
        let program = command.get_program().to_owned();
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("exec \"$0\" \"$@\" {redirection}")]).arg(program).args(args);
        shell
            .current_dir(sandbox.path(""))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        shell.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.arg("--version");
        Outcome::of(&shell.output().unwrap())
    };
    let commands: [&[&str]; 9] = [
        &["predict", "model", "film"],
        &["tokenize", "--encoder", &bert, "film"],
        &["list"],
        &["list", "--json"],
        &["evaluate", "model", "--data", "reviews.tsv"],
        &["evaluate", "model", "--data", "reviews.tsv", "--json", "-"],
        &["compare", "model", "model", "--data", "reviews.tsv"],
        &["embed", "--encoder", &bert, "--input", "reviews.tsv", "--output", "-"],
        &["completions", "bash"],
    ];
    for args in commands {
        for redirection in [">&-", "<&- >&-"] {
            let outcome = run(redirection, args);
            let expected = "stdout: expected an open stream, got a closed one";
            assert_eq!(outcome.error_line(&format!("{args:?} {redirection}")), expected);
        }
        for redirection in ["> /dev/null", "1<> /dev/null", "<&-", "2>&-"] {
            assert_eq!(run(redirection, args).code, Some(0), "{args:?} {redirection}");
        }
    }
    let to_file = ["predict", "model", "film", "--output", "answers.txt"];
    assert_eq!(run(">&-", &to_file).code, Some(0));
    assert!(std::fs::read_to_string(sandbox.path("answers.txt")).unwrap().ends_with("\tfilm\n"));
    // Detected before the work: no model is trained if its report cannot be written.
    let train =
        ["train", "--encoder", &bert, "--data", "reviews.tsv", "--output", "m", "--features", "article"];
    assert_eq!((run(">&-", &train).code, sandbox.path("m").exists()), (Some(1), false));
    for help in [&["--help"][..], &["--version"], &["train", "--help"], &["help", "train"]] {
        for lost in [">&-", "> /dev/full"] {
            let outcome = run(lost, help);
            assert!(outcome.code == Some(1) && outcome.stderr.contains("stdout"), "{help:?} {lost}");
        }
        assert!(run("", help).stdout.contains("clsify"));
    }
    // A closed stdin would look like an empty one.
    let train = ["train", "--data", "-", "--format", "tsv", "--output", "m", "--encoder", &bert];
    for args in [&["predict", "model"][..], &["predict", "model", "--input", "-", "--format", "csv"], &train]
    {
        let outcome = run("<&-", args);
        assert!(
            outcome.code == Some(1) && outcome.stderr.contains("stdin: expected an open stream"),
            "{args:?}"
        );
    }
    assert_eq!(run("< /dev/null", &["predict", "model"]).code, Some(0));
}

/// Sends a signal, as `kill` does.
fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").args([name, &child.id().to_string()]).status().unwrap().success());
}

/// Starts a run that encodes for a long time, and waits until it does.
fn start_long_run(sandbox: &Sandbox, args: &[&str]) -> Child {
    let mut child = sandbox.command(&[args, &["-v", "--threads", "1"]].concat()).spawn().unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    // Streaming commands start to work when the encoder is loaded.
    let last = if args[0] == "embed" { "loading the encoder: " } else { "tokenizing: " };
    while !line.starts_with(last) {
        line.clear();
        assert_ne!(stderr.read_line(&mut line).unwrap(), 0, "{args:?} ended");
    }
    child.stderr = Some(stderr.into_inner());
    child
}

#[test]
fn an_interrupt_leaves_nothing_and_a_kill_no_lasting_harm() {
    let sandbox = Sandbox::with_model();
    let text = "film number wonderful quiet bore ".repeat(60);
    sandbox.write("long.tsv", (0..6000).map(|i| format!("{text} {i}\t{}\n", i % 2)).collect::<String>());
    let bert = encoder("bert");
    let train = ["train", "--encoder", &bert, "--data", "long.tsv", "--output", "model", "--bundle-encoder"];
    let embed = ["embed", "--encoder", &bert, "--input", "long.tsv", "--output", "x.npy"];
    let before = sandbox.entries();
    for (args, name, code) in
        [(&train[..], "-INT", Some(130)), (&embed[..], "-INT", Some(130)), (&train[..], "-KILL", None)]
    {
        let mut child = start_long_run(&sandbox, args);
        signal(&child, name);
        let sent = Instant::now();
        assert_eq!(child.wait().unwrap().code(), code, "{args:?}");
        assert!(sent.elapsed() < Duration::from_secs(5));
        let mut output = String::new();
        child.stdout.take().unwrap().read_to_string(&mut output).unwrap();
        child.stderr.take().unwrap().read_to_string(&mut output).unwrap();
        // With a feature cache, the weights are loaded at the first sentence that is not cached.
        assert!(output.lines().all(|line| line.starts_with("loading the encoder: ")), "{args:?}: {output}");
        assert_eq!(sandbox.entries(), before, "{args:?}");
    }
    // The earlier model still answers, and the same command succeeds again.
    sandbox.succeed(&["predict", "-q", "model", "film"]);
    sandbox.succeed(&[&train[..], &["-q", "--limit", "40", "--max-length", "16"]].concat());
}

/// A link may lead to a file that does not exist yet; `-` is not the name of a folder; write-protected files stay.
#[test]
fn outputs_that_would_cost_a_file_are_refused() {
    let sandbox = Sandbox::with_model();
    std::os::unix::fs::symlink("errors.csv", sandbox.path("link")).unwrap();
    let evaluate = ["evaluate", "model", "--data", "reviews.tsv", "--errors", "errors.csv", "--json", "link"];
    assert!(sandbox.fail(&evaluate).contains("expected different files to write, got one twice"));
    let train = ["train", "--encoder", &encoder("bert"), "--data", "reviews.tsv", "--output"];
    assert!(sandbox.fail(&[&train[..], &["-"]].concat()).contains("expected the name of a folder"));
    assert!(
        sandbox
            .fail(&["tutorial", "--data", "reviews.tsv", "--output", "-"])
            .contains("the name of a folder")
    );
    assert!(!sandbox.path("-").exists());
}
