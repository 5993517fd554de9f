//! `tokenize` and `embed` against transformers and sentence-transformers, on tiny encoders of every family.
//!
//! Oracle: `fixtures/transformers` and `fixtures/sentence_transformers`. Ids must be equal; elements of vectors may
//! differ by 2e-4.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

mod common;

use std::fs;
use std::path::Path;

use common::{
    Sandbox, case_folders, encoder, expected_matrix, fixtures, json_lines, keys, read_json, read_npy,
    sentences,
};
use serde_json::{Value, json};

const TOLERANCE: f32 = 2e-4;

/// Writes all sentences except the empty one, which files may not contain; as JSONL, because some contain line
/// breaks.
fn write_sentences(sandbox: &Sandbox) -> usize {
    let all = sentences();
    let kept: Vec<&String> = all.iter().filter(|s| !s.is_empty()).collect();
    // The empty sentence is the last, so that the rows of the golden files are the same as ours.
    assert_eq!((all.len(), all.last().unwrap().as_str()), (kept.len() + 1, ""));
    sandbox.write("all.jsonl", kept.iter().map(|s| format!("{}\n", json!({"text": s}))).collect::<String>());
    kept.len()
}

fn assert_close(actual: &([usize; 2], Vec<f32>), folder: &Path, name: &str) {
    let (shape, numbers) = actual;
    let (expected_shape, expected) = expected_matrix(folder, name);
    assert_eq!(*shape, [expected_shape[0] - 1, expected_shape[1]], "{} {name}", folder.display());
    let largest = numbers.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(largest <= TOLERANCE, "{} {name}: {largest}", folder.display());
}

#[test]
fn tokenize_prints_the_reference_tokens() {
    let sandbox = Sandbox::new();
    // A command-line argument cannot contain a NUL byte.
    let texts = sentences();
    let usable: Vec<usize> = (0..texts.len()).filter(|&i| !texts[i].contains('\0')).collect();
    for folder in case_folders("transformers") {
        let expected = read_json(&folder.join("expected_tokens.json"));
        let folder = folder.display().to_string();
        let mut args = vec!["tokenize", "-q", "--encoder", &folder, "--"];
        args.extend(usable.iter().map(|&i| texts[i].as_str()));
        let lines = json_lines(&sandbox.succeed(&args));
        assert_eq!(lines.len(), usable.len());
        for (line, &i) in lines.iter().zip(&usable) {
            assert_eq!(keys(line), ["attention_mask", "input_ids", "text", "tokens"]);
            assert_eq!(line["text"], texts[i].as_str());
            assert_eq!(line["input_ids"], expected[i]["input_ids"], "{folder}: {:?}", texts[i]);
            assert_eq!(line["tokens"], expected[i]["tokens"], "{folder}: {:?}", texts[i]);
            let ones = vec![1; line["input_ids"].as_array().unwrap().len()];
            assert_eq!(line["attention_mask"], json!(ones));
        }
    }
}

#[test]
fn tokenize_truncates_and_says_so() {
    let sandbox = Sandbox::new();
    let bert = encoder("bert");
    let outcome =
        sandbox.run(&["tokenize", "--encoder", &bert, "--max-length", "4", "film film film", "film"]);
    let lines = json_lines(&outcome.stdout);
    assert_eq!(lines[0]["tokens"], json!(["[CLS]", "film", "film", "[SEP]"]));
    assert_eq!(lines[1]["tokens"], json!(["[CLS]", "film", "[SEP]"]));
    assert_eq!(outcome.stderr, "note: 1 of 2 sentences had more than 4 tokens and lost their end\n");
    for length in ["1", "513"] {
        let error = sandbox.fail(&["tokenize", "--encoder", &bert, "--max-length", length, "film"]);
        assert!(error.contains("expected a maximum length of at"), "{error}");
    }
}

#[test]
fn tokenize_needs_no_weights() {
    let sandbox = Sandbox::new();
    sandbox.copy_encoder("bert", "enc");
    fs::remove_file(sandbox.path("enc/model.safetensors")).unwrap();
    sandbox.succeed(&["tokenize", "--encoder", "enc", "film"]);
}

#[test]
fn embed_gives_the_reference_vectors_of_every_family_and_pooling() {
    let sandbox = Sandbox::new();
    write_sentences(&sandbox);
    for folder in case_folders("transformers") {
        let text = folder.display().to_string();
        for pooling in ["cls", "mean", "max"] {
            sandbox.succeed(&[
                "embed",
                "-q",
                "--encoder",
                &text,
                "--input",
                "all.jsonl",
                "--output",
                "x.npy",
                "--pooling",
                pooling,
            ]);
            assert_close(&read_npy(&fs::read(sandbox.path("x.npy")).unwrap()), &folder, pooling);
        }
    }
}

