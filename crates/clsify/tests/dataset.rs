//! Good and bad data files, and the messages about them.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;

use clsify::dataset::{Column, Dataset, DatasetOptions, Format, Header, Sentences};
use clsify::error::ErrorKind;

fn load(name: &str, bytes: impl AsRef<[u8]>, options: &DatasetOptions) -> clsify::error::Result<Dataset> {
    Dataset::read(bytes.as_ref(), name, options)
}

fn auto() -> DatasetOptions {
    DatasetOptions::default()
}

fn header(header: Header) -> DatasetOptions {
    DatasetOptions { header, ..auto() }
}

fn columns(text: &str, label: &str) -> DatasetOptions {
    let column = |text: &str| if text.is_empty() { None } else { Some(text.parse::<Column>().unwrap()) };
    DatasetOptions { text_column: column(text), label_column: column(label), ..auto() }
}

fn limit(limit: usize) -> DatasetOptions {
    DatasetOptions { limit: Some(limit), ..auto() }
}

type Expected<'a> = &'a [(usize, &'a str, &'a str)];

#[track_caller]
fn assert_reads(name: &str, bytes: impl AsRef<[u8]>, options: &DatasetOptions, expected: Expected<'_>) {
    let dataset = load(name, bytes, options).unwrap();
    let lines = dataset.lines().iter().copied();
    let texts = dataset.sentences().iter().zip(dataset.labels());
    let got: Vec<_> = lines.zip(texts).map(|(line, (s, l))| (line, s.as_str(), l.as_str())).collect();
    assert_eq!(got, expected);
}

#[track_caller]
fn assert_sentences(
    name: &str,
    bytes: impl AsRef<[u8]>,
    options: &DatasetOptions,
    expected: &[(usize, &str)],
) {
    let sentences = Sentences::read(bytes.as_ref(), name, options).unwrap();
    let texts = sentences.sentences().iter().map(String::as_str);
    let got: Vec<_> = sentences.lines().iter().copied().zip(texts).collect();
    assert_eq!(got, expected);
}

#[track_caller]
fn assert_fails(name: &str, bytes: impl AsRef<[u8]>, options: &DatasetOptions, message: &str) {
    let error = load(name, bytes, options).unwrap_err();
    assert_eq!(error.to_string(), message);
    assert_eq!(error.kind(), ErrorKind::Dataset);
}

#[track_caller]
fn assert_hints(name: &str, bytes: impl AsRef<[u8]>, hint: &str) {
    let error = load(name, bytes, &auto()).unwrap_err();
    assert!(error.hint().is_some_and(|h| h.contains(hint)), "{error}\nhint: {:?}", error.hint());
}

const TWO: Expected<'_> = &[(1, "good", "1"), (2, "bad", "0")];
const AFTER_HEADER: Expected<'_> = &[(2, "good", "1"), (3, "bad", "0")];

// ---- files that are read -----------------------------------------------------------------------

#[test]
fn line_ends_marks_and_blank_lines() {
    for tsv in [
        "good\t1\nbad\t0\n",
        "good\t1\nbad\t0",
        "good\t1\r\nbad\t0\r\n",
        "good\t1\r\nbad\t0",
        "\u{feff}good\t1\nbad\t0\n",
        "good\t1\nbad\t0\n\n \n\r\n",
        "good\t 1 \nbad\t0 \n",
    ] {
        assert_reads("a.tsv", tsv, &auto(), TWO);
        assert_reads("a.csv", tsv.replace('\t', ","), &auto(), TWO);
    }
    assert_reads("a.tsv", "\n\ngood\t1\n  \n\nbad\t0\n", &auto(), &[(3, "good", "1"), (6, "bad", "0")]);
    assert_reads("a.csv", "\n\ngood,1\n  \n\nbad,0\n", &auto(), &[(3, "good", "1"), (6, "bad", "0")]);
}

#[test]
fn a_quote_in_tsv_is_an_ordinary_character() {
    let tsv = "\"good\t1\n\"bad\" \\t he said\t0\n ok \t1\n";
    let expected = &[(1, "\"good", "1"), (2, "\"bad\" \\t he said", "0"), (3, " ok ", "1")];
    assert_reads("a.tsv", tsv, &auto(), expected);
}

