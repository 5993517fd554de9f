//! `predict`: three formats, arguments and stdin, order, and what stdin may not hold.

mod common;

use common::{Sandbox, json_lines, keys};

#[test]
fn three_formats_with_and_without_probabilities() {
    let sandbox = Sandbox::with_model();
    let predict = |more: &[&str]| {
        let mut args = vec!["predict", "-q", "model", "film 1 was a quiet bore", "a\ttab and\na line"];
        args.extend(more);
        sandbox.succeed(&args)
    };
    let text = predict(&[]);
    let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split('\t').collect()).collect();
    assert_eq!(
        lines.iter().map(|cells| cells[1]).collect::<Vec<_>>(),
        ["film 1 was a quiet bore", "a tab and a line"]
    );
    let labels: Vec<&str> = lines.iter().map(|cells| cells[0]).collect();
    assert!(labels.iter().all(|label| ["good", "bad"].contains(label)));

    let text = predict(&["-p"]);
    let cells: Vec<&str> = text.lines().next().unwrap().split('\t').collect();
    assert_eq!((cells.len(), cells[0]), (3, labels[0]));
    assert!(cells[1].starts_with("bad 0.") && cells[1].contains(", good 0."), "{text}");

    let tsv = predict(&["--output-format", "tsv"]);
    assert_eq!(tsv.lines().next(), Some("label\tsentence"));
    assert_eq!(tsv.lines().nth(2), Some(&*format!("{}\ta tab and a line", labels[1])));
    let tsv = predict(&["--output-format", "tsv", "--probabilities"]);
    assert_eq!(tsv.lines().next(), Some("label\tp_bad\tp_good\tsentence"));
    let cells: Vec<&str> = tsv.lines().nth(1).unwrap().split('\t').collect();
    let sum = cells[1].parse::<f64>().unwrap() + cells[2].parse::<f64>().unwrap();
    assert!((sum - 1.0).abs() < 2e-6, "{tsv}");

    let lines = json_lines(&predict(&["--output-format", "json"]));
    assert_eq!(keys(&lines[1]), ["label", "text"]);
    assert_eq!((&lines[1]["text"], &lines[1]["label"]), (&"a\ttab and\na line".into(), &labels[1].into()));
    let lines = json_lines(&predict(&["--output-format", "json", "-p"]));
    assert_eq!(keys(&lines[0]), ["label", "probabilities", "text"]);
    let probabilities = &lines[0]["probabilities"];
    let sum: f64 = ["bad", "good"].iter().map(|label| probabilities[label].as_f64().unwrap()).sum();
    assert!((sum - 1.0).abs() < 1e-12);
    let best = if probabilities["bad"].as_f64() > Some(0.5) { "bad" } else { "good" };
    assert_eq!(lines[0]["label"], best);
}

#[test]
fn stdin_gives_what_arguments_give() {
    let sandbox = Sandbox::with_model();
    let expected = sandbox.succeed(&["predict", "-q", "model", "-p", "--", "déjà vu", " ", "-x 映画"]);
    for input in [
        "déjà vu\n \n-x 映画\n",
        "déjà vu\r\n \r\n-x 映画\r\n",
        "\u{feff}déjà vu\n \n-x 映画",
        "\u{feff}déjà vu\r\n \r\n-x 映画",
        "\u{feff}déjà vu\r \r-x 映画\r",
        "déjà vu\r \n-x 映画\r\n",
    ] {
        let outcome = sandbox.run_with_input(&["predict", "model", "-p"], input.as_bytes());
        assert_eq!((outcome.stdout.as_str(), outcome.stderr.as_str()), (expected.as_str(), ""), "{input:?}");
    }
}