#[test]
fn embed_auto_follows_sentence_transformers() {
    let sandbox = Sandbox::new();
    write_sentences(&sandbox);
    for folder in case_folders("sentence_transformers") {
        let text = folder.display().to_string();
        let args =
            ["embed", "--encoder", &text, "--input", "all.jsonl", "--output", "x.npy", "--pooling", "auto"];
        let outcome = sandbox.run(&args);
        assert!(outcome.stderr.contains("pooling of this encoder: "), "{}", outcome.stderr);
        assert_close(&read_npy(&fs::read(sandbox.path("x.npy")).unwrap()), &folder, "sentence_embedding");
        fs::remove_file(sandbox.path("x.npy")).unwrap();
    }
}

#[test]
fn embed_reads_every_format_to_the_same_rows() {
    let sandbox = Sandbox::new();
    sandbox.write("a.txt", "a good film\n   \nbad, \"very\" bad\n");
    sandbox.write("a.tsv", "a good film\tx\n   \ty\nbad, \"very\" bad\tx\n");
    sandbox.write("a.csv", "text,label\r\na good film,x\r\n   ,y\r\n\"bad, \"\"very\"\" bad\",x\r\n");
    let lines =
        [json!({"text": "a good film"}), json!({"text": "   "}), json!({"text": "bad, \"very\" bad"})];
    sandbox.write("a.jsonl", lines.map(|line| format!("{line}\n")).concat());
    let bert = encoder("bert");
    let embed = |input: &str, more: &[&str]| {
        let mut args = vec!["embed", "-q", "--encoder", &bert, "--input", input, "--output", "x.npy"];
        args.extend(more);
        assert_eq!(sandbox.succeed(&args), "");
        read_npy(&fs::read(sandbox.path("x.npy")).unwrap())
    };
    let expected = embed("a.txt", &[]);
    assert_eq!(expected.0, [3, 32]);
    for input in ["a.tsv", "a.csv", "a.jsonl"] {
        assert_eq!(embed(input, &[]), expected, "{input}");
    }
    let two = embed("a.txt", &["--limit", "2"]);
    assert_eq!((two.0, two.1.as_slice()), ([2, 32], &expected.1[..64]));
    let cut = embed("a.txt", &["--max-length", "3"]);
    assert_ne!(cut.1[..32], expected.1[..32]);
    assert_eq!(cut.1[32..64], expected.1[32..64]);
}

#[test]
fn embed_writes_to_stdout_and_through_links() {
    let sandbox = Sandbox::with_reviews();
    let bert = encoder("bert");
    let args = |output| ["embed", "-q", "--encoder", &bert, "--input", "reviews.tsv", "--output", output];
    sandbox.succeed(&args("x.npy"));
    let expected = fs::read(sandbox.path("x.npy")).unwrap();
    let mut outputs = vec!["-"];
    if cfg!(unix) {
        outputs.extend(["/dev/stdout", "/dev/fd/1"]);
    }
    for output in outputs {
        let piped = sandbox.command(&args(output)).output().unwrap();
        assert!(piped.stdout == expected && piped.stderr.is_empty(), "{output}");
        let file = fs::File::create(sandbox.path("redirected.npy")).unwrap();
        assert!(sandbox.command(&args(output)).stdout(file).status().unwrap().success());
        assert!(fs::read(sandbox.path("redirected.npy")).unwrap() == expected, "{output}");
    }
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("x.npy", sandbox.path("link.npy")).unwrap();
        sandbox.write("x.npy", "old");
        sandbox.succeed(&args("link.npy"));
        assert!(sandbox.path("link.npy").is_symlink());
        assert!(fs::read(sandbox.path("x.npy")).unwrap() == expected);
    }
}

#[test]
fn a_sentence_alone_has_the_vector_that_it_has_among_others() {
    let sandbox = Sandbox::with_reviews();
    let folder = fixtures().join("transformers/mpnet").display().to_string();
    let embed = |more: &[&str]| {
        let mut args = vec!["embed", "-q", "--encoder", &folder, "--input", "reviews.tsv", "--output", "-"];
        args.extend(more);
        read_npy(&sandbox.command(&args).output().unwrap().stdout)
    };
    let (all, one) = (embed(&["--threads", "1"]), embed(&["--limit", "1"]));
    assert_eq!(embed(&["--threads", "2"]), all);
    let largest = one.1.iter().zip(&all.1).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(largest <= 1e-5, "{largest}");
}