#[test]
fn csv_quotes_hold_commas_quotes_and_line_breaks() {
    let csv = "\"a, b\",1\r\n\"two\r\nlines\n\nand \"\"more\"\"\",\"0\"\r\n5\" tall,\"\"\"\"\nlast,1";
    let expected = &[
        (1, "a, b", "1"),
        (2, "two\r\nlines\n\nand \"more\"", "0"),
        (6, "5\" tall", "\""),
        (7, "last", "1"),
    ];
    assert_reads("a.csv", csv, &auto(), expected);
}

/// As in Python's universal newlines and in pandas: `pd.read_csv` of the CSV gives these rows.
#[test]
fn a_bare_carriage_return_ends_a_line() {
    for tsv in ["good\t1\rbad\t0\r", "good\t1\rbad\t0", "\u{feff}good\t1\rbad\t0\r\r"] {
        assert_reads("a.tsv", tsv, &auto(), TWO);
        assert_reads("a.csv", tsv.replace('\t', ","), &auto(), TWO);
    }
    let mixed = "text,label\ngood,1\r\"b\rd\",0\r\n\"e\r\nf\",0\rg,1";
    let expected = &[(2, "good", "1"), (3, "b\rd", "0"), (5, "e\r\nf", "0"), (7, "g", "1")];
    assert_reads("a.csv", mixed, &auto(), expected);
    let jsonl =
        r#"{"text": "good", "label": 1}"#.to_string() + "\r" + r#"{"text": "bad", "label": 0}"# + "\r";
    assert_reads("a.jsonl", jsonl, &auto(), TWO);
    assert_sentences(
        "a.txt",
        "one\rtwo\nthree\r\nfour\r",
        &auto(),
        &[(1, "one"), (2, "two"), (3, "three"), (4, "four")],
    );
}

#[test]
fn a_header_is_recognised_in_any_order_and_case() {
    assert_reads("a.tsv", "sentence\tlabel\ngood\t1\nbad\t0\n", &auto(), AFTER_HEADER);
    assert_reads("a.csv", "\u{feff}Label, TEXT \n1,good\n0,bad\n", &auto(), AFTER_HEADER);
    assert_reads("a.csv", "id,Class,n,question\n7,1,x,good\n8,0,x,bad\n", &auto(), AFTER_HEADER);
    // Of several known names, the one earlier in the list is used.
    assert_reads("a.csv", "title,label,text\nt,1,good\nt,0,bad\n", &auto(), AFTER_HEADER);
    assert_reads(
        "a.csv",
        "\n\"text\",\"label\"\ngood,1\nbad,0\n",
        &auto(),
        &[(3, "good", "1"), (4, "bad", "0")],
    );
}

#[test]
fn a_header_is_forced_either_way() {
    let named = "text\tlabel\ngood\t1\n";
    assert_reads("a.tsv", named, &header(Header::Absent), &[(1, "text", "label"), (2, "good", "1")]);
    assert_reads("a.tsv", "foo\tbar\ngood\t1\nbad\t0\n", &header(Header::Present), AFTER_HEADER);
    // If one name is known, the other column is the label or the sentence.
    assert_reads("a.tsv", "stars\ttext\n1\tgood\n0\tbad\n", &header(Header::Present), AFTER_HEADER);
}

#[test]
fn columns_by_name_and_by_number() {
    let csv = "id,phrase,text,stars\n7,good,x,1\n8,bad,y,0\n";
    assert_reads("a.csv", csv, &columns("phrase", "stars"), AFTER_HEADER);
    assert_reads("a.csv", csv, &columns("phrase", "3"), AFTER_HEADER);
    assert_reads("a.csv", csv, &columns("", "stars"), &[(2, "x", "1"), (3, "y", "0")]);
    assert_reads("a.tsv", "1\tgood\n0\tbad\n", &columns("1", ""), TWO);
    assert_reads("a.tsv", "1\tgood\n0\tbad\n", &columns("", "0"), TWO);
    assert_reads("a.tsv", "1\tx\tgood\n0\tx\tbad\n", &columns("2", "0"), TWO);
    assert_reads("a.tsv", "label\ttext\n1\tgood\n0\tbad\n", &columns("1", "0"), AFTER_HEADER);
}

