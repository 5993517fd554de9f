//! Tables whose delimiter, quoting or order of columns must be determined.
#![allow(clippy::unwrap_used)]

use clsify::dataset::{Dataset, DatasetOptions, Delimiter, Format, Header, Inspected, Quoting, Sentences};
use clsify::error::{Error, ErrorKind};

fn auto() -> DatasetOptions {
    DatasetOptions::default()
}

fn text_column(column: &str) -> DatasetOptions {
    DatasetOptions { text_column: Some(column.parse().unwrap()), ..auto() }
}

fn delimiter(delimiter: &str) -> DatasetOptions {
    DatasetOptions { delimiter: Some(delimiter.parse().unwrap()), ..auto() }
}

fn quoting(quoting: Quoting) -> DatasetOptions {
    DatasetOptions { quoting, ..auto() }
}

fn labelled(name: &str, text: &str, options: &DatasetOptions) -> Result<Vec<(usize, String, String)>, Error> {
    let dataset = Dataset::read(text.as_bytes(), name, options)?;
    let pairs = dataset.sentences().iter().zip(dataset.labels());
    Ok(dataset.lines().iter().zip(pairs).map(|(line, (s, l))| (*line, s.clone(), l.clone())).collect())
}

fn sentences(name: &str, text: &str, options: &DatasetOptions) -> Result<Vec<(usize, String)>, Error> {
    let all = Sentences::read(text.as_bytes(), name, options)?;
    Ok(all.lines().iter().copied().zip(all.sentences().iter().cloned()).collect())
}

#[track_caller]
fn assert_labelled(name: &str, text: &str, options: &DatasetOptions, expected: &[(usize, &str, &str)]) {
    let got = labelled(name, text, options).unwrap();
    let got: Vec<_> = got.iter().map(|(line, s, l)| (*line, s.as_str(), l.as_str())).collect();
    assert_eq!(got, expected, "{text:?}");
}

#[track_caller]
fn assert_asks(error: &Error, message: &str, hint: &str) {
    assert_eq!(error.to_string(), message);
    assert!(error.hint().is_some_and(|h| h.contains(hint)), "{message}\nhint: {:?}", error.hint());
}

const AFTER_HEADER: &[(usize, &str, &str)] = &[(2, "good, very", "1"), (3, "bad", "0")];

// ---- columns -----------------------------------------------------------------------------------

