//! `predict`: formats, arguments and stdin, order, sentences without an answer, records copied to the output.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

mod common;

use common::{Sandbox, json_lines, keys};
use serde_json::json;

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
    let expected = sandbox.succeed(&["predict", "-q", "model", "-p", "--", "déjà vu", "a film", "-x 映画"]);
    for input in [
        "déjà vu\na film\n-x 映画\n",
        "déjà vu\r\na film\r\n-x 映画\r\n",
        "\u{feff}déjà vu\na film\n-x 映画",
        "\u{feff}déjà vu\r\na film\r\n-x 映画",
        "\u{feff}déjà vu\ra film\r-x 映画\r",
        "déjà vu\ra film\n-x 映画\r\n",
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
    // Sentences in groups have the same answers as single sentences.
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

/// The sentences before a bad line are answered; the error names the line.
#[test]
fn bad_lines_are_named_and_cost_no_answer() {
    let sandbox = Sandbox::with_model();
    let long = [b"one\n", vec![b'a'; (1 << 24) + 1].as_slice(), b"\ntwo\n"].concat();
    for (input, n_before, expected) in [
        (&b"one\n\ntwo\n"[..], 1, "stdin: line 2: expected a sentence, got an empty one"),
        (b"one\n\n", 1, "stdin: line 2: expected a sentence, got an empty one"),
        (b"\n", 0, "stdin: line 1: expected a sentence, got an empty one"),
        (b"one\n \t \ntwo\n", 1, "stdin: line 2: expected a sentence, got only whitespace"),
        (b"one\n2\ntwo \xff\n", 2, "stdin: line 3: expected UTF-8, got the byte 0xff at byte 5"),
        (b"\xff\xfeo\0n\0e\0", 0, "stdin: line 1: expected UTF-8, got UTF-16"),
        (&long, 1, "stdin: line 2: expected a line of at most 16777216 bytes, got a longer one"),
    ] {
        for format in ["text", "json", "tsv", "csv", "jsonl"] {
            let outcome = sandbox.run_with_input(&["predict", "model", "--output-format", format], input);
            let is_tabular = format == "tsv" || format == "csv";
            let n_lines = n_before + usize::from(is_tabular && n_before > 0);
            assert_eq!((outcome.code, outcome.stdout.lines().count()), (Some(1), n_lines), "{format}");
            assert_eq!(outcome.stderr.lines().next(), Some(&*format!("error: {expected}")), "{format}");
        }
    }
    assert_eq!(sandbox.fail(&["predict", "model", "film", ""]), "text 2: the sentence is empty");
}

#[test]
fn with_null_every_line_has_its_answer() {
    let sandbox = Sandbox::with_model();
    let long = vec![b'a'; (1 << 24) + 1];
    let lines = [&b"film\n\nbore\n \nbad \xff byte\n"[..], &long, b"\n\nwonderful\n\n"].concat();
    let expected = [true, false, true, false, false, false, false, true, false];
    sandbox.write("lines.txt", &lines);
    let null = ["predict", "model", "--on-error", "null"];
    let outcome = sandbox.run_with_input(&null, &lines);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    let answered: Vec<bool> = outcome.stdout.lines().map(|line| !line.starts_with('\t')).collect();
    assert_eq!(answered, expected);
    assert!(outcome.stderr.contains("no answer: stdin: line 2: expected a sentence"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("6 of 9 sentences have no answer"), "{}", outcome.stderr);
    assert_eq!(sandbox.succeed(&[&null[..], &["-q", "--input", "lines.txt"]].concat()), outcome.stdout);
    for (format, more) in [("text", "-p"), ("tsv", "-p"), ("csv", "-p"), ("json", "-p"), ("jsonl", "-p")] {
        let args = [&null[..], &["-q", "--output-format", format, more]].concat();
        let outcome = sandbox.run_with_input(&args, &lines);
        assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""), "{format}");
        let is_tabular = format == "tsv" || format == "csv";
        let rows: Vec<&str> = outcome.stdout.lines().skip(usize::from(is_tabular)).collect();
        assert_eq!(rows.len(), expected.len(), "{format}");
        for (row, is_answered) in rows.iter().zip(expected) {
            let label = match format {
                "text" | "tsv" => row.split('\t').next().unwrap().to_string(),
                "csv" => row.split(',').nth(1).unwrap().to_string(),
                _ => {
                    let object = &json_lines(row)[0];
                    assert_eq!(object["probabilities"].is_object(), is_answered, "{row}");
                    assert_eq!(object.get("error").is_some(), !is_answered, "{row}");
                    object["label"].as_str().unwrap_or_default().to_string()
                }
            };
            assert_eq!(["good", "bad"].contains(&label.as_str()), is_answered, "{format}: {row}");
        }
    }
    // Texts of the command line, and files whose records are not lines.
    let texts = sandbox.succeed(&[&null[..], &["-q", "--", "film", "", " ", "bore"]].concat());
    assert_eq!(
        texts.lines().map(|line| line.starts_with('\t')).collect::<Vec<_>>(),
        [false, true, true, false]
    );
    sandbox
        .write("a.csv", "id,text,label\n1,film,good\n2,,bad\n\n3,\"two\nlines\",bad\n4,a,b,c\n5,bore,bad\n");
    sandbox.write("a.tsv", "id\ttext\n1\tfilm\n2\t\n3\n4\tbore\n");
    sandbox.write(
        "a.jsonl",
        "{oops\n{\"text\": \"film\"}\n{\"id\": 1}\n{\"text\": \"\"}\n{\"text\": \"bore\"}\n",
    );
    for (input, expected) in [
        ("a.csv", &[true, false, true, false, true][..]),
        ("a.tsv", &[true, false, false, true]),
        ("a.jsonl", &[false, true, false, false, true]),
    ] {
        let outcome = sandbox.run(&[&null[..], &["--input", input]].concat());
        let answered: Vec<bool> = outcome.stdout.lines().map(|line| !line.starts_with('\t')).collect();
        assert_eq!(answered, expected, "{input}: {}", outcome.stderr);
        // Without it, the records before the first bad one are answered.
        let outcome = sandbox.run(&["predict", "model", "--input", input]);
        let n_before = expected.iter().take_while(|is_answered| **is_answered).count();
        assert_eq!((outcome.code, outcome.stdout.lines().count()), (Some(1), n_before), "{input}");
        assert!(outcome.stderr.starts_with(&format!("error: {input}: line ")), "{}", outcome.stderr);
    }
    // A quote that is never closed may include any number of records.
    sandbox.write("open.csv", "id,text\n1,film\n2,\"bore\n3,film\n");
    let outcome = sandbox.run(&[&null[..], &["--input", "open.csv"]].concat());
    assert_eq!((outcome.code, outcome.stdout.lines().count()), (Some(1), 1));
}