#[test]
fn jsonl_labels_are_text() {
    let jsonl = r#"
{"text": "a\tb \"c\" \u00e9", "label": "x", "extra": {"deep": [1, null]}}

{"label": 1, "text": "two"}
{"label": 1.10, "text": "three", "label2": null}
{"label": true, "text": "four"}
{"label": 123456789012345678901234567890, "text": "five"}
{"label": "first", "text": " six ", "label": " last "}"#;
    let expected = &[
        (2, "a\tb \"c\" é", "x"),
        (4, "two", "1"),
        (5, "three", "1.10"),
        (6, "four", "true"),
        (7, "five", "123456789012345678901234567890"),
        (8, " six ", "last"),
    ];
    assert_reads("a.jsonl", jsonl, &auto(), expected);
    let jsonl = "\u{feff}{\"Review\": \"good\", \"7\": 1}\r\n{\"7\": 0, \"Review\": \"bad\"}\r\n";
    assert_reads("a.ndjson", jsonl, &columns("", "7"), TWO);
    assert_reads("a.json", jsonl, &columns("Review", "7"), TWO);
}

#[test]
fn the_format_is_the_extension_or_what_is_said() {
    let options = DatasetOptions { format: Some(Format::Csv), ..auto() };
    assert_reads("data", "good,1\nbad,0\n", &options, TWO);
    assert_reads("data.tsv", "good,1\nbad,0\n", &options, TWO);
    assert_reads("DATA.TSV", "good\t1\nbad\t0\n", &auto(), TWO);
}

#[test]
fn what_follows_the_limit_is_not_looked_at() {
    assert_reads("a.tsv", b"good\t1\n\nbad\t0\n\xff\0\n", &limit(2), &[(1, "good", "1"), (3, "bad", "0")]);
    assert_reads("a.csv", "text,label\ngood,1\nbad,0\n\"open", &limit(2), AFTER_HEADER);
    assert_reads("a.tsv", "good\t1\nbad\t0\n", &limit(9), TWO);
}

#[test]
fn the_summary_counts() {
    let dataset = load("a.tsv", "a\t1\nb\t0\na\t1\na\t0\nc\t0\nb\t0\nA\t1\n", &auto()).unwrap();
    let summary = serde_json::to_string(&dataset.summary()).unwrap();
    let expected = r#"{"n_samples":7,"class_counts":{"0":4,"1":3},"n_duplicates":3,"n_conflicting":1}"#;
    assert_eq!(summary, expected);
    let dataset = Dataset::from_pairs([("a", "10"), ("b", "9"), ("c", "é"), ("d", "b"), ("e", "B")]).unwrap();
    assert_eq!(dataset.classes(), ["10", "9", "B", "b", "é"]);
}

#[test]
fn sentences_need_no_label() {
    let lines = "one\n  \n\"two,\tthree\n\n\n";
    assert_sentences("a.txt", lines, &auto(), &[(1, "one"), (2, "  "), (3, "\"two,\tthree")]);
    assert_sentences("a.txt", "  \none", &auto(), &[(1, "  "), (2, "one")]);
    assert_sentences("a.txt", "text\nlabel\n", &header(Header::Present), &[(1, "text"), (2, "label")]);
    assert_sentences("a.tsv", "good\t1\n\n \t0\n", &auto(), &[(1, "good"), (3, " ")]);
    assert_sentences("a.tsv", "text\none\n \n", &auto(), &[(2, "one"), (3, " ")]);
    assert_sentences("a.csv", "one\n\" \"\n", &auto(), &[(1, "one"), (2, " ")]);
    assert_sentences("a.csv", "id,text\n7,one\n", &auto(), &[(2, "one")]);
    assert_sentences("a.csv", "id,phrase\n7,one\n", &columns("phrase", "nothing"), &[(2, "one")]);
    assert_sentences("a.csv", "foo\none\n", &header(Header::Present), &[(2, "one")]);
    assert_sentences("a.jsonl", "{\"text\": \" \"}\n\n{\"text\": \"b\"}", &auto(), &[(1, " "), (3, "b")]);
    assert_sentences("a.txt", b"one\n\xff\n", &limit(1), &[(1, "one")]);
}

