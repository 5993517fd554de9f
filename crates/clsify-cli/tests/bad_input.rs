//! Bad inputs: exit code 1, one line that names the problem and its place, nothing on stdout, no file left behind.

mod common;

use std::fs;

use common::{Sandbox, edit_header, encoder, fixtures, reviews};

/// The error of `train` for a data file with these bytes.
fn train_on(name: &str, bytes: &[u8]) -> String {
    let sandbox = Sandbox::new();
    sandbox.write(name, bytes);
    sandbox.fail(&["train", "--encoder", &encoder("bert"), "--data", name, "--output", "model"])
}

#[test]
fn data_files() {
    for (name, bytes, expected) in [
        (
            "a.tsv",
            &b"good\t1\nbad\t0\nb\xe4d\t0\n"[..],
            "a.tsv: line 3: expected UTF-8, got the byte 0xe4 at byte 2",
        ),
        ("a.tsv", b"good\t1\nbad\t0\nbad\n", "a.tsv: line 3: expected 2 columns, got 1"),
        ("a.tsv", b"good\t1\nbad\t0\tx\n", "a.tsv: line 2: expected 2 columns, got 3"),
        ("a.csv", b"text,label\ngood,1\n\"bad, bad\",0,0\n", "a.csv: line 3: expected 2 columns, got 3"),
        ("a.tsv", b"good\t1\n \t0\n", "a.tsv: line 2: expected a sentence, got only whitespace"),
        ("a.csv", b"text,label\ngood,1\n,0\n", "a.csv: line 3: expected a sentence, got an empty one"),
        ("a.jsonl", b"{\"text\": \"good\"}\n", "a.jsonl: line 1: expected a label key, got \"text\""),
        ("a.tsv", b"good\t1\nfine\t1\n", "a.tsv: lines 1 to 2: expected at least 2 classes, got only \"1\""),
        ("a.tsv", b"", "a.tsv: expected sentences, got an empty file"),
        (
            "a.data",
            b"good\t1\nbad\t0\n",
            "a.data: expected the extension tsv, csv, jsonl or txt, got \"data\"",
        ),
    ] {
        assert_eq!(train_on(name, bytes), expected);
    }
}

#[test]
fn data_for_which_there_is_no_fit() {
    let sandbox = Sandbox::new();
    let lone: String = (0..20).map(|i| format!("film {i}\t{}\n", u8::from(i == 3))).collect();
    sandbox.write("lone.tsv", lone);
    sandbox.write("three.tsv", "good\t1\nbad\t0\nugly\t0\n");
    let bert = encoder("bert");
    // With -v the stages are shown, so that an error before the encoder has worked can be recognised.
    let train = |more: &[&str]| {
        let args = [&["train", "-v", "--encoder", &bert, "--output", "model"], more].concat();
        assert!(!sandbox.run(&args).stderr.contains("encoding tokens"), "{more:?}");
        sandbox.fail(&args)
    };
    for (more, expected) in [
        (
            &["--data", "lone.tsv", "--seed", "1"][..],
            "training rows: expected at least 2 classes, got only \"0\"",
        ),
        (
            &["--data", "lone.tsv", "--grid-search"],
            "grid search: expected at least 2 classes in the training rows",
        ),
        (
            &["--data", "three.tsv", "--grid-search"],
            "grid search: stratified k-fold: expected at least 5 rows",
        ),
        (&["--data", "three.tsv", "--test-size", "3"], "test size: expected 1 to 2 of 3 rows, got 3"),
        (&["--data", "three.tsv", "--stratify"], "stratified"),
        (
            &["--data", "lone.tsv", "--max-length", "2"],
            "expected a maximum length of at least 3 tokens, got 2",
        ),
        (
            &["--data", "lone.tsv", "--max-length", "513"],
            "expected a maximum length of at most 512 tokens, got 513",
        ),
    ] {
        let error = train(more);
        assert!(error.contains(expected), "{more:?}: {error}");
    }
}