/// Twenty thousand rows, one of which has an empty cell: those before it are answered; with null, all others.
#[test]
fn an_empty_cell_among_many_costs_itself() {
    let sandbox = Sandbox::with_model();
    let row = |i: usize| if i == 9000 { "9000,\n".to_string() } else { format!("{i},film number {i}\n") };
    sandbox.write("many.csv", format!("id,text\n{}", (0..10_000).map(row).collect::<String>()));
    let outcome = sandbox.run(&["predict", "model", "--input", "many.csv"]);
    assert_eq!((outcome.code, outcome.stdout.lines().count()), (Some(1), 9000));
    assert!(
        outcome.stderr.starts_with("error: many.csv: line 9002: expected a sentence"),
        "{}",
        outcome.stderr
    );
    let null =
        ["predict", "-q", "model", "--input", "many.csv", "--on-error", "null", "--output-format", "csv"];
    let answers = sandbox.succeed(&null);
    let ids: Vec<&str> = answers.lines().skip(1).map(|line| line.split(',').next().unwrap()).collect();
    assert_eq!(ids, (0..10_000).map(|i| i.to_string()).collect::<Vec<_>>());
    assert_eq!(answers.lines().nth(9001), Some("9000,,"));
}

#[test]
fn a_damaged_encoder_gives_no_answer() {
    let sandbox = Sandbox::with_reviews();
    sandbox.copy_encoder("bert", "enc");
    let path = sandbox.path("enc/model.safetensors");
    let bytes = std::fs::read(&path).unwrap();
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let header: serde_json::Value = serde_json::from_slice(&bytes[8..8 + length]).unwrap();
    let tokens = json_lines(&sandbox.succeed(&["tokenize", "-q", "--encoder", "enc", "terrible"]));
    let id = tokens[0]["input_ids"][1].as_u64().unwrap() as usize;
    let words = &header["embeddings.word_embeddings.weight"];
    let width = words["shape"][1].as_u64().unwrap() as usize;
    let at = 8 + length + words["data_offsets"][0].as_u64().unwrap() as usize + id * width * 4;
    let mut spoilt = bytes;
    spoilt[at..at + 4].copy_from_slice(&f32::NAN.to_le_bytes());
    std::fs::write(&path, spoilt).unwrap();

    let train = ["train", "-q", "--encoder", "enc", "--data", "reviews.tsv", "--output", "model"];
    sandbox.succeed(&train);
    sandbox.write("bad.tsv", format!("text\tlabel\n{}terrible\tbad\n", common::reviews()));
    sandbox.write("bad.txt", "a film\nterrible\nbore\n");
    let got = "expected a vector of finite numbers from the encoder, got NaN";
    let line = format!("line 26: {got}");
    for dtype in ["f32", "bf16", "int8"] {
        let outcome = sandbox.run(&["predict", "-q", "model", "--dtype", dtype, "--input", "bad.txt"]);
        assert_eq!((outcome.code, outcome.stdout.lines().count()), (Some(1), 1), "{}", outcome.stderr);
        assert!(outcome.stderr.starts_with(&format!("error: bad.txt: line 2: {got}")), "{}", outcome.stderr);
        let null = ["predict", "-q", "model", "--dtype", dtype, "--input", "bad.txt", "--on-error", "null"];
        let answers = sandbox.succeed(&[&null[..], &["--output-format", "json"]].concat());
        let labels: Vec<bool> = json_lines(&answers).iter().map(|answer| answer["label"].is_null()).collect();
        assert_eq!(labels, [false, true, false]);
        assert!(!answers.contains(":NaN"), "{answers}");
    }
    assert_eq!(sandbox.fail(&["predict", "-q", "model", "terrible"]), format!("text 1: {got}"));
    let data = ["-q", "--data", "bad.tsv"];
    let of_encoder = ["-q", "--encoder", "enc", "--data", "bad.tsv"];
    let with = |start: &[&'static str], rest: &[&'static str]| [start, rest].concat();
    for args in [
        with(&["evaluate", "model"], &data),
        with(&["evaluate", "model"], &data), // from the cache
        with(&["compare", "model", "model"], &data),
        with(&["train", "--output", "new"], &of_encoder),
        with(&["train", "--output", "new", "--features", "auto"], &of_encoder),
        with(&["advise"], &of_encoder),
        with(&["curve"], &of_encoder),
        with(&["doctor", "bad.tsv"], &["-q", "--encoder", "enc"]),
        with(&["tutorial", "--output", "new"], &of_encoder),
    ] {
        let outcome = sandbox.run(&args);
        let error = outcome.stderr.lines().find_map(|line| line.strip_prefix("error: "));
        assert_eq!((outcome.code, error), (Some(1), Some(line.as_str())), "{args:?}: {}", outcome.stderr);
    }
    let embed = ["embed", "-q", "--encoder", "enc", "--input", "bad.tsv", "--output", "x.npy"];
    assert_eq!(sandbox.fail(&embed), format!("bad.tsv: {line}"));
}

