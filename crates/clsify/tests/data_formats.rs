//! JSON arrays, fastText lines, gzip data, and files that are not text.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::io::{Read, Write};

use clsify::dataset::{
    Column, DamageKind, Dataset, DatasetOptions, Format, Inspected, SentenceReader, Sentences,
};
use clsify::error::{Error, ErrorKind, Result};
use flate2::Compression;
use flate2::write::GzEncoder;

fn auto() -> DatasetOptions {
    DatasetOptions::default()
}

fn format(format: Format) -> DatasetOptions {
    DatasetOptions { format: Some(format), ..auto() }
}

fn rows(
    name: &str,
    bytes: impl AsRef<[u8]>,
    options: &DatasetOptions,
) -> Result<Vec<(usize, String, String)>> {
    let dataset = Dataset::read(bytes.as_ref(), name, options)?;
    let lines = dataset.lines().iter().copied();
    let texts = dataset.sentences().iter().cloned().zip(dataset.labels().iter().cloned());
    Ok(lines.zip(texts).map(|(line, (sentence, label))| (line, sentence, label)).collect())
}

fn error(name: &str, bytes: impl AsRef<[u8]>) -> Error {
    Dataset::read(bytes.as_ref(), name, &auto()).unwrap_err()
}

fn row(line: usize, sentence: &str, label: &str) -> (usize, String, String) {
    (line, sentence.to_string(), label.to_string())
}

fn gzip(bytes: impl AsRef<[u8]>) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes.as_ref()).unwrap();
    encoder.finish().unwrap()
}