#[test]
fn thousands_of_lines_keep_their_order() {
    let sandbox = Sandbox::with_model();
    let input: Vec<String> = (0..2000).map(|i| format!("film number {i}")).collect();
    let outcome = sandbox.run_with_input(&["predict", "model", "-q"], input.join("\n").as_bytes());
    let answers: Vec<&str> = outcome.stdout.lines().map(|line| line.split_once('\t').unwrap().1).collect();
    assert_eq!(answers, input);
    // What is answered in groups is what is answered alone.
    for i in [0, 1023, 1024, 1999] {
        let alone = sandbox.succeed(&["predict", "-q", "model", &input[i]]);
        assert_eq!(outcome.stdout.lines().nth(i), Some(alone.trim_end()));
    }
    assert_eq!(outcome.stderr, "");
}

#[test]
fn no_input_is_no_error() {
    let sandbox = Sandbox::with_model();
    assert_eq!(sandbox.succeed(&["predict", "model"]), "");
    assert_eq!(sandbox.succeed(&["predict", "model", "--output-format", "tsv"]), "label\tsentence\n");
}

#[test]
fn bad_lines_are_named() {
    let sandbox = Sandbox::with_model();
    for (input, expected) in [
        (&b"one\n\ntwo\n"[..], "stdin: line 2: the sentence is empty"),
        (b"one\n\n", "stdin: line 2: the sentence is empty"),
        (b"\n", "stdin: line 1: the sentence is empty"),
        (b"one\ntwo \xff\n", "stdin: line 2: expected UTF-8, got the byte 0xff at byte 5"),
        (b"\xff\xfeo\0n\0e\0", "stdin: line 1: expected UTF-8, got UTF-16"),
    ] {
        for format in ["text", "json", "tsv"] {
            let outcome = sandbox.run_with_input(&["predict", "model", "--output-format", format], input);
            assert_eq!(outcome.error_line(&format!("{input:?}")), expected);
        }
    }
    let long = vec![b'a'; (1 << 24) + 1];
    let outcome = sandbox.run_with_input(&["predict", "model"], &long);
    let expected = "stdin: line 1: expected a line of at most 16777216 bytes, got a longer one";
    assert_eq!(outcome.error_line("long"), expected);
    assert_eq!(sandbox.fail(&["predict", "model", "film", ""]), "text 2: the sentence is empty");
}

/// The same hint as for a file, in every command that reads.
#[test]
fn utf_16_is_told_how_to_convert() {
    let sandbox = Sandbox::with_model();
    let bert = common::encoder("bert");
    let with_mark = b"\xff\xfeo\0n\0e\0\n\0".as_slice();
    let without = b"o\0n\0e\0\n\0".as_slice();
    let embed = ["embed", "--encoder", &bert, "--input", "-", "--format", "tsv", "--output", "x.npy"];
    let train = ["train", "--encoder", &bert, "--data", "-", "--format", "csv", "--output", "new"];
    let from_file = ["predict", "model", "--input", "wide.txt"];
    for (input, encoding) in [(with_mark, "UTF-16"), (without, "UTF-16LE")] {
        sandbox.write("wide.txt", input);
        for args in [&["predict", "model"][..], &embed, &train, &from_file] {
            let stderr = sandbox.run_with_input(args, input).stderr;
            let expected = format!(
                "line 1: expected UTF-8, got {encoding}\nhint: convert it: iconv -f {encoding} -t UTF-8\n"
            );
            assert!(stderr.ends_with(&expected), "{args:?}: {stderr}");
        }
    }
}

#[cfg(unix)]
#[test]
fn stdin_that_cannot_be_read_is_named() {
    let sandbox = Sandbox::with_model();
    let folder = std::fs::File::open(sandbox.path("model")).unwrap();
    let output = sandbox.command(&["predict", "model"]).stdin(folder).output().unwrap();
    assert_eq!(common::Outcome::of(&output).error_line("a folder"), "stdin: expected a file, got a folder");
}

#[test]
fn truncation_is_said_unless_quiet() {
    let sandbox = Sandbox::with_model();
    let long = "film ".repeat(600);
    let outcome = sandbox.run(&["predict", "model", &long]);
    assert_eq!(outcome.stderr, "note: 1 of 1 sentences had more than 512 tokens and lost their end\n");
    assert_eq!(sandbox.run(&["predict", "-q", "model", &long]).stderr, "");
}