#[test]
fn labels_stay_in_their_line_and_column() {
    let sandbox = Sandbox::new();
    let (tab, end) = ("a\tb\\", "c\nd\r\u{1b}[31me");
    let rows: String = (0..12)
        .map(|i| {
            let row = |text: &str, label: &str| format!("{}\n", json!({"text": text, "label": label}));
            row(&format!("the film number {i} is wonderful"), tab)
                + &row(&format!("film {i} was a bore"), end)
        })
        .collect();
    sandbox.write("odd.jsonl", &rows);
    let bert = common::encoder("bert");
    let table = sandbox.run(&["train", "--encoder", &bert, "--data", "odd.jsonl", "--output", "model"]);
    assert_eq!(table.code, Some(0), "{}", table.stderr);
    let escaped = ["a\\tb\\\\", "c\\nd\\r\\u001b[31me"];
    for more in [&[][..], &["-p"]] {
        for format in ["text", "tsv"] {
            let args =
                [&["predict", "-q", "model", "--output-format", format, "film", "wonderful"], more].concat();
            let text = sandbox.succeed(&args);
            let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split('\t').collect()).collect();
            assert_eq!(lines.len(), 2 + usize::from(format == "tsv"), "{text:?}");
            assert!(lines.iter().all(|cells| cells.len() == lines[0].len()), "{text:?}");
            assert!(lines.iter().skip(usize::from(format == "tsv")).all(|cells| escaped.contains(&cells[0])));
            assert!(!text.contains(['\u{1b}', '\r']), "{text:?}");
            assert!(more.is_empty() || escaped.iter().all(|label| text.contains(label)), "{text:?}");
        }
    }
    // Other formats have the label itself.
    let labels = [tab, end];
    let json = json_lines(&sandbox.succeed(&["predict", "-q", "model", "--output-format", "json", "film"]));
    assert!(labels.contains(&json[0]["label"].as_str().unwrap()));
    let mut tables = vec![table.stdout, table.stderr];
    let commands: [&[&str]; 4] = [
        &["evaluate", "model", "--data", "odd.jsonl"],
        &["compare", "model", "model", "--data", "odd.jsonl"],
        &["doctor", "--encoder", &bert, "odd.jsonl"],
        &["curve", "--encoder", &bert, "--data", "odd.jsonl"],
    ];
    for args in commands {
        let outcome = sandbox.run(args);
        assert_eq!(outcome.code, Some(0), "{args:?}: {}", outcome.stderr);
        tables.extend([outcome.stdout, outcome.stderr]);
    }
    assert!(!tables.iter().any(|text| text.contains(['\u{1b}', '\r', '\t'])), "{tables:?}");
}

