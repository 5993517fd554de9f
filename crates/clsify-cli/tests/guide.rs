//! `guide`: the page of a model, written with no option of its training repeated.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

mod common;

use common::{Sandbox, encoder, json_lines, read_json};
use serde_json::Value;

/// The data that the page holds for its figures.
fn page_data(page: &str) -> Value {
    let start = page.find("id=\"guide-data\">").unwrap() + "id=\"guide-data\">".len();
    let end = start + page[start..].find("</script>").unwrap();
    serde_json::from_str(&page[start..end]).unwrap()
}

fn read(sandbox: &Sandbox, name: &str) -> String {
    std::fs::read_to_string(sandbox.path(name)).unwrap()
}

/// Oracle: `predict`, for the reader's own sentences, to the digit. Options that say how the data are read and divided are those of the
/// training.
#[test]
fn a_page_shows_what_predict_says_and_repeats_no_option() {
    let sandbox = Sandbox::new();
    let rows = common::reviews();
    let csv =
        rows.lines().filter_map(|line| line.split_once('\t')).map(|(text, label)| format!("{label}|{text}"));
    sandbox.write("data.txt", csv.collect::<Vec<_>>().join("\n"));
    let bert = encoder("bert");
    let columns = [
        "--format",
        "csv",
        "--delimiter",
        "|",
        "--header",
        "absent",
        "--text-column",
        "1",
        "--label-column",
        "0",
    ];
    let train = [
        "train",
        "-q",
        "--encoder",
        &bert,
        "--data",
        "data.txt",
        "--output",
        "model",
        "--seed",
        "7",
        "--test-size",
        "9",
        "--stratify",
    ];
    sandbox.succeed(&[&train[..], &columns].concat());
    let own = ["a quiet bore", "</script><b>\"fun\" & שלום 🙂"];
    sandbox.succeed(&[
        "guide",
        "-q",
        "model",
        "--data",
        "data.txt",
        "--sentence",
        own[0],
        "--sentence",
        own[1],
    ]);
    let page = read(&sandbox, "guide.html");
    let data = page_data(&page);
    let answers = json_lines(&sandbox.succeed(&[
        "predict",
        "-q",
        "model",
        "-p",
        "--output-format",
        "json",
        own[0],
        own[1],
    ]));
    for (i, answer) in answers.iter().enumerate() {
        let sentence = &data["sentences"][i];
        assert_eq!(sentence["text"], own[i]);
        assert_eq!(sentence["predicted"][0], answer["label"]);
        for (label, p) in
            data["labels"].as_array().unwrap().iter().zip(sentence["probability"].as_array().unwrap())
        {
            assert_eq!(&answer["probabilities"][label.as_str().unwrap()], p, "{sentence}");
        }
        let pieces = sentence["pieces"].as_array().unwrap();
        let text: String = pieces.iter().map(|piece| piece["text"].as_str().unwrap()).collect();
        assert_eq!(text, own[i]);
    }
    let saved = read_json(&sandbox.path("model/clsify.json"));
    let verdict = &data["scenes"][0]["shared"];
    assert_eq!(verdict["accuracy"], saved["metrics"]["accuracy"]);
    assert_eq!(verdict["nTest"], 9);
    // The text of a sentence can neither end the data nor become an element.
    assert_eq!(page.matches("</script>").count(), 2, "the ends of the data and of the script");
    assert!(!page.contains("<b>"));
}

/// The scenes of the storyboard, in order, each with its words in both languages.
#[test]
fn a_page_has_thirteen_scenes_in_two_languages_and_fetches_nothing() {
    let sandbox = Sandbox::with_model();
    sandbox.succeed(&["guide", "-q", "model", "--data", "reviews.tsv", "--lang", "zh", "--output", "-"]);
    sandbox.succeed(&["guide", "-q", "model", "--data", "reviews.tsv", "--lang", "zh"]);
    let page = read(&sandbox, "guide.html");
    assert!(page.contains("<html lang=\"zh-Hans\">") && page.len() < 2_000_000);
    let data = page_data(&page);
    let ids: Vec<&str> =
        data["scenes"].as_array().unwrap().iter().map(|scene| scene["id"].as_str().unwrap()).collect();
    let expected = [
        "verdict",
        "data",
        "models",
        "words",
        "batch",
        "layers",
        "attention",
        "slice",
        "split",
        "learning",
        "reasons",
        "score",
        "map",
    ];
    assert_eq!(ids, expected);
    for id in ids {
        let start = page.find(&format!("<section class=\"scene\" id=\"{id}\"")).unwrap();
        let section = &page[start..start + page[start..].find("</section>").unwrap()];
        for part in [
            "<h2 ",
            "<p class=\"caption\"><span class=\"en\"",
            "<span class=\"zh\" lang=\"zh-Hans\">",
            "<table>",
            "<pre class=\"code\">",
        ] {
            assert!(section.contains(part), "{id}: no {part}");
        }
    }
    assert!(
        page.contains(
            "http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-"
        )
    );
    for address in ["http://", "https://"] {
        let others =
            page.match_indices(address).filter(|(at, _)| !page[*at..].starts_with("http://www.w3.org/"));
        assert_eq!(others.count(), 0, "{address}");
    }
}