#[test]
fn files_that_are_not_there_or_are_folders() {
    let sandbox = Sandbox::with_model();
    let bert = encoder("bert");
    fs::create_dir(sandbox.path("folder")).unwrap();
    for (data, expected) in [
        ("absent.tsv", "absent.tsv: no such file or folder"),
        ("folder", "folder: expected a file, got a folder"),
    ] {
        let train = ["train", "--encoder", &bert, "--data", data, "--output", "new"];
        let tested =
            ["train", "--encoder", &bert, "--data", "reviews.tsv", "--test-data", data, "--output", "new"];
        let embed = ["embed", "--encoder", &bert, "--input", data, "--output", "x.npy"];
        let evaluate = ["evaluate", "model", "--data", data];
        for args in [&train[..], &tested[..], &embed[..], &evaluate[..]] {
            assert_eq!(sandbox.fail(args), expected, "{args:?}");
        }
    }
    for (model, got) in [
        ("absent", "a path that does not exist"),
        ("folder", "one without clsify.json"),
        ("reviews.tsv", "a file"),
        ("model/clsify.json", "a file"),
    ] {
        let expected = format!("{model}: expected a model folder, got {got}");
        for args in [
            &["predict", model, "a fine film"][..],
            &["explain", model, "a fine film"],
            &["evaluate", model, "--data", "reviews.tsv"],
            &["guide", model, "--data", "reviews.tsv"],
            &["compare", model, "model", "--data", "reviews.tsv"],
            &["compare", "model", model, "--data", "reviews.tsv"],
        ] {
            assert_eq!(sandbox.fail(args), expected, "{args:?}");
        }
    }
}

#[test]
fn sentences_of_embed() {
    let sandbox = Sandbox::new();
    sandbox.write("a.txt", "one\n\nthree\n");
    sandbox.write("a.tsv", "one\tx\n\ty\n");
    let bert = encoder("bert");
    for (input, expected) in [
        ("a.txt", "a.txt: line 2: expected a sentence, got an empty line"),
        ("a.tsv", "a.tsv: line 2: expected a sentence, got an empty one"),
    ] {
        assert_eq!(
            sandbox.fail(&["embed", "--encoder", &bert, "--input", input, "--output", "x.npy"]),
            expected
        );
    }
}