/// A sentence is not read from a column that nobody has named; `Dataset` and `Sentences` give the same error.
#[test]
fn several_columns_without_a_known_name_are_not_guessed() {
    let swapped = "line 1: expected the sentence first and the label second, got";
    for (name, text, message) in [
        ("a.csv", "id,remark\n1,fine day\n2,bad day\n", format!(r#"{swapped} "id", "remark""#)),
        ("a.tsv", "id\tremark\n1\tfine day\n2\tbad day\n", format!(r#"{swapped} "id", "remark""#)),
        (
            "a.csv",
            "author,remark\nann,a fine day\nbob,a bad day\n",
            format!(r#"{swapped} "author", "remark""#),
        ),
        ("a.csv", "1,fine\n2,bad\n", format!(r#"{swapped} "1", "fine""#)),
        (
            "a.tsv",
            "ham\tsee you at five\nspam\twin a big prize\nham\tso do i\n",
            format!(r#"{swapped} "ham", "see you at five""#),
        ),
        (
            "a.csv",
            "id,remark,stars\n1,fine day,5\n2,bad day,1\n",
            "line 1: expected 2 columns, got 3".to_string(),
        ),
        ("a.tsv", "a b\tc\td\ne f\tg\th\n", "line 1: expected 2 columns, got 3".to_string()),
    ] {
        let expected = format!("{name}: {message}");
        assert_asks(&sentences(name, text, &auto()).unwrap_err(), &expected, "--text-column");
        assert_asks(&labelled(name, text, &auto()).unwrap_err(), &expected, "--text-column");
        let inspected = Inspected::read(text.as_bytes(), name, &auto()).unwrap_err();
        assert_asks(&inspected, &expected, "--text-column");
    }
    // In a CSV file, two columns are not assumed to be a sentence and a label; in TSV they usually are.
    let csv = "remark,author\nfine day,ann\nbad day,bob\n";
    let message = r#"line 1: expected a header that names a sentence column, got "remark", "author""#;
    assert_asks(
        &sentences("a.csv", csv, &auto()).unwrap_err(),
        &format!("a.csv: {message}"),
        "--header absent",
    );
    let tsv = csv.replace(',', "\t");
    assert_asks(
        &sentences("a.tsv", &tsv, &auto()).unwrap_err(),
        &format!("a.tsv: {message}"),
        "--text-column",
    );
    let present = DatasetOptions { header: Header::Present, ..auto() };
    let message = r#"a.csv: line 1: expected a sentence column, got the columns "remark", "author""#;
    assert_asks(&sentences("a.csv", csv, &present).unwrap_err(), message, "--text-column");
}

#[test]
fn a_column_that_is_named_is_not_doubted() {
    let csv = "id,remark\n1,fine day\n2,bad day\n";
    let expected = [(2, "fine day".to_string()), (3, "bad day".to_string())];
    assert_eq!(sentences("a.csv", csv, &text_column("remark")).unwrap(), expected);
    let ids: Vec<_> = [(1, "id"), (2, "1"), (3, "2")].map(|(line, id)| (line, id.to_string())).into();
    let first = DatasetOptions { header: Header::Absent, ..text_column("0") };
    assert_eq!(sentences("a.csv", csv, &first).unwrap(), ids);
    let absent = DatasetOptions { header: Header::Absent, ..auto() };
    let pairs = "fine day,ann\nbad day,bob\n";
    assert_eq!(sentences("a.csv", pairs, &absent).unwrap()[0], (1, "fine day".to_string()));
    assert_eq!(sentences("a.csv", "one sentence\nanother\n", &auto()).unwrap().len(), 2);
}

/// If it were read as a record, it would be answered, or be a class of its own.
#[test]
fn what_looks_like_a_header_is_asked_about() {
    let asks = |error: Error, shown: &str| {
        let message =
            format!("line 1: expected a first row that is clearly a header or a record, got {shown}");
        assert!(error.to_string().ends_with(&message), "{error}");
        assert!(error.hint().unwrap().contains("--header present"));
    };
    let csv = "remark,mood\nfine day,good\nbad day,bad\na long day,good\n";
    let tsv = csv.replace(',', "\t");
    asks(labelled("a.csv", csv, &auto()).unwrap_err(), r#""remark", "mood""#);
    for (header, n) in [(Header::Present, 3), (Header::Absent, 4)] {
        let said = DatasetOptions { header, ..auto() };
        assert_eq!(labelled("a.csv", csv, &said).unwrap().len(), n);
    }
    // TSV without a header is common.
    assert_eq!(labelled("a.tsv", &tsv, &auto()).unwrap().len(), 4);
    // Also if each label occurs once, and if the columns are given by number.
    let each = "remark,mood\nfine day,good\nbad day,bad\na long day,so so\n";
    asks(labelled("a.csv", each, &auto()).unwrap_err(), r#""remark", "mood""#);
    let numbers = DatasetOptions { label_column: "1".parse().ok(), ..text_column("0") };
    asks(labelled("a.csv", each, &numbers).unwrap_err(), r#""remark", "mood""#);
    asks(sentences("a.csv", "remark\nfine day\nbad day\n", &auto()).unwrap_err(), r#""remark""#);
    let wide = "a,b,c,d,e\n1,2,3,4,5\n";
    asks(sentences("a.csv", wide, &text_column("0")).unwrap_err(), r#""a", "b", "c", "d", "e""#);
    // In TSV, and if the first row has several words, a line is a sentence.
    for (name, text) in [("a.tsv", "remark\nfine day\nbad day\n"), ("a.csv", "a treat\nfine day\nbad day\n")]
    {
        assert_eq!(sentences(name, text, &auto()).unwrap().len(), 3);
    }
}

/// The article's files have no header: a sentence, a tab and a label per line.
#[test]
fn sentences_and_labels_in_the_usual_order_are_read_unasked() {
    for tsv in [
        "good\t1\nbad\t0\n",
        "good\tpositive\nbad\tnegative\n",
        "ponderous\t0\na stirring , funny film\t1\nfar too long\t0\n",
        "fine\tvery good\nnot so fine at all\tbad\n",
        "5\tgood\nfive stars\tgood\nnever again\tbad\n",
        "film\tgood\nfilm\tnever seen\n",
        "fine\tgood\n???\tbad\n",
        "服务态度很好\t好\n太糟糕了\t坏\n",
    ] {
        let read = sentences("a.tsv", tsv, &auto()).unwrap();
        assert_eq!(read.len(), tsv.lines().count(), "{tsv:?}");
        assert_eq!(
            read,
            labelled("a.tsv", tsv, &auto()).unwrap().into_iter().map(|(n, s, _)| (n, s)).collect::<Vec<_>>()
        );
    }
    let options = DatasetOptions { multi_label: Some(";".parse().unwrap()), ..auto() };
    let tsv = "match\tsport; world news\nvote\tworld news; politics\n";
    assert_eq!(Dataset::read(tsv.as_bytes(), "a.tsv", &options).unwrap().len(), 2);
}

/// Labels of several words in the first column are recognised because they are repeated.
#[test]
fn labels_that_stand_first_are_found_by_their_repetition() {
    let rows = (0..20)
        .map(|i| format!("very {}\tthe film number {i} that was shown here\n", ["good", "bad"][i % 2]));
    let error = labelled("a.tsv", &rows.collect::<String>(), &auto()).unwrap_err();
    let got = r#"got "very good", "the film number 0 that was shown here""#;
    let message = format!("a.tsv: line 1: expected the sentence first and the label second, {got}");
    assert_asks(&error, &message, "--text-column 1 --label-column 0");
}

#[test]
fn an_unknown_column_gets_the_names_there_are_and_the_nearest() {
    let csv = "id,body,stars\n7,a,1\n8,b,0\n";
    let message = r#"a.csv: line 1: expected a column "bodi", got the columns "id", "body", "stars""#;
    let hint = r#"check the spelling: did you mean the column "body"?"#;
    let error = sentences("a.csv", csv, &text_column("bodi")).unwrap_err();
    assert_eq!((error.to_string().as_str(), error.hint()), (message, Some(hint)));
    let options = DatasetOptions { label_column: Some("start".parse().unwrap()), ..auto() };
    let error = labelled("a.csv", csv, &options).unwrap_err();
    assert_eq!(error.hint(), Some(r#"check the spelling: did you mean the column "stars"?"#));
    let error = sentences("a.csv", csv, &text_column("utterances")).unwrap_err();
    assert_eq!(error.hint(), Some("choose one of these columns by its exact name"));
    let error = sentences("a.csv", csv, &text_column("3")).unwrap_err();
    assert_asks(
        &error,
        "a.csv: line 1: expected a column 3, counted from 0, got 3 columns",
        "a number from 0 to 2",
    );
    // Twenty-one names are all shown; of more, some are counted, and never exactly one.
    let header = |n: usize| (0..n).map(|i| format!("c{i}")).collect::<Vec<_>>().join(",") + "\n";
    let shown = |n| sentences("a.csv", &header(n), &text_column("text")).unwrap_err().to_string();
    assert!(shown(21).ends_with(r#""c19", "c20""#) && shown(22).ends_with(r#""c19" and 2 more"#));
    let jsonl = r#"{"id": 1, "body": "a"}"#;
    let error = sentences("a.jsonl", jsonl, &text_column("bodi")).unwrap_err();
    assert_eq!(error.to_string(), r#"a.jsonl: line 1: expected the key "bodi", got "id", "body""#);
    assert_eq!(error.hint(), Some(r#"check the spelling: did you mean the key "body"?"#));
}

// ---- delimiters --------------------------------------------------------------------------------

/// Oracle: `pandas.read_csv` with that `sep`.
#[test]
fn a_header_makes_the_delimiter_plain() {
    for text in [
        "text;label\ngood, very;1\nbad;0\n",
        "\u{feff}Text|Label\r\ngood, very|1\r\nbad|0\r\n",
        "label\ttext\n1\tgood, very\n0\tbad\n",
        "id;label;review\n7;1;\"good, very\"\n8;0;bad\n",
    ] {
        assert_labelled("a.csv", text, &auto(), AFTER_HEADER);
        let read = sentences("a.csv", text, &auto()).unwrap();
        assert_eq!(read, [(2, "good, very".to_string()), (3, "bad".to_string())], "{text:?}");
    }
    // A requested name is as good as a known one.
    let csv = "nr;phrase\n1;good, very\n2;bad\n";
    let expected = [(2, "good, very".to_string()), (3, "bad".to_string())];
    assert_eq!(sentences("a.csv", csv, &text_column("phrase")).unwrap(), expected);
    // If commas make a header, they are the delimiter, whatever else it contains.
    assert_labelled("a.csv", "text,label\na;b,1\nc|d,0\n", &auto(), &[(2, "a;b", "1"), (3, "c|d", "0")]);
}

#[test]
fn a_line_of_excel_says_the_delimiter() {
    let expected: &[_] = &[(3, "good, very", "1"), (4, "bad", "0")];
    assert_labelled("a.csv", "sep=;\r\ntext;label\r\ngood, very;1\r\nbad;0\r\n", &auto(), expected);
    assert_labelled("a.csv", "\"sep=;\"\ntext;label\ngood, very;1\nbad;0\n", &auto(), expected);
    assert_labelled("a.csv", "\u{feff}SEP=\t\ntext\tlabel\ngood, very\t1\nbad\t0\n", &auto(), expected);
    assert_labelled(
        "a.csv",
        "sep=;\ngood, very;1\nbad;0\n",
        &auto(),
        &[(2, "good, very", "1"), (3, "bad", "0")],
    );
    assert_labelled("a.csv", "sep=;\ntext|label\ngood, very|1\nbad|0\n", &delimiter("|"), expected);
}

#[test]
fn a_suspected_delimiter_is_asked_for() {
    let message = |usual: &str, suspect: &str| {
        format!("line 1: expected a {usual} between the fields, got what seems to be a {suspect}")
    };
    for (name, text, message, hint) in [
        ("a.csv", "nr;phrase\n1;good, very\n2;bad\n", message("comma", "semicolon"), "--delimiter \";\""),
        ("a.csv", "good film|1\nbad film|0\n", message("comma", "vertical bar"), "--delimiter \"|\""),
        ("a.csv", "good film\t1\nbad film\t0\n", message("comma", "tab"), "--format tsv"),
        ("a.tsv", "text,label\ngood film,1\nbad film,0\n", message("tab", "comma"), "--format csv"),
        ("a.tsv", "good film;1\nbad film;0\n", message("tab", "semicolon"), "--delimiter \";\""),
    ] {
        let expected = format!("{name}: {message}");
        assert_asks(&labelled(name, text, &auto()).unwrap_err(), &expected, hint);
        assert_asks(&sentences(name, text, &auto()).unwrap_err(), &expected, hint);
    }
    // Sentences in a single column may contain anything.
    for text in ["so; it goes\nall well\n", "one, two\nthree, four\n", "a | b\n\nc\n"] {
        let read = sentences("a.tsv", text, &auto());
        assert!(
            read.as_ref().is_ok_and(|read| read.len() > 1) || text.contains("\n\n"),
            "{text:?}: {read:?}"
        );
    }
}

#[test]
fn a_delimiter_that_is_given_is_used() {
    assert_labelled(
        "a.csv",
        "good, very;1\nbad;0\n",
        &delimiter(";"),
        &[(1, "good, very", "1"), (2, "bad", "0")],
    );
    assert_labelled(
        "a.txt",
        "good, very\t1\nbad\t0\n",
        &delimiter("tab"),
        &[(1, "good, very", "1"), (2, "bad", "0")],
    );
    assert_labelled("stdin", "\"a|b\"|1\nc|0\n", &delimiter("|"), &[(1, "a|b", "1"), (2, "c", "0")]);
    assert_labelled("a.tsv", "\"a~1\nb~0\n", &delimiter("~"), &[(1, "\"a", "1"), (2, "b", "0")]);
    let error = labelled("a.csv", "\"a\"b;1\n", &delimiter(";")).unwrap_err();
    assert_eq!(error.to_string(), "a.csv: line 1: expected a semicolon after the closing quote, got \"b;1\"");
    let lines = DatasetOptions { format: Some(Format::Lines), ..delimiter(";") };
    let error = sentences("a.txt", "a\n", &lines).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a.txt: expected no delimiter for a file that is neither TSV nor CSV, got one"
    );
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    for text in ["", "ab", "\"", "\n", "é", "a", "0"] {
        assert!(text.parse::<Delimiter>().is_err(), "{text:?}");
    }
}

// ---- quoting -----------------------------------------------------------------------------------

/// Written by pandas 2: `pd.DataFrame({"text": ['so "good"', "two\nlines", "a\tb", "plain"], "label": [1, 0, 1, 0]})
/// .to_csv(path, sep="\t", index=False)`.
const PANDAS: &str = "text\tlabel\n\"so \"\"good\"\"\"\t1\n\"two\nlines\"\t0\n\"a\tb\"\t1\nplain\t0\n";

#[test]
fn tsv_of_pandas_is_read_with_quoting() {
    let expected: &[_] =
        &[(2, "so \"good\"", "1"), (3, "two\nlines", "0"), (5, "a\tb", "1"), (6, "plain", "0")];
    assert_labelled("a.tsv", PANDAS, &quoting(Quoting::Minimal), expected);
    let error = labelled("a.tsv", PANDAS, &auto()).unwrap_err();
    assert_asks(&error, "a.tsv: line 3: expected 2 columns, got 1", "--quoting minimal");
}

#[test]
fn quotes_are_ordinary_characters_in_tsv_unless_asked() {
    let tsv = "\"so good\t1\n\"bad\" , he said\t0\n";
    let expected: &[_] = &[(1, "\"so good", "1"), (2, "\"bad\" , he said", "0")];
    assert_labelled("a.tsv", tsv, &auto(), expected);
    assert_labelled("a.tsv", tsv, &quoting(Quoting::None), expected);
    assert_labelled(
        "a.csv",
        &tsv.replace(" ,", "").replace('\t', ","),
        &quoting(Quoting::None),
        &[(1, "\"so good", "1"), (2, "\"bad\" he said", "0")],
    );
    let error = "loose".parse::<Quoting>().unwrap_err();
    assert_eq!(error.to_string(), r#"expected auto, minimal or none, got "loose""#);
}