#[test]
fn files_are_loaded_by_path() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.tsv");
    fs::write(&path, "good\t1\nbad\t0\n").unwrap();
    assert_eq!(Dataset::load(&path, &auto()).unwrap().len(), 2);
    assert_eq!(Sentences::load(&path, &auto()).unwrap().len(), 2);
    fs::write(&path, "good\t1\nbad\n").unwrap();
    let error = Dataset::load(&path, &auto()).unwrap_err();
    assert_eq!(error.to_string(), format!("{}: line 2: expected 2 columns, got 1", path.display()));
}

// ---- files that are refused --------------------------------------------------------------------

#[test]
fn a_folder_and_a_missing_file() {
    let folder = tempfile::tempdir().unwrap();
    let error = Dataset::load(folder.path(), &auto()).unwrap_err();
    assert_eq!(error.to_string(), format!("{}: expected a file, got a folder", folder.path().display()));
    assert_eq!(error.kind(), ErrorKind::Dataset);
    let error = Sentences::load(Path::new("nowhere.tsv"), &auto()).unwrap_err();
    assert_eq!(error.to_string(), "nowhere.tsv: no such file or folder");
    assert_eq!(error.kind(), ErrorKind::Io);
}

#[test]
fn unknown_extension() {
    assert_fails(
        "a.docx",
        "",
        &auto(),
        r#"a.docx: expected the extension tsv, csv, jsonl or txt, got "docx""#,
    );
    assert_fails("data", "", &auto(), "data: expected the extension tsv, csv, jsonl or txt, got none");
    assert_hints("a.docx", "", "--format");
    let message = "a.txt: expected labelled sentences, got the format of one sentence per line";
    assert_fails("a.txt", "good\n", &auto(), message);
    assert_hints("a.txt", "good\t1\n", "--format");
}

#[test]
fn empty_file() {
    for empty in ["", "\u{feff}"] {
        for name in ["a.tsv", "a.csv", "a.jsonl"] {
            assert_fails(name, empty, &auto(), &format!("{name}: expected sentences, got an empty file"));
        }
    }
    assert_fails("a.tsv", "\n\n \n", &auto(), "a.tsv: line 3: expected a record, got the end of the file");
    assert_fails(
        "a.csv",
        "text,label\n",
        &auto(),
        "a.csv: line 1: expected a record, got the end of the file",
    );
}

#[test]
fn wrong_column_count() {
    for (name, text, message) in [
        ("a.tsv", "a\t1\nb\t0\t\n", "line 2: expected 2 columns, got 3"),
        ("a.tsv", "a\t1\nb\n", "line 2: expected 2 columns, got 1"),
        ("a.tsv", "a\t1\t2\n", "line 1: expected 2 columns, got 3"),
        ("a.tsv", "alone\n", "line 1: expected 2 columns, got 1"),
        ("a.csv", "text\nb\n", "line 1: expected 2 columns, got 1"),
        ("a.csv", "text,label\n\"a\nb\",1\nno, thanks,0\n", "line 4: expected 2 columns, got 3"),
        ("a.csv", "a,1\n\"\"\nb,0\n", "line 2: expected 2 columns, got 1"),
    ] {
        assert_fails(name, text, &auto(), &format!("{name}: {message}"));
    }
    assert_hints("a.tsv", "a,1\nb,0\n", "--format csv");
    assert_hints("a.tsv", "a\t1\n\"b\tc\"\t0\n", "a quote is an ordinary character");
    assert_hints("a.tsv", "a\t1\n\"b\nc\"\t0\n", "a quote is an ordinary character");
    assert_hints("a.tsv", "a\t1\tx\nb\t0\tx\n", "--text-column");
    assert_hints("a.csv", "a\t1\nb\t0\n", "--format tsv");
    assert_hints("a.csv", "good,1\nno, thanks,0\n", "double quotes");
}