#[test]
fn a_text_that_is_the_name_of_a_file_is_noticed() {
    let sandbox = Sandbox::with_model();
    let outcome = sandbox.run(&["predict", "model", "food", "reviews.tsv"]);
    assert_eq!((outcome.code, outcome.stdout.lines().count()), (Some(0), 2));
    let expected =
        "note: the text \"reviews.tsv\" is the name of a file: add --input to classify its lines\n";
    assert_eq!(outcome.stderr, expected);
    let bert = common::encoder("bert");
    let outcome = sandbox.run(&["tokenize", "--encoder", &bert, "reviews.tsv"]);
    assert!(outcome.stderr.contains("\"reviews.tsv\" is the name of a file"), "{}", outcome.stderr);
    assert_eq!(sandbox.run(&["predict", "-q", "model", "reviews.tsv"]).stderr, "");
}

#[test]
fn csv_and_jsonl_carry_the_records_of_the_input() {
    let sandbox = Sandbox::with_model();
    let csv = "id,text,label,note\n1,\"film, \"\"1\"\" is\nwonderful\",gold,\" x\"\n2,bore,,\n";
    sandbox.write("in.csv", csv);
    let predict = |args: &[&str]| sandbox.succeed(&[&["predict", "-q", "model"], args].concat());
    assert_eq!(predict(&["--input", "in.csv", "-p", "--output", "out.csv"]), "");
    let out = std::fs::read_to_string(sandbox.path("out.csv")).unwrap();
    let (header, rest) = out.split_once('\n').unwrap();
    assert_eq!(header, "id,text,label,note,predicted_label,p_bad,p_good");
    // As Python's csv module reads it: a quoted field may contain a comma, a quote and a line break.
    assert!(rest.starts_with("1,\"film, \"\"1\"\" is\nwonderful\",gold,\" x\","), "{out}");
    assert!(rest.lines().nth(2).unwrap().starts_with("2,bore,,,"), "{out}");
    assert_eq!(predict(&["--input", "in.csv", "-p", "--output-format", "csv"]), out);
    // The output can be read again, and gives the same predictions.
    let again = predict(&["--input", "out.csv", "--text-column", "text", "--output-format", "csv"]);
    assert!(
        again.starts_with("id,text,label,note,predicted_label,p_bad,p_good,predicted_label_2\n"),
        "{again}"
    );

    let jsonl = "{\"n\": 1.10, \"text\": \"film\", \"who\": {\"a\": [1, 2]}}\n{\"text\": \"bore\", \"label\": \"x\", \"late\": true}\n";
    sandbox.write("in.jsonl", jsonl);
    predict(&["--input", "in.jsonl", "--output", "out.jsonl"]);
    let out = std::fs::read_to_string(sandbox.path("out.jsonl")).unwrap();
    let lines: Vec<&str> = out.lines().collect();
    assert!(
        lines[0].starts_with("{\"n\":1.10,\"text\":\"film\",\"who\":{\"a\": [1, 2]},\"label\":\""),
        "{out}"
    );
    assert!(
        lines[1].starts_with("{\"text\":\"bore\",\"input_label\":\"x\",\"late\":true,\"label\":\""),
        "{out}"
    );
    let csv = predict(&["--input", "in.jsonl", "--output-format", "csv"]);
    assert!(csv.starts_with("n,text,who,label\n1.10,film,\"{\"\"a\"\": [1, 2]}\","), "{csv}");
    // Files without a header, and lines.
    sandbox.write("in.tsv", "film\tgood\nbore\tbad\n");
    assert!(predict(&["--input", "in.tsv", "--output-format", "csv"]).starts_with("0,1,label\nfilm,good,"));
    assert!(predict(&["--output-format", "csv", "film"]).starts_with("sentence,label\nfilm,"));
    assert!(predict(&["--output-format", "jsonl", "film"]).starts_with("{\"text\":\"film\",\"label\":"));
    assert!(predict(&["--output", "out.tsv", "film"]).is_empty());
    assert!(std::fs::read_to_string(sandbox.path("out.tsv")).unwrap().starts_with("label\tsentence\n"));
}