/// Oracle: the same records as JSONL.
#[test]
fn a_json_array_is_read_however_its_lines_are_broken() {
    let expected =
        [row(1, "a \"treat\", [so] {it} is\\", "1"), row(2, "a chore\n", "no"), row(3, "é", "true")];
    let compact = r#"[{"text":"a \"treat\", [so] {it} is\\","label":1},{"label":"no","text":"a chore\n","x":[{"a":"]"}]},{"text":"\u00e9","label":true}]"#;
    let value: serde_json::Value = serde_json::from_str(compact).unwrap();
    let pretty = serde_json::to_string_pretty(&value).unwrap();
    let spread = format!("\u{feff}\n\n  {}\r\n \n", compact.replace("},{", "}\t\r\n,\r\n{"));
    for text in [compact, &pretty, &spread, &format!(" {compact}")] {
        assert_eq!(rows("a.json", text, &auto()).unwrap(), expected, "{text}");
        assert_eq!(rows("a.jsonl", text, &auto()).unwrap(), expected, "{text}");
        assert_eq!(rows("stdin", text, &format(Format::Jsonl)).unwrap(), expected, "{text}");
        // Also if few bytes arrive at a time.
        let dataset = Dataset::read(Slow(text.as_bytes()), "a.json", &auto()).unwrap();
        assert_eq!(dataset.labels(), ["1", "no", "true"]);
    }
    let limit = DatasetOptions { limit: Some(2), ..auto() };
    assert_eq!(rows("a.json", &pretty, &limit).unwrap(), expected[..2]);
    let keys = DatasetOptions {
        label_column: Some(Column::Name("text".into())),
        text_column: Some(Column::Name("id".into())),
        ..auto()
    };
    assert_eq!(
        rows("a.json", r#"[{"id":"x","text":1},{"id":"y","text":2}]"#, &keys).unwrap()[1],
        row(2, "y", "2")
    );
}

#[test]
fn a_json_array_may_hold_strings_where_no_label_is_wanted() {
    let sentences = |text: &str| Sentences::read(text.as_bytes(), "a.json", &auto());
    let all = sentences("[\"first, \\\"so\\\"\",\n \"[2]\", {\"text\": \"third\"}]").unwrap();
    assert_eq!(all.sentences(), ["first, \"so\"", "[2]", "third"]);
    assert_eq!(all.lines(), [1, 2, 3]);
    assert_eq!(sentences("\"one\"\n\"two\"\n").unwrap().sentences(), ["one", "two"]);
    assert_eq!(
        sentences("[\"a\", \"\"]").unwrap_err().to_string(),
        "a.json: record 2 (line 1): expected a sentence, got an empty one"
    );
    assert_eq!(
        error("a.json", "[\"first\", \"second\"]").to_string(),
        "a.json: record 1 (line 1): expected a JSON object, got a string"
    );
}

#[test]
fn what_is_wrong_in_a_json_array_is_named_with_its_place() {
    let two = "[{\"text\": \"a\", \"label\": 1},\n {\"text\": \"b\", \"label\": 2}";
    for (text, message) in [
        ("[]".to_string(), "expected a record, got an empty array"),
        ("[".to_string(), "line 1: expected a record or ], got the end of the file"),
        (two.to_string(), "line 2: expected a comma or ] after record 2, got the end of the file"),
        (format!("{two},]"), "line 2: expected a record, got \"]\""),
        (format!("{two},,]"), "line 2: expected a record, got \",]\""),
        (
            format!("{two};]"),
            "record 2 (line 2): expected a JSON object, got broken JSON at byte 26: trailing characters",
        ),
        (format!("{two} x]"), "line 2: expected a comma or ] after record 2, got \"x]\""),
        (format!("{two}]\n[1]"), "line 3: expected the end of the file after the array, got \"[1]\""),
        (
            format!("{two},\n{{\"text\": \"c"),
            "line 3: expected the end of the record, got the end of the file",
        ),
        (
            format!("{two},\n{{\"text\": \"c\"}}]"),
            "record 3 (line 3): expected the key \"label\", got \"text\"",
        ),
        (
            format!("{two},\n{{\"text\": \" \", \"label\": 1}}]"),
            "record 3 (line 3): expected a sentence, got only whitespace",
        ),
        (format!("{two},\n\0]"), "line 3: expected text, got a NUL byte"),
        (format!("{two},\n[1, 2]]"), "record 3 (line 3): expected a JSON object, got an array"),
    ] {
        assert_eq!(error("a.json", &text).to_string(), format!("a.json: {message}"), "{text}");
    }
    let by_column = r#"{"text":{"0":"a","1":"b"},"label":{"0":1,"1":2}}"#;
    assert!(error("a.json", by_column).hint().unwrap().contains("orient=\"records\""));
    let mut bytes = two.as_bytes().to_vec();
    bytes.extend_from_slice(b",{\"text\":\"\xe9\",\"label\":1}]");
    assert_eq!(
        error("a.json", &bytes).to_string(),
        "a.json: record 3 (line 2): expected UTF-8, got the byte 0xe9 at byte 10"
    );
    let utf16: Vec<u8> = two.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(error("a.json", &utf16).to_string(), "a.json: line 1: expected UTF-8, got UTF-16LE");
}

/// An endless record is refused when it is too long, before it is in memory.
#[test]
fn a_record_of_a_json_array_has_a_limit_and_the_array_has_none() {
    let endless = std::io::Read::chain(&b"[{\"text\": \""[..], std::io::repeat(b'x'));
    let error = Dataset::read(endless, "a.json", &auto()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a.json: record 1 (line 1): expected a record of at most 16777216 bytes, got a longer one"
    );
    // One line of 40 MB.
    let long = "x".repeat(4 << 20);
    let records: Vec<String> =
        (0..10).map(|i| format!("{{\"text\":\"{long}\",\"label\":{}}}", i % 2)).collect();
    let array = format!("[{}]", records.join(","));
    assert_eq!(rows("a.json", array, &auto()).unwrap().len(), 10);
}

#[test]
fn damaged_records_of_a_json_array_are_refused_one_by_one() {
    let text = "[{\"text\":\"a\",\"label\":1},{\"text\":\"b\"},{\"text\":\"c\",,},\n{\"text\":\"\",\"label\":2},{\"text\":\"d\",\"label\":2}]";
    let inspected = Inspected::read(text.as_bytes(), "a.json", &auto()).unwrap();
    assert_eq!(inspected.dataset.sentences(), ["a", "d"]);
    assert_eq!(inspected.dataset.lines(), [1, 5]);
    let refused: Vec<_> = inspected.refused.iter().map(|damage| (damage.line, damage.kind)).collect();
    assert_eq!(
        refused,
        [(2, DamageKind::Unreadable), (3, DamageKind::Unreadable), (4, DamageKind::EmptySentence)]
    );
    assert_eq!(inspected.refused[0].message, "expected the key \"label\", got \"text\"");
}

/// Oracle: fastText's rule that a word with the prefix is a label.
#[test]
fn lines_of_fasttext_are_read_and_recognised() {
    let text = "__label__pos a stirring , funny film\n\n__label__neg far too long\r\n";
    let expected = [row(1, "a stirring , funny film", "pos"), row(3, "far too long", "neg")];
    assert_eq!(rows("reviews.txt", text, &auto()).unwrap(), expected);
    assert_eq!(rows("reviews.txt", format!("\u{feff}{text}"), &auto()).unwrap(), expected);
    assert_eq!(rows("reviews.ft", text, &auto()).unwrap(), expected);
    assert_eq!(rows("reviews.ft.txt.gz", gzip(text), &auto()).unwrap(), expected);
    assert_eq!(rows("stdin", text, &format(Format::FastText)).unwrap(), expected);
    let slow = Dataset::read(Slow(text.as_bytes()), "reviews.txt", &auto()).unwrap();
    assert_eq!(slow.labels(), ["pos", "neg"]);
    // Labels do not become part of the sentences, and are not required.
    let sentences = Sentences::read(text.as_bytes(), "reviews.txt", &auto()).unwrap();
    assert_eq!(sentences.sentences(), ["a stirring , funny film", "far too long"]);
    let lines =
        Sentences::read(text.replace('\n', " x\n").as_bytes(), "stdin", &format(Format::Lines)).unwrap();
    assert_eq!(lines.sentences()[0], "__label__pos a stirring , funny film x");
    let no_label =
        Sentences::read("a treat\n__label__x b\n".as_bytes(), "stdin", &format(Format::FastText)).unwrap();
    assert_eq!(no_label.sentences(), ["a treat", "b"]);
}

#[test]
fn lines_of_fasttext_may_have_several_labels() {
    let text =
        "__label__sport __label__politics the vote\nnothing of it\n__label__sport a __label__x match\n";
    let read = |separator: &str, text: &str| {
        let multi_label = Some(separator.parse().unwrap());
        let options = DatasetOptions { multi_label, ..format(Format::FastText) };
        Dataset::read(text.as_bytes(), "news.txt", &options)
    };
    let dataset = read(";", text).unwrap();
    assert_eq!(dataset.label_sets(), [vec!["politics", "sport"], vec![], vec!["sport", "x"]]);
    assert_eq!(dataset.sentences(), ["the vote", "nothing of it", "a match"]);
    let held = read("o", text).unwrap_err();
    assert_eq!(
        held.to_string(),
        "news.txt: line 1: expected labels without the separator \"o\", got \"sport\""
    );
    assert!(held.hint().unwrap().contains("--multi-label"));
}

#[test]
fn what_is_wrong_in_lines_of_fasttext_is_named_with_its_line() {
    for (text, message) in [
        ("__label__a x\n__label__a __label__b y\n", "line 2: expected one label per line, got 2"),
        ("__label__a x\nno label\n", "line 2: expected a label, got an empty one"),
        ("__label__a x\n__label__ y\n", "line 2: expected a label, got an empty one"),
        ("__label__a x\n__label__b\n", "line 2: expected a sentence, got an empty one"),
        ("__label__a x\n__label__a y\n", "lines 1 to 2: expected at least 2 classes, got only \"a\""),
    ] {
        assert_eq!(error("a.txt", text).to_string(), format!("a.txt: {message}"));
    }
    let hint = error("a.txt", "__label__a __label__b y\n");
    assert!(hint.hint().unwrap().contains("--multi-label"));
    assert!(error("a.txt", "a treat\n__label__a x\n").to_string().contains("one sentence per line"));
    let options = DatasetOptions { text_column: Some(Column::Index(0)), ..format(Format::FastText) };
    let column = Dataset::read("__label__a x\n".as_bytes(), "a.ft", &options).unwrap_err();
    assert_eq!(column.kind(), ErrorKind::InvalidArgument);
}

/// Oracle: the shell, for which `$'\x12sport'` is the name with its control character.
#[test]
fn a_hint_that_quotes_a_header_is_one_line_that_a_shell_takes() {
    for (csv, option) in [
        ("tse,\u{12}sport,politics\nx,0,1\ny,1,0\n", r"$'\x12sport,politics'"),
        ("tse,it's\u{1b}[31m,politics\nx,0,1\ny,1,0\n", r"$'it\'s\x1b[31m,politics'"),
        ("tse,\u{80}sport,politics\nx,0,1\ny,1,0\n", r"$'\xc2\x80sport,politics'"),
    ] {
        let error = error("a.csv", csv);
        let hint = error.hint().unwrap();
        assert!(hint.ends_with(&format!("--label-columns {option}")), "{hint:?}");
        assert!(!hint.contains(char::is_control), "{hint:?}");
    }
}

/// Oracle: the same files without compression.
#[test]
fn gzip_data_is_read_in_every_format_whatever_the_name_says() {
    let csv = "text,label\n\"a, b\",1\nc,0\n";
    let expected = rows("a.csv", csv, &auto()).unwrap();
    assert_eq!(rows("a.csv.gz", gzip(csv), &auto()).unwrap(), expected);
    assert_eq!(rows("a.CSV.GZ", gzip(csv), &auto()).unwrap(), expected);
    assert_eq!(rows("a.csv", gzip(csv), &auto()).unwrap(), expected);
    assert_eq!(rows("stdin", gzip(csv), &format(Format::Csv)).unwrap(), expected);
    assert_eq!(rows("a.gz", gzip(csv), &format(Format::Csv)).unwrap(), expected);
    for (name, text) in [
        ("a.tsv", "a\t1\nb\t0\n"),
        ("a.jsonl", "{\"text\":\"a\",\"label\":1}\n{\"text\":\"b\",\"label\":0}\n"),
        ("a.json", "[{\"text\":\"a\",\"label\":1},{\"text\":\"b\",\"label\":0}]"),
        ("a.txt", "__label__1 a\n__label__0 b\n"),
    ] {
        let expected = rows(name, text, &auto()).unwrap();
        assert_eq!(rows(&format!("{name}.gz"), gzip(text), &auto()).unwrap(), expected);
        let slow = Dataset::read(Slow(&gzip(text)), name, &auto()).unwrap();
        assert_eq!(slow.labels(), ["1", "0"]);
    }
    // Several members, one of them empty, and the zero padding after the last: one file, as for gzip.
    let parts = [gzip("a\t1\nb"), gzip(""), gzip("\t0\nc\t1\n"), vec![0; 700]].concat();
    assert_eq!(
        rows("a.tsv.gz", parts, &auto()).unwrap(),
        [row(1, "a", "1"), row(2, "b", "0"), row(3, "c", "1")]
    );
    let compressed = gzip("a\nb\n");
    let mut reader = SentenceReader::new(&compressed[..], "a.txt.gz", &auto()).unwrap();
    let all: Vec<String> = reader.by_ref().collect::<Result<_>>().unwrap();
    assert_eq!((all, reader.n_bytes()), (vec!["a".to_string(), "b".to_string()], compressed.len() as u64));
}

#[test]
fn damaged_gzip_data_is_an_error_with_its_place() {
    let text: String = (0..20_000).map(|i| format!("sentence {} {i}\t{}\n", i * 7919, i % 2)).collect();
    let whole = gzip(&text);
    let cut = error("a.tsv.gz", &whole[..whole.len() / 2]);
    let message = cut.to_string();
    assert!(message.starts_with("a.tsv.gz: line "), "{message}");
    assert!(message.ends_with(": expected whole gzip data, got the end of the file"), "{message}");
    assert_eq!(cut.kind(), ErrorKind::Dataset);
    assert!(cut.hint().unwrap().contains("gzip -t"));
    for n in [3, 12, whole.len() - 8, whole.len() - 1] {
        let message = error("a.tsv.gz", &whole[..n]).to_string();
        assert!(message.contains("expected whole gzip data, got the end of the file"), "{n}: {message}");
    }
    let mut wrong = whole.clone();
    let (middle, last) = (wrong.len() / 2, wrong.len() - 6);
    wrong[last] ^= 1;
    assert!(error("a.tsv.gz", &wrong).to_string().contains("line 20001: expected whole gzip data, got "));
    wrong[middle] ^= 0x55;
    // The data before the damage may not be rows either.
    assert!(error("a.tsv.gz", &wrong).to_string().starts_with("a.tsv.gz: line "));
    let followed = [&whole[..], b"a\t1\n"].concat();
    assert!(
        error("a.tsv.gz", followed)
            .to_string()
            .ends_with("expected whole gzip data, got other bytes after its end")
    );
    assert_eq!(
        error("a.tsv.gz", "a\t1\nb\t0\n").to_string(),
        "a.tsv.gz: expected gzip data, as the name says, got bytes that do not start like it"
    );
    assert_eq!(error("a.tsv.gz", "").to_string(), "a.tsv.gz: expected sentences, got an empty file");
    assert_eq!(error("a.tsv.gz", gzip("")).to_string(), "a.tsv.gz: expected sentences, got an empty file");
    assert_eq!(
        error("a.tsv.gz", gzip(gzip("a\t1\n"))).to_string(),
        "a.tsv.gz: expected text in the gzip data, got gzip data again"
    );
    assert!(error("a.gz", gzip("a\t1\n")).to_string().contains("expected the extension"));
}

/// Little is read at a time, and an endless line or record is refused before it is complete.
#[test]
fn damaged_gzip_data_ends_a_reader_that_passes_over_bad_records() {
    let files = [
        ("a.tsv", "a\t1\nb\t0\n"),
        ("a.csv", "text,label\na,1\nb,0\n"),
        ("a.jsonl", "{\"text\": \"a\"}\n{\"text\": \"b\"}\n"),
        ("a.json", "[{\"text\": \"a\"},\n{\"text\": \"b\"}]\n"),
        ("a.ft", "__label__1 a\n__label__0 b\n"),
        ("a.txt", "a\nb\n"),
    ];
    for (name, text) in files {
        let mut damaged = gzip(text);
        let checksum = damaged.len() - 8;
        damaged[checksum] ^= 1;
        let mut reader = SentenceReader::new(&damaged[..], name, &auto()).unwrap();
        let records: Vec<_> = std::iter::from_fn(|| reader.next_record()).collect();
        // The damage is not a record: no record has its line, and the text after it is not taken for the end of the
        // file.
        let (last, good) = records.split_last().unwrap();
        let error = last.as_ref().unwrap_err().to_string();
        assert!(error.contains("expected whole gzip data, got"), "{error}");
        let sentences = good.iter().map(|record| record.as_ref().unwrap().sentence.as_deref().unwrap());
        assert!(["a", "b"].starts_with(&sentences.collect::<Vec<_>>()), "{name}");
    }
}

#[test]
fn a_gzip_bomb_does_not_fill_the_memory() {
    let bomb = |piece: &[u8], n: usize| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        (0..n).for_each(|_| encoder.write_all(piece).unwrap());
        encoder.finish().unwrap()
    };
    let line = bomb(&[b'a'; 1 << 20], 64);
    assert!(error("a.tsv.gz", &line).to_string().contains("expected a line of at most 16777216 bytes"));
    let array = [gzip("[\""), line].concat();
    let endless = Sentences::read(&array[..], "a.json.gz", &auto()).unwrap_err();
    assert!(endless.to_string().contains("expected a record of at most 16777216 bytes"));
    // Rows are read one by one, so that only the last is in memory.
    let rows = bomb(&b"a treat\n".repeat(1 << 16), 64);
    let reader = SentenceReader::new(&rows[..], "a.txt.gz", &auto()).unwrap();
    assert_eq!(reader.map(Result::unwrap).count(), 64 << 16);
}