#[test]
fn quiet_says_nothing_and_verbose_says_how_long() {
    let sandbox = Sandbox::with_reviews();
    let bert = encoder("bert");
    let args = ["embed", "--encoder", &bert, "--input", "reviews.tsv", "--output", "x.npy"];
    assert_eq!(sandbox.run(&[&args[..], &["-q"]].concat()).stderr, "");
    let normal = sandbox.run(&args);
    assert!(normal.stderr.starts_with("x.npy: 24 x 32 numbers"), "{}", normal.stderr);
    assert_eq!(normal.stderr.lines().count(), 1);
    let verbose = sandbox.run(&[&args[..], &["-v"]].concat());
    assert!(verbose.stderr.contains("encoding sentences: "), "{}", verbose.stderr);
    // No bars without a terminal.
    assert!(![normal, verbose].iter().any(|o| o.stderr.contains(['\r', '\x1b', '['])));
    let lines: Vec<Value> = json_lines(&sandbox.succeed(&["list", "--json"]));
    assert!(lines.iter().all(|line| line["folder"] == Value::Null));
}

#[test]
fn prompts_are_put_before_every_sentence() {
    let sandbox = Sandbox::with_reviews();
    write_sentences(&sandbox);
    let folder = fixtures().join("sentence_transformers/prompt_v4");
    let text = folder.display().to_string();
    let embed = |more: &[&str]| {
        let args = ["embed", "--encoder", &text, "--input", "all.jsonl", "--output", "x.npy"];
        let outcome = sandbox.run(&[&args[..], more].concat());
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        (read_npy(&fs::read(sandbox.path("x.npy")).unwrap()), outcome.stderr)
    };
    let prompts = [("passage", "passage"), ("rate it : ", "text"), ("", "none")];
    for (prompt, tensor) in prompts {
        let (vectors, _) = embed(&["--pooling", "auto", "--prompt", prompt]);
        assert_close(&vectors, &folder, tensor);
    }
    let (vectors, stderr) = embed(&["--pooling", "auto"]);
    assert_close(&vectors, &folder, "query");
    assert!(stderr.contains("pooling of this encoder: mean; at most 24 tokens"), "{stderr}");
    assert!(stderr.contains("prompt before every sentence: \"query: \""), "{stderr}");
    // If the pooling is given, the folder's own prompt and limit do not apply, but a given prompt does.
    let bert = fixtures().join("transformers/bert");
    assert_close(&embed(&["--pooling", "mean"]).0, &bert, "mean");
    let limited = ["--pooling", "mean", "--max-length", "24", "--prompt", "passage"];
    assert_close(&embed(&limited).0, &folder, "passage");
    let error = sandbox.fail(&[
        "embed",
        "--encoder",
        &text,
        "--input",
        "all.jsonl",
        "--output",
        "y.npy",
        "--prompt",
        "pasage",
    ]);
    assert!(
        error.contains("expected the name of a prompt of this encoder or a text, got \"pasage\""),
        "{error}"
    );

    // The prompt is saved with a model, and need not be repeated.
    let train =
        ["train", "-q", "--encoder", &text, "--features", "article", "--data", "reviews.tsv", "--output"];
    sandbox.succeed(&[&train[..], &["with", "--prompt", "passage"]].concat());
    sandbox.succeed(&[&train[..], &["without"]].concat());
    let saved = |model: &str| read_json(&sandbox.path(&format!("{model}/clsify.json")));
    assert_eq!(saved("with")["prompt"], "a passage of a film: ");
    assert_eq!(saved("with")["format_version"], 4);
    assert_eq!((&saved("without")["prompt"], &saved("without")["format_version"]), (&Value::Null, &json!(2)));
    let predict = |model: &str, sentence: &str| {
        let mut line =
            json_lines(&sandbox.succeed(&["predict", "-q", model, sentence, "--output-format", "json"]))
                .remove(0);
        line["text"].take();
        line
    };
    // One classifier gets the prompt that it was fitted with; the other would need it as an option.
    let metadata = saved("with");
    let mut bare = metadata.clone();
    bare["prompt"] = json!("");
    let by_prompt = predict("with", "a good film");
    sandbox.write("with/clsify.json", bare.to_string());
    assert_ne!(predict("with", "a good film"), by_prompt);
    assert_eq!(predict("with", "a passage of a film: a good film"), by_prompt);

    let tokens =
        json_lines(&sandbox.succeed(&["tokenize", "--encoder", &text, "--prompt", "query", "a film"]));
    let plain = json_lines(&sandbox.succeed(&["tokenize", "--encoder", &text, "query: a film"]));
    assert_eq!(tokens[0]["input_ids"], plain[0]["input_ids"]);
}