#[test]
fn answers_appear_whole_or_not_at_all() {
    let sandbox = Sandbox::with_model();
    sandbox.write("in.csv", "id,text\n1,film\n2,\n");
    sandbox.write("out.csv", "old");
    let args = ["predict", "model", "--input", "in.csv", "--output"];
    let outcome = sandbox.run(&[&args[..], &["out.csv"]].concat());
    assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(1), ""));
    assert!(outcome.stderr.contains("note: 1 answer before the error was not written"), "{}", outcome.stderr);
    assert_eq!(std::fs::read(sandbox.path("out.csv")).unwrap(), b"old");
    // Refused before the encoder is looked for.
    std::fs::remove_dir_all(sandbox.path("model")).unwrap();
    for (output, expected) in [
        ("in.csv", "in.csv: expected a file to write, got one to read"),
        ("none/out.csv", "none: no such folder"),
        (".", ".: expected a file, got a folder"),
    ] {
        assert_eq!(sandbox.fail(&[&args[..], &[output]].concat()), expected);
    }
}

/// The first record determines the keys of the answers, which do not change with later records.
#[test]
fn answers_stand_under_the_same_keys_in_every_record() {
    let sandbox = Sandbox::with_model();
    let predict = |file: &str| {
        let args = ["predict", "model", "--input", file, "-p", "--output-format", "jsonl"];
        let outcome = sandbox.run(&args);
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        (outcome.stdout, outcome.stderr)
    };
    let rows =
        "{\"text\": \"a\"}\n{\"text\": \"b\", \"label\": \"own\", \"probabilities\": 1}\n{\"text\": \"c\"}\n";
    sandbox.write("later.jsonl", rows);
    let (answers, notes) = predict("later.jsonl");
    for answer in json_lines(&answers) {
        assert!(["good", "bad"].contains(&answer["label"].as_str().unwrap()), "{answer}");
        assert!(answer["probabilities"].is_object(), "{answer}");
    }
    assert_eq!(json_lines(&answers)[1]["input_label"], "own");
    assert_eq!(json_lines(&answers)[1]["input_probabilities"], 1);
    assert_eq!(
        notes.matches("the key \"label\" of record 2 is written as \"input_label\"").count(),
        1,
        "{notes}"
    );
    sandbox.write("first.jsonl", "{\"text\": \"a\", \"label\": \"own\"}\n{\"text\": \"b\"}\n");
    for answer in json_lines(&predict("first.jsonl").0) {
        assert!(answer["predicted_label"].is_string(), "{answer}");
    }
    // Two columns with the same name have different keys.
    sandbox.write("twice.csv", "text,label,label\na,x,y\nb,z,w\n");
    let (answers, _) = predict("twice.csv");
    for line in answers.lines() {
        assert_eq!(line.matches("\"label\":").count(), 1, "{line}");
    }
    let first = &json_lines(&answers)[0];
    assert_eq!((&first["label"], &first["label_2"]), (&"x".into(), &"y".into()));
    assert!(first["predicted_label"].is_string());
}

/// The same hint as for a file, in every command that reads stdin.
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
    assert_eq!(
        common::Outcome::of(&output).error_line("a folder"),
        "stdin: line 1: expected a file, got a folder"
    );
}

#[test]
fn truncation_is_said_unless_quiet() {
    let sandbox = Sandbox::with_model();
    let long = "film ".repeat(600);
    let outcome = sandbox.run(&["predict", "model", &long]);
    assert_eq!(outcome.stderr, "note: 1 of 1 sentences had more than 512 tokens and lost their end\n");
    assert_eq!(sandbox.run(&["predict", "-q", "model", &long]).stderr, "");
}