#[test]
fn other_data_and_wrong_arguments_are_refused_before_anything_is_written() {
    let sandbox = Sandbox::with_model();
    sandbox.write("other.tsv", "fine words\tgood\nawful words\tbad\n".repeat(30));
    let error = sandbox.fail(&["guide", "model", "--data", "other.tsv"]);
    assert!(error.starts_with("other.tsv: expected the data of the training"), "{error}");
    let error = sandbox.fail(&["guide", "model", "--data", "reviews.tsv", "--test-data", "other.tsv"]);
    assert!(error.starts_with("other.tsv: expected no test file"), "{error}");
    let error = sandbox.fail(&["guide", "model", "--data", "reviews.tsv", "--output", "model/clsify.json"]);
    assert!(error.contains("expected a file to write, got a part of a model"), "{error}");
    let error = sandbox.fail(&["guide", "model", "--data", "reviews.tsv", "--output", "-", "--open"]);
    assert!(error.contains("stdout: expected a file for --open"), "{error}");
    assert!(!sandbox.path("guide.html").exists());
}

/// A model with a separate test file, and label sets.
#[test]
fn test_files_and_label_sets_have_a_page() {
    let sandbox = Sandbox::with_reviews();
    let bert = encoder("bert");
    let rows: Vec<String> = common::reviews().lines().map(str::to_string).collect();
    let cells = |rows: &[String]| {
        let sets = rows.iter().enumerate().map(|(i, row)| {
            let (text, label) = row.split_once('\t').unwrap();
            format!("{text}\t{}", ["", label, &format!("{label};odd")][i % 3])
        });
        sets.collect::<Vec<_>>().join("\n")
    };
    sandbox.write("train.tsv", cells(&rows[..rows.len() - 12]));
    sandbox.write("test.tsv", cells(&rows[rows.len() - 12..]));
    let train = [
        "train",
        "-q",
        "--encoder",
        &bert,
        "--data",
        "train.tsv",
        "--multi-label",
        ";",
        "--test-data",
        "test.tsv",
    ];
    sandbox.succeed(&[&train[..], &["--pooling", "mean", "--output", "model"]].concat());
    let error = sandbox.fail(&["guide", "model", "--data", "train.tsv"]);
    assert!(error.starts_with("--test-data: expected the test file that the model was scored on"), "{error}");
    sandbox.succeed(&["guide", "-q", "model", "--data", "train.tsv", "--test-data", "test.tsv"]);
    let page = read(&sandbox, "guide.html");
    assert!(!page.contains("on the features alone"), "the fit is that of the model");
    let data = page_data(&page);
    assert_eq!(data["multiLabel"], true);
    let saved = read_json(&sandbox.path("model/clsify.json"));
    assert_eq!(data["scenes"][0]["shared"]["accuracy"], saved["metrics"]["micro"]["f1"]);
}

/// Oracle: the report of the training, for a rule that may abstain and minimises costs; the threshold by hand.
#[test]
fn the_decision_rule_and_its_effect_are_told() {
    let sandbox = Sandbox::with_reviews();
    let bert = encoder("bert");
    sandbox.write("costs.csv", "label,bad,good\nbad,0,3\ngood,1,0\n");
    let train = ["train", "-q", "--encoder", &bert, "--data", "reviews.tsv", "--output", "model"];
    let rule = ["--c", "0.3", "--cost-matrix", "costs.csv", "--abstain-below", "0.55", "--json=report.json"];
    sandbox.succeed(&[&train[..], &rule].concat());
    sandbox.succeed(&["guide", "-q", "model", "--data", "reviews.tsv"]);
    let page = read(&sandbox, "guide.html");
    let data = page_data(&page);
    let effect = &read_json(&sandbox.path("report.json"))["decision"]["test"];
    let [n, all] = ["n_answered", "n_rows"].map(|key| effect["after"][key].as_u64().unwrap());
    assert!(0 < n && n < all, "{effect}");
    let scene = |id: &str| {
        let scenes = data["scenes"].as_array().unwrap();
        scenes.iter().find(|scene| scene["id"] == id).unwrap().clone()
    };
    let answered = format!("It answers {n} of these {all} rows");
    let cost = format!("have a mean cost of {:.4}.", effect["after"]["mean_cost"].as_f64().unwrap());
    let start = page.find("<section class=\"scene\" id=\"score\"").unwrap();
    let caption = &page[start..start + page[start..].find("<div").unwrap()];
    assert!(caption.contains(&answered) && caption.contains(&cost), "{caption}");
    assert!(scene("verdict")["shared"]["answered"]["en"].as_str().unwrap().contains(&answered));
    // "good" is the answer from a probability of 3/4 on; below, "bad" is, and is too uncertain from 1 - 0.55 on.
    let abstains = &scene("score")["shared"]["abstains"];
    for (i, end) in [0.45, 0.75].into_iter().enumerate() {
        assert!((abstains[i].as_f64().unwrap() - end).abs() < 1e-12, "{abstains}");
    }
    for (i, sentence) in data["sentences"].as_array().unwrap().iter().enumerate() {
        for id in ["verdict", "score", "map"] {
            let line = scene(id)["sentences"][i]["line"]["en"].as_str().unwrap().to_string();
            assert_eq!(line.contains("abstains"), sentence["abstained"] == true, "{line}");
        }
    }
}