#[test]
fn encoders() {
    const WORDS: &str = "\"embeddings.word_embeddings.weight\"";
    let sandbox = Sandbox::with_reviews();
    let spoil = |name: &str, edit: &dyn Fn(&str) -> String| {
        sandbox.copy_encoder("bert", name);
        edit_header(&sandbox.path(name).join("model.safetensors"), |header| edit(header));
    };
    spoil("missing", &|header| header.replace(WORDS, "\"embeddings.other.weight\""));
    spoil("misshapen", &|header| header.replace("[507,32]", "[32,507]"));
    spoil("integers", &|header| header.replacen("\"F32\"", "\"I32\"", 1));
    spoil("unknown", &|header| header.replacen("\"F32\"", "\"Q4\"", 1));
    spoil("no_header", &|header| header.replacen('{', "[", 1));
    for name in ["truncated", "bin_only", "no_config", "gpt2", "no_tokenizer"] {
        sandbox.copy_encoder("bert", name);
    }
    let weights = fs::read(sandbox.path("truncated/model.safetensors")).unwrap();
    sandbox.write("truncated/model.safetensors", &weights[..weights.len() - 1]);
    fs::rename(sandbox.path("bin_only/model.safetensors"), sandbox.path("bin_only/pytorch_model.bin"))
        .unwrap();
    fs::remove_file(sandbox.path("no_config/config.json")).unwrap();
    sandbox.write("gpt2/config.json", "{\"model_type\": \"gpt2\"}");
    fs::remove_file(sandbox.path("no_tokenizer/tokenizer.json")).unwrap();
    for (name, expected) in [
        ("missing", &[WORDS, "missing"][..]),
        ("misshapen", &[WORDS, "expected shape [507, 32], got [32, 507]"]),
        ("integers", &["tensor \"", "expected dtype F64, F32, F16 or BF16, got I32"]),
        ("unknown", &["tensor \"", "Q4"]),
        ("no_header", &["not a valid safetensors header"]),
        ("truncated", &["bytes, got"]),
        ("bin_only", &["expected model.safetensors, got only pytorch_model.bin"]),
        ("no_config", &["no_config/config.json: no such file or folder"]),
        ("gpt2", &["unsupported \"model_type\": \"gpt2\""]),
        ("no_tokenizer", &["no_tokenizer/tokenizer.json: no such file or folder"]),
    ] {
        let embed = ["embed", "--encoder", name, "--input", "reviews.tsv", "--output", "x.npy"];
        let train = ["train", "--encoder", name, "--data", "reviews.tsv", "--output", "model"];
        for args in [&embed[..], &train[..]] {
            let error = sandbox.fail(args);
            assert!(error.starts_with(name) && expected.iter().all(|part| error.contains(part)), "{error}");
        }
    }
    let outcome =
        sandbox.run(&["embed", "--encoder", "bin_only", "--input", "reviews.tsv", "--output", "x.npy"]);
    assert!(
        outcome.stderr.contains("\nhint: ") && outcome.stderr.contains("save_pretrained"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn encoder_names() {
    let sandbox = Sandbox::with_reviews();
    for (name, expected) in [
        (
            "nothing-of-this-name",
            "nothing-of-this-name: not in a cache, and HF_HUB_OFFLINE tells clsify not to fetch it",
        ),
        ("org/nothing", "org/nothing: not in a cache, and HF_HUB_OFFLINE tells clsify not to fetch it"),
        (
            "all-MiniLM-L6-v2",
            "all-MiniLM-L6-v2: not in a cache, and HF_HUB_OFFLINE tells clsify not to fetch it",
        ),
        ("./nothing", "./nothing: no such folder"),
        ("reviews.tsv", "reviews.tsv: expected a folder, got a file"),
        ("a/b/c", "encoder \"a/b/c\": neither a folder nor a hub id: expected at most one \"/\", got 2"),
        ("naïve", "encoder \"naïve\": neither a folder nor a hub id: 'ï' is not allowed in it"),
    ] {
        let train = ["train", "--encoder", name, "--data", "reviews.tsv", "--output", "model"];
        let embed = ["embed", "--encoder", name, "--input", "reviews.tsv", "--output", "x.npy"];
        for args in [&train[..], &embed[..], &["tokenize", "--encoder", name, "film"], &["pull", name]] {
            assert_eq!(sandbox.fail(args), expected, "{args:?}");
        }
    }
}

#[test]
fn models_that_are_not_what_was_saved() {
    let sandbox = Sandbox::with_reviews();
    sandbox.copy_encoder("bert", "enc");
    sandbox.succeed(&["train", "-q", "--encoder", "enc", "--data", "reviews.tsv", "--output", "model"]);
    let predict = || sandbox.fail(&["predict", "model", "film"]);
    let metadata = fs::read_to_string(sandbox.path("model/clsify.json")).unwrap();
    for (old, new, expected) in [
        (
            "\"format_version\": 2",
            "\"format_version\": 6",
            "clsify.json: expected format_version 1 to 5, got 6",
        ),
        ("\"format_version\": 2", "", "clsify.json: not valid JSON"),
        ("\"bad\",", "", "clsify.json: expected at least two classes, sorted and different"),
        (
            "\"bad\",",
            "\"bad\",\"fair\",",
            "tensor \"coef\": expected shape [3, 96] of F64, got [1, 96] of F64",
        ),
    ] {
        let edited = metadata.replacen(old, new, 1);
        assert_ne!(edited, metadata);
        sandbox.write("model/clsify.json", edited);
        let error = predict();
        assert!(error.contains(expected), "{error}");
    }
    sandbox.write("model/clsify.json", metadata);
    let weights = fs::read(sandbox.path("model/classifier.safetensors")).unwrap();
    sandbox.write("model/classifier.safetensors", &weights[..weights.len() - 1]);
    assert!(predict().contains("classifier.safetensors: not a safetensors file"));
    sandbox.write("model/classifier.safetensors", &weights);

    // Another encoder, a changed one, and none.
    let other = fixtures().join("transformers/bert_relu").display().to_string();
    let evaluate = ["evaluate", "model", "--data", "reviews.tsv", "--encoder", &other];
    assert!(sandbox.fail(&evaluate).contains("bert_relu/config.json: expected sha256 "));
    let mut changed = fs::read(sandbox.path("enc/model.safetensors")).unwrap();
    *changed.last_mut().unwrap() ^= 1;
    sandbox.write("enc/model.safetensors", changed);
    assert!(predict().contains("enc/model.safetensors: expected sha256 "));
    fs::rename(sandbox.path("enc"), sandbox.path("elsewhere")).unwrap();
    assert!(predict().ends_with("enc: the model's encoder \"enc\" is not there"));
    fs::copy(
        fixtures().join("transformers/bert/model.safetensors"),
        sandbox.path("elsewhere/model.safetensors"),
    )
    .unwrap();
    sandbox.succeed(&["predict", "model", "--encoder", "elsewhere", "film"]);
}

#[test]
fn outputs_that_hold_something_else() {
    let sandbox = Sandbox::with_model();
    let bert = encoder("bert");
    let train = |output: &str, more: &[&str]| {
        let args = ["train", "--encoder", &bert, "--data", "reviews.tsv", "--output", output];
        sandbox.fail(&[&args[..], more].concat())
    };
    fs::create_dir(sandbox.path("folder")).unwrap();
    sandbox.write("folder/diary.txt", "mine");
    assert_eq!(
        train("folder", &[]),
        "folder: expected an empty folder or a model, got a folder with other files"
    );
    assert_eq!(train("reviews.tsv", &[]), "reviews.tsv: expected a folder, got a file");
    assert_eq!(train("reviews.tsv/model", &[]), "reviews.tsv/model: expected a folder, got a file");
    assert!(
        train(".", &[]).starts_with(".: expected an empty folder or a model, got a folder with other files")
    );
    assert_eq!(
        train("model", &["--json", "model/report.json"]),
        "model/report.json: lies in the model's folder: choose another --json"
    );
    assert_eq!(train("new", &["--json", "new"]), "new: lies in the model's folder: choose another --json");
    assert_eq!(train("new", &["--json", "folder"]), "folder: expected a file, got a folder");
    assert_eq!(train("new", &["--json", "absent/report.json"]), "absent: no such folder");
    // A folder of the user where the model's encoder would be written.
    fs::create_dir(sandbox.path("model/encoder")).unwrap();
    sandbox.write("model/encoder/diary.txt", "mine");
    assert_eq!(
        train("model", &[]),
        "model/encoder/diary.txt: expected only files of the model's encoder here, which is replaced with the model"
    );
    fs::remove_dir_all(sandbox.path("model/encoder")).unwrap();
    // Data in the folder would be lost with the earlier model.
    fs::copy(sandbox.path("reviews.tsv"), sandbox.path("model/data.json")).unwrap();
    let data = ["train", "--encoder", &bert, "--data", "model/data.json", "--output", "model"];
    let error = sandbox.fail(&data);
    assert_eq!(
        error,
        "model/data.json: lies in the folder that is replaced: choose another --output, or move the file"
    );
    fs::remove_file(sandbox.path("model/data.json")).unwrap();
    // An encoder in the folder that is replaced would be lost too.
    sandbox.succeed(&[
        "train",
        "-q",
        "--encoder",
        &bert,
        "--data",
        "reviews.tsv",
        "--output",
        "model",
        "--bundle-encoder",
    ]);
    let error =
        sandbox.fail(&["train", "--encoder", "model/encoder", "--data", "reviews.tsv", "--output", "model"]);
    assert!(error.contains("model/encoder: lies in the folder that is replaced"), "{error}");
    let embed =
        |output| sandbox.fail(&["embed", "--encoder", &bert, "--input", "reviews.tsv", "--output", output]);
    assert_eq!(embed("absent/x.npy"), "absent: no such folder");
    assert_eq!(embed("folder"), "folder: expected a file, got a folder");
}

#[cfg(unix)]
#[test]
fn folders_that_cannot_be_written_to() {
    use std::os::unix::fs::PermissionsExt;

    let sandbox = Sandbox::with_model();
    let bert = encoder("bert");
    fs::create_dir(sandbox.path("locked")).unwrap();
    let set_mode =
        |mode| fs::set_permissions(sandbox.path("locked"), fs::Permissions::from_mode(mode)).unwrap();
    set_mode(0o555);
    // No folder is write-protected for the superuser, but /proc is, where it exists.
    let (folder, reason) = match fs::create_dir(sandbox.path("locked/probe")) {
        Ok(()) => ("/proc", "/proc: nothing can be written here"),
        Err(_) => ("locked", "locked: permission denied"),
    };
    if folder == "locked" || fs::exists("/proc/self").unwrap() {
        let (file, model) = (format!("{folder}/x"), format!("{folder}/deep/model"));
        let base = ["train", "-v", "--encoder", &bert, "--data", "reviews.tsv", "--output"];
        for args in [
            [&base[..], &[&file]].concat(),
            [&base[..], &[&model]].concat(),
            [&base[..], &["new", "--json", &file]].concat(),
            vec!["embed", "-v", "--encoder", &bert, "--input", "reviews.tsv", "--output", &file],
            vec!["evaluate", "-v", "model", "--data", "reviews.tsv", "--json", &file],
        ] {
            assert_eq!(sandbox.fail(&args), reason, "{args:?}");
            // Detected before the work, not after it.
            assert!(!sandbox.run(&args).stderr.contains("encoding tokens"), "{args:?}");
        }
    }
    set_mode(0o755);
}

#[test]
fn a_message_is_one_line_whatever_is_in_it() {
    let sandbox = Sandbox::with_reviews();
    let bert = encoder("bert");
    let name = "two\nlines\u{1b}[31m.tsv";
    let error = sandbox.fail(&["train", "--encoder", &bert, "--data", name, "--output", "model"]);
    assert_eq!(error, "two\\nlines\\u{1b}[31m.tsv: no such file or folder");
}

#[test]
fn what_is_read_is_not_written_over() {
    let sandbox = Sandbox::with_model();
    let bert = encoder("bert");
    let before = fs::read(sandbox.path("reviews.tsv")).unwrap();
    let again = "./reviews.tsv";
    let test = ["--data", "other.tsv", "--test-data", "reviews.tsv"];
    let train = ["train", "--encoder", &bert, "--output", "new"];
    let label_costs = ["--data", "other.tsv", "--cost-matrix", "reviews.tsv"];
    sandbox.write("other.tsv", reviews());
    for args in [
        vec!["tutorial", "--encoder", &bert, "--data", "reviews.tsv", "--output", "new", "--json", again],
        vec!["advise", "--encoder", &bert, "--data", "reviews.tsv", "--output", again],
        vec!["curve", "--encoder", &bert, "--data", "reviews.tsv", "--output", again],
        [&["curve", "--encoder", &bert, "--chart", again][..], &test].concat(),
        [&["doctor", "other.tsv", "--test-data", "reviews.tsv", "--output", again][..]].concat(),
        [&train[..], &["--data", "reviews.tsv", "--json", again]].concat(),
        [&train[..], &["--data", "reviews.tsv", "--chart", again]].concat(),
        [&train[..], &test, &["--json", again]].concat(),
        [&train[..], &label_costs, &["--chart", again]].concat(),
        vec!["predict", "model", "--input", "reviews.tsv", "--output", again],
        vec!["bench", "--encoder", &bert, "--data", "reviews.tsv", "--output", again],
        vec!["evaluate", "model", "--data", "reviews.tsv", "--output", again],
        vec!["evaluate", "model", "--data", "reviews.tsv", "--chart", again],
        vec!["evaluate", "model", "--data", "reviews.tsv", "--errors", again],
        vec!["advise", "--encoder", &bert, "--data", "reviews.tsv", "--chart", again],
        vec!["curve", "--encoder", &bert, "--data", "reviews.tsv", "--chart", again],
        vec!["compare", "model", "model", "--data", "reviews.tsv", "--output", again],
        vec!["doctor", "reviews.tsv", "--encoder", &bert, "--output", again],
        vec!["embed", "--encoder", &bert, "--input", "reviews.tsv", "--output", again],
        vec!["evaluate", "model", "--data", "reviews.tsv", "--json", again],
    ] {
        let error = sandbox.fail(&args);
        assert_eq!(error, "./reviews.tsv: expected a file to write, got one to read", "{args:?}");
        assert_eq!(fs::read(sandbox.path("reviews.tsv")).unwrap(), before, "{args:?}");
    }
}

/// This includes files that are not read here, such as the vocabulary beside `tokenizer.json`, and those of a folder
/// without weights.
#[test]
fn no_file_of_an_encoder_is_written_over() {
    let sandbox = Sandbox::new();
    sandbox.copy_encoder("bert", "tiny");
    sandbox.write("tiny/vocab.txt", "[PAD]\n");
    sandbox.write("tiny/modules.json", "[]");
    for name in ["vocab.txt", "config.json", "tokenizer.json", "tokenizer_config.json"] {
        let own = format!("tiny/{name}");
        let expected = format!("{own}: expected a file to write, got a part of a model or encoder");
        let bench = ["bench", "--encoder", "tiny", "--limit", "2", "--dtype", "f32", "--output", &own];
        assert_eq!(sandbox.fail(&bench), expected);
        assert_eq!(sandbox.fail(&["tokenize", "--encoder", "tiny", "a", "--output", &own]), expected);
    }
    fs::remove_file(sandbox.path("tiny/modules.json")).unwrap();
    fs::remove_file(sandbox.path("tiny/model.safetensors")).unwrap();
    let tokenize = ["tokenize", "--encoder", "tiny", "a", "--output"];
    for name in ["tiny/vocab.txt", "tiny/tokenizer.json"] {
        assert!(sandbox.fail(&[&tokenize[..], &[name]].concat()).ends_with("a part of a model or encoder"));
    }
    // A report beside them can be written, also twice.
    sandbox.succeed(&[&tokenize[..], &["tiny/ids.json"]].concat());
    sandbox.succeed(&[&tokenize[..], &["tiny/ids.json"]].concat());
}

/// `predict`, `embed`, `bench` and `train` give the same error for a file whose columns nobody has named.
#[test]
fn columns_are_not_guessed() {
    let sandbox = Sandbox::with_model();
    let bert = encoder("bert");
    sandbox.write("two.csv", "id,remark\n1,fine day\n2,bad day\n");
    sandbox.write("three.csv", "id,remark,stars\n1,fine day,5\n2,bad day,1\n");
    sandbox.write("typo.csv", "id,body,stars\n1,fine day,5\n2,bad day,1\n");
    let two = r#"two.csv: line 1: expected the sentence first and the label second, got "id", "remark""#;
    let three = "three.csv: line 1: expected 2 columns, got 3";
    let typo = r#"typo.csv: line 1: expected a column "bodi", got the columns "id", "body", "stars""#;
    for (file, more, expected, hint) in [
        ("two.csv", &[][..], two, "--text-column"),
        ("three.csv", &[], three, "--text-column"),
        ("typo.csv", &["--text-column", "bodi"], typo, "did you mean the column \"body\"?"),
    ] {
        for args in [
            &["predict", "model", "--input", file][..],
            &["embed", "--encoder", &bert, "--output", "x.npy", "--input", file],
            &["bench", "--encoder", &bert, "--data", file],
            &["train", "--encoder", &bert, "--output", "new", "--data", file],
            &["evaluate", "model", "--data", file],
            &["doctor", "--text-only", file],
        ] {
            let args = [args, more].concat();
            assert_eq!(sandbox.fail(&args), expected, "{args:?}");
            assert!(sandbox.run(&args).stderr.contains(hint), "{args:?}");
        }
    }
    let answers =
        sandbox.succeed(&["predict", "-q", "model", "--input", "two.csv", "--text-column", "remark"]);
    let sentences: Vec<&str> = answers.lines().map(|line| line.split_once('\t').unwrap().1).collect();
    assert_eq!(sentences, ["fine day", "bad day"]);
}

/// The counts are those of a spam file with swapped columns; the limit of half the rows is scikit-learn's.
#[test]
fn too_many_classes_are_asked_about_before_the_encoder_runs() {
    let sandbox = Sandbox::new();
    let bert = encoder("bert");
    let rows: String =
        (0..60).map(|i| format!("{},message number {i} of the day\n", ["ham", "spam"][i % 2])).collect();
    sandbox.write("swapped.csv", format!("text,label\n{rows}"));
    let expected = "swapped.csv: expected at most 30 classes in 60 rows, got 60";
    for args in [
        &["train", "--encoder", &bert, "--output", "new", "--data", "swapped.csv"][..],
        &["train", "--encoder", &bert, "--output", "new", "--data", "swapped.csv", "--multi-label", ";"],
        &["curve", "--encoder", &bert, "--data", "swapped.csv"],
        &["curve", "--encoder", &bert, "--data", "swapped.csv", "--multi-label", ";"],
        &["advise", "--encoder", &bert, "--data", "swapped.csv"],
        &["doctor", "--encoder", &bert, "swapped.csv"],
    ] {
        let outcome = sandbox.run(args);
        assert_eq!(outcome.error_line(&format!("{args:?}")), expected);
        assert!(outcome.stderr.ends_with("--max-classes 60\n"), "{}", outcome.stderr);
        assert!(!outcome.stderr.contains("encoding tokens"), "{}", outcome.stderr);
    }
    let train =
        ["train", "-q", "--encoder", &bert, "--output", "new", "--data", "swapped.csv", "--max-classes"];
    sandbox.succeed(&[&train[..], &["60"]].concat());
    let right = ["--text-column", "1", "--label-column", "0"];
    let error = sandbox.fail(&[&train[..], &["1"], &right[..]].concat());
    assert_eq!(error, "swapped.csv: expected at most 1 class in 60 rows, got 2");
    sandbox.succeed(&[&train[..], &["2"], &right[..]].concat());
}