#[test]
fn a_first_row_that_may_be_a_header_or_a_record() {
    let message = "expected a header that names a sentence and a label column, or none, got";
    assert_fails(
        "a.csv",
        "text,stars\nb,0\n",
        &auto(),
        &format!(r#"a.csv: line 1: {message} "text", "stars""#),
    );
    let phrase = format!(r#"a.csv: line 1: {message} "phrase", "label""#);
    assert_fails("a.csv", "phrase,label\nb,0\n", &auto(), &phrase);
    assert_hints("a.csv", "text,stars\nb,0\n", "--header absent");
    let error = Sentences::read("phrase,label\nb,0\n".as_bytes(), "a.csv", &auto()).unwrap_err();
    assert_eq!(error.to_string(), phrase.replace("a sentence and a label column", "a sentence column"));
}

#[test]
fn columns_that_are_not_there() {
    let csv = "id,phrase,stars\n7,a,1\n8,b,0\n";
    let list = r#"got the columns "id", "phrase", "stars""#;
    for (options, message) in [
        (columns("sentence", "stars"), format!(r#"expected a column "sentence", {list}"#)),
        (columns("phrase", ""), format!("expected a label column, {list}")),
        (header(Header::Present), format!("expected a sentence and a label column, {list}")),
        (columns("1", "3"), "expected a column 3, counted from 0, got 3 columns".to_string()),
        (columns("1", ""), "expected 2 columns, got 3".to_string()),
    ] {
        assert_fails("a.csv", csv, &options, &format!("a.csv: line 1: {message}"));
    }
    let twice = "text,text,label\na,b,1\n";
    assert_fails("a.csv", twice, &auto(), r#"a.csv: line 1: expected one column "text", got 2"#);
    let error = Sentences::read(csv.as_bytes(), "a.csv", &header(Header::Present)).unwrap_err();
    assert_eq!(error.to_string(), format!("a.csv: line 1: expected a sentence column, {list}"));
}

#[test]
fn text_from_a_file_keeps_to_one_short_line() {
    let csv = format!("id,\"a\n{}\",{}b\n", "x".repeat(90), "c,".repeat(20));
    let shown = format!(r#""id", "a\n{}"…{} and 3 more"#, "x".repeat(38), r#", "c""#.repeat(18));
    let message = format!(r#"a.csv: line 1: expected a column "text", got the columns {shown}"#);
    assert_fails("a.csv", csv, &columns("text", "id"), &message);
}

#[test]
fn options_that_contradict_themselves() {
    let same = "expected two columns, got the same one for the sentence and the label";
    let nameless = "expected column numbers for a file without a header, got a column name";
    let absent = DatasetOptions { header: Header::Absent, ..columns("a", "1") };
    for (options, message) in [
        (limit(0), "expected a limit of at least 1 record, got 0"),
        (columns("1", "1"), same),
        (absent, nameless),
        (columns("label", "1"), "line 1: expected two columns, got column 1 for the sentence and the label"),
    ] {
        let error = load("a.csv", "text,label\na,1\n", &options).unwrap_err();
        assert_eq!(error.to_string(), format!("a.csv: {message}"));
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    }
    let error = Sentences::read("a".as_bytes(), "a.txt", &columns("0", "")).unwrap_err();
    assert_eq!(error.to_string(), "a.txt: expected no column for one sentence per line, got one");
}

#[test]
fn empty_sentence_and_empty_label() {
    for (name, text, message) in [
        ("a.tsv", "a\t1\n\t0\n", "line 2: expected a sentence, got an empty one"),
        ("a.tsv", "a\t1\n \u{a0}\t0\n", "line 2: expected a sentence, got only whitespace"),
        ("a.csv", "a,1\n\"\",0\n", "line 2: expected a sentence, got an empty one"),
        ("a.tsv", "a\t1\nb\t \n", "line 2: expected a label, got an empty one"),
        ("a.jsonl", r#"{"text": "", "label": 1}"#, "line 1: expected a sentence, got an empty one"),
        ("a.jsonl", r#"{"text": "a", "label": ""}"#, "line 1: expected a label, got an empty one"),
    ] {
        assert_fails(name, text, &auto(), &format!("{name}: {message}"));
    }
    for (name, text, message) in [
        ("a.txt", "a\n\n\nb\n", "line 2: expected a sentence, got an empty line"),
        ("a.txt", "\na\n", "line 1: expected a sentence, got an empty line"),
        ("a.tsv", "text\n\nb\n", "line 2: expected a sentence, got an empty line"),
        ("a.tsv", "a\t1\n\t0\n", "line 2: expected a sentence, got an empty one"),
        ("a.csv", "a\n\"\"\n", "line 2: expected a sentence, got an empty one"),
        ("a.csv", "\"\"\na\n", "line 1: expected a sentence, got an empty one"),
    ] {
        let error = Sentences::read(text.as_bytes(), name, &auto()).unwrap_err();
        assert_eq!(error.to_string(), format!("{name}: {message}"));
    }
}

#[test]
fn one_class_only() {
    let message = r#"expected at least 2 classes, got only "1""#;
    assert_fails("a.tsv", "a\t1\nb\t1\n\nc\t1\n", &auto(), &format!("a.tsv: lines 1 to 4: {message}"));
    assert_fails("a.csv", "text,label\na,1\n", &auto(), &format!("a.csv: line 2: {message}"));
    let sorted = "a\t1\nb\t1\nc\t0\n";
    assert_fails("a.tsv", sorted, &limit(2), &format!("a.tsv: lines 1 to 2: {message}"));
    assert!(load("a.tsv", sorted, &limit(2)).unwrap_err().hint().unwrap().contains("--limit"));
    let error = Dataset::from_pairs([("a", "1"), ("b", "1")]).unwrap_err();
    assert_eq!(error.to_string(), message);
    let error = Dataset::from_pairs::<&str, &str>([]).unwrap_err();
    assert_eq!(error.to_string(), "expected labelled sentences, got none");
}

#[test]
fn not_utf8() {
    for (name, bytes, message) in [
        ("a.tsv", b"a\t1\ncaf\xe9\t0\n".as_slice(), "line 2: expected UTF-8, got the byte 0xe9 at byte 4"),
        ("a.csv", b"\"a\n\xc3", "line 2: expected UTF-8, got the byte 0xc3 at byte 1"),
        ("a.jsonl", b"{\"text\": \"caf\xe9\"}", "line 1: expected UTF-8, got the byte 0xe9 at byte 14"),
        ("a.tsv", b"\xef\xbb\xbfab\xff\n", "line 1: expected UTF-8, got the byte 0xff at byte 6"),
    ] {
        assert_fails(name, bytes, &auto(), &format!("{name}: {message}"));
        assert_hints(name, bytes, "iconv");
    }
}

#[test]
fn utf16_utf32_and_nul_bytes() {
    let le: Vec<u8> = "good\t1\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let be: Vec<u8> = "good\t1\n".encode_utf16().flat_map(u16::to_be_bytes).collect();
    for (bytes, encoding) in [
        ([b"\xff\xfe".as_slice(), &le].concat(), "UTF-16"),
        ([b"\xfe\xff".as_slice(), &be].concat(), "UTF-16"),
        (le, "UTF-16LE"),
        (be, "UTF-16BE"),
        (b"\xff\xfe\0\0g\0\0\0".to_vec(), "UTF-32"),
    ] {
        assert_fails("a.tsv", &bytes, &auto(), &format!("a.tsv: line 1: expected UTF-8, got {encoding}"));
        assert_hints("a.tsv", &bytes, &format!("iconv -f {encoding}"));
    }
    assert_fails("a.csv", "a,1\nb\0,0\n", &auto(), "a.csv: line 2: expected text, got a NUL byte at byte 2");
    assert_fails("a.tsv", [0; 40], &auto(), "a.tsv: line 1: expected text, got a NUL byte at byte 1");
}

#[test]
fn bad_quotes_in_csv() {
    let open = "expected a closing quote, got the end of the file";
    assert_fails("a.csv", "a,1\n\"b,0\nc,1\n", &auto(), &format!("a.csv: line 2: {open}"));
    assert_fails("a.csv", "a,1\nb,\"0\nc,1", &auto(), &format!("a.csv: line 2: {open}"));
    assert_fails("a.csv", "\"", &auto(), &format!("a.csv: line 1: {open}"));
    let after = "expected a comma after the closing quote, got";
    assert_fails("a.csv", "a,1\n\"b\" é,0\n", &auto(), &format!(r#"a.csv: line 2: {after} " é,0""#));
    // A stray quote extends to the next one, some rows below.
    let stray = "a,1\n\"b,0\nc,1\n\"d,0\ne,1\n";
    assert_fails("a.csv", stray, &auto(), &format!(r#"a.csv: line 4: {after} "d,0""#));
    assert_hints("a.csv", stray, "the quote opened on line 2");
}

#[test]
fn too_long() {
    let long = "x".repeat(16 << 20);
    let message = "a.tsv: line 2: expected a line of at most 16777216 bytes, got a longer one";
    assert_fails("a.tsv", format!("a\t1\n{long}\t0\n"), &auto(), message);
    let rows = "x,1\n".repeat(5 << 20);
    let message = "a.csv: line 2: expected a closing quote within 16777216 bytes, got none";
    assert_fails("a.csv", format!("a,1\n\"{rows}"), &auto(), message);
}

#[test]
fn bad_json() {
    let broken = "expected a JSON object, got broken JSON at byte";
    let label = r#"expected a string, a number or a boolean under "label", got"#;
    for (line, message) in [
        (r#"{"text": "a", "label": 1"#, format!("{broken} 24: EOF while parsing an object")),
        (r#"{"text": "a" "label": 1}"#, format!("{broken} 14: expected `,` or `}}`")),
        (r#"{"text": "a", "label": 1} x"#, format!("{broken} 27: trailing characters")),
        ("good\t1", format!("{broken} 1: expected value")),
        (r#"[{"text": "a", "label": 1}]"#, "expected a JSON object, got an array".to_string()),
        (r#""a""#, "expected a JSON object, got a string".to_string()),
        ("null", "expected a JSON object, got null".to_string()),
        ("17", "expected a JSON object, got a number".to_string()),
        (r#"{"id": 7, "label": 1}"#, r#"expected the key "text", got "id", "label""#.to_string()),
        (r#"{"text": "a"}"#, r#"expected the key "label", got "text""#.to_string()),
        ("{}", r#"expected the key "text", got an empty object"#.to_string()),
        (r#"{"text": 1, "label": 1}"#, r#"expected a string under "text", got a number"#.to_string()),
        (r#"{"text": null, "label": 1}"#, r#"expected a string under "text", got null"#.to_string()),
        (r#"{"text": "a", "label": null}"#, format!("{label} null")),
        (r#"{"text": "a", "label": ["x"]}"#, format!("{label} an array")),
        (r#"{"text": "a", "label": {}}"#, format!("{label} an object")),
        (
            r#"{"text": "\ud800", "label": 1}"#,
            r#"expected a string under "text", got a broken one: unexpected end of hex escape"#.to_string(),
        ),
    ] {
        let jsonl = format!("{{\"text\": \"ok\", \"label\": 0}}\n{line}\n");
        assert_fails("a.jsonl", jsonl, &auto(), &format!("a.jsonl: line 2: {message}"));
    }
    let message = r#"a.jsonl: line 1: expected a sentence key, got "id", "label""#;
    assert_fails("a.jsonl", r#"{"id": 7, "label": 1}"#, &auto(), message);
    let message = r#"a.jsonl: line 1: expected a label key, got "text", "stars""#;
    assert_fails("a.jsonl", r#"{"text": "a", "stars": 1}"#, &auto(), message);
    assert_hints("a.jsonl", r#"{"text": "a", "stars": 1}"#, "--label-column");
    assert_hints("a.json", "{\n  \"text\": \"a\"\n}\n", "one whole object per line");
    assert_hints("a.json", "good\t1\n", "one object per line");
}

#[test]
fn deep_json_does_not_overflow_the_stack() {
    for depth in [200, 1 << 20] {
        let (open, close) = ("[".repeat(depth), "]".repeat(depth));
        let line = |label| format!("{{\"text\": \"a\", \"x\": {open}{close}, \"label\": {label}}}\n");
        assert_eq!(load("a.jsonl", line(1) + &line(0), &auto()).unwrap().len(), 2);
        assert!(load("a.jsonl", format!("{{\"text\": {open}"), &auto()).is_err());
    }
}

#[test]
fn an_error_while_reading_names_the_line() {
    struct Fails(bool);
    impl std::io::Read for Fails {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            if std::mem::replace(&mut self.0, true) {
                return Err(std::io::Error::other("the disk is gone"));
            }
            buffer[..4].copy_from_slice(b"a\t1\n");
            Ok(4)
        }
    }
    let error = Dataset::read(Fails(false), "a.tsv", &auto()).unwrap_err();
    assert_eq!(
        (error.to_string().as_str(), error.kind()),
        ("a.tsv: line 2: the disk is gone", ErrorKind::Io)
    );
}