#[test]
fn files_that_hold_no_text_are_named_with_what_to_do() {
    let zip = |name: &str| [&b"PK\x03\x04\x14\0\0\0\x08\0"[..], &[0; 20], name.as_bytes(), &[7; 80]].concat();
    for (name, bytes, what, hint) in [
        (
            "train.parquet",
            b"PAR1\x15\x04\x15".to_vec(),
            "Parquet",
            "python3 -c \"import pandas; pandas.read_parquet('train.parquet').to_csv('train.csv', index=False)\"",
        ),
        ("train.csv", b"PAR1\x15\x04\x15".to_vec(), "Parquet", "pandas.read_parquet('train.csv')"),
        ("a b.parquet", b"PAR1\x15".to_vec(), "Parquet", "read_parquet('a b.parquet').to_csv('a b.csv'"),
        ("x.feather", b"ARROW1\0\0\xff".to_vec(), "Arrow or Feather", "read_feather('x.feather')"),
        ("book.xlsx", zip("[Content_Types].xml"), "a spreadsheet", "read_excel('book.xlsx')"),
        ("book.csv", zip("xl/workbook.xml"), "a spreadsheet", "read_excel"),
        (
            "book.xls",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0".to_vec(),
            "a spreadsheet",
            "read_excel('book.xls')",
        ),
        ("data.csv.zip", zip("data.csv"), "a ZIP archive", "unzip data.csv.zip"),
        ("data.csv", zip("data.csv"), "a ZIP archive", "unzip data.csv"),
        ("data.csv.bz2", b"BZh91AY&SY\0".to_vec(), "bzip2 data", "bunzip2 -k data.csv.bz2"),
        ("data.csv.xz", b"\xfd7zXZ\0\0".to_vec(), "xz data", "xz -dk data.csv.xz"),
        ("data.csv.zst", b"\x28\xb5\x2f\xfd\0".to_vec(), "Zstandard data", "zstd -d data.csv.zst"),
        ("data.7z", b"7z\xbc\xaf\x27\x1c\0".to_vec(), "a 7z archive", "7z x data.7z"),
        ("data.db", b"SQLite format 3\0\x10".to_vec(), "an SQLite database", "sqlite3 -header -csv data.db"),
    ] {
        let refused = error(name, &bytes);
        assert_eq!(refused.to_string(), format!("{name}: expected text, got {what}"));
        assert!(refused.hint().unwrap().contains(hint), "{name}: {}", refused.hint().unwrap());
        assert_eq!(refused.kind(), ErrorKind::Dataset);
        let stdin = Sentences::read(Slow(&bytes), "stdin", &format(Format::Lines)).unwrap_err();
        assert!(stdin.to_string().starts_with("stdin: expected text, got "), "{stdin}");
    }
    // Recognised by the extension alone, if the bytes do not show it.
    let empty = error("train.parquet", "");
    assert_eq!(
        empty.to_string(),
        "train.parquet: expected the extension tsv, csv, jsonl or txt, got \"parquet\""
    );
    assert!(empty.hint().unwrap().contains("read_parquet('train.parquet')"));
    let tar = error("data.tar.gz", gzip("data.csv\0"));
    assert!(tar.hint().unwrap().contains("tar -xf data.tar.gz"), "{:?}", tar.hint());
    // Text with a similar beginning is text.
    let text = "P\t1\nPAR\t0\nBZh\t1\nPK\t0\n7z\t1\n";
    assert_eq!(rows("a.tsv", text, &auto()).unwrap().len(), 5);
}

/// Reads one byte at a time.
struct Slow<'a>(&'a [u8]);

impl Read for Slow<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n = self.0.len().min(buffer.len()).min(1);
        let (now, later) = self.0.split_at(n);
        buffer[..n].copy_from_slice(now);
        self.0 = later;
        Ok(n)
    }
}

/// Typed input is answered before the next line: only the bytes needed to recognise the format are awaited.
#[test]
fn a_line_is_read_before_the_next_one_arrives() {
    struct Typed(usize);
    impl Read for Typed {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            self.0 += 1;
            assert!(self.0 <= 1, "read on before the first line was answered");
            buffer[..2].copy_from_slice(b"P\n");
            Ok(2)
        }
    }
    let mut reader = SentenceReader::new(Typed(0), "stdin", &format(Format::Lines)).unwrap();
    assert_eq!(reader.next().unwrap().unwrap(), "P");
}
