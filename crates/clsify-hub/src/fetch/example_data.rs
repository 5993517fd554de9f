//! Labelled movie-review sentences for the tutorial: those of the article, or those of the package `vaderSentiment`.
//!
//! Both are cached as TSV, `sentence<TAB>label`, no header, labels `1` (positive) and `0` (negative).
//!
//! Sources: SST-2 as the article reads it; C.J. Hutto and E. Gilbert, "VADER", ICWSM 2014, whose ratings (the mean of
//! about 15 to 20 people, from -4 to 4) are in an archive in the package's source distribution.

use std::io::Read;
use std::path::Path;

use clsify_base::error::{Error, ErrorKind, Result};
use clsify_base::files::{TemporaryFolder, write_atomically};
use sha2::{Digest, Sha256};

use crate::environment::{Environment, TimeLimits};
use crate::fetch::archive::tar_gz_entry;
use crate::fetch::package_index::local_or_unsuitable;
use crate::fetch::pip::{Package, Watch};
use crate::fetch::source_archive;
use crate::fetch::transport::{Failure, Transport, host};
use crate::observer::FetchObserver;
use crate::own_cache::{ARTICLE_NAME, ExampleData, VADER_NAME, article_path, vader_path};

/// The address from which the article reads its sentences.
pub(crate) const ARTICLE_URL: &str =
    "https://github.com/clairett/pytorch-sentiment-classification/raw/master/data/SST2/train.tsv";
const ARTICLE_ROWS: usize = 6920;

const VADER: Package<'static> = Package {
    name: "vaderSentiment",
    version: "3.3.2",
    sha256: "5d7c06e027fc8b99238edb0d53d970cf97066ef97654009890b83703849632f9",
    bytes: 2_466_783,
};
const VADER_ARCHIVE: &str = "vaderSentiment-3.3.2/additional_resources/hutto_ICWSM_2014.tar.gz";
const VADER_FILE: &str = "hutto_ICWSM_2014/movieReviewSnippets_GroundTruth.txt";
/// Sentences with ratings between these are left out, because they are neither positive nor negative.
const POSITIVE_ABOVE: f64 = 0.5;
const NEGATIVE_BELOW: f64 = -0.5;

/// Downloads the article's sentences.
pub(crate) fn from_article(
    environment: &Environment,
    url: &str,
    observer: &dyn FetchObserver,
) -> Result<ExampleData, Failure> {
    observer.message(&format!("fetching the article's sentences from {}", host(url)));
    // The file is small, so the limit for a first answer applies to the whole download.
    let limits = TimeLimits { stall: environment.limits.hub_answer, ..environment.limits };
    let mut answer = Transport::new(environment, url, None, limits)?.get(url, None, None)?;
    if answer.status != 200 {
        return Err(Failure::Unreachable(format!("{}: answered with status {}", host(url), answer.status)));
    }
    let mut text = String::new();
    answer.body().take(16 << 20).read_to_string(&mut text).map_err(|e| match e.kind() {
        std::io::ErrorKind::InvalidData => {
            Failure::unsuitable(format!("{}: the response is not text", host(url)))
        }
        _ => Failure::Unreachable(format!("{}: stopped in the middle of the file", host(url))),
    })?;
    check_article(&text).map_err(|reason| Failure::unsuitable(format!("{}: {reason}", host(url))))?;
    let path = article_path(&environment.own_cache);
    save(&path, &text)?;
    let why = "the article's own sentences, from the address that it gives".to_string();
    Ok(ExampleData { path, name: ARTICLE_NAME.to_string(), why })
}

/// Checks the content, because an error page or a truncated file must not be cached.
fn check_article(text: &str) -> Result<(), String> {
    for (index, line) in text.lines().enumerate() {
        let columns: Vec<&str> = line.split('\t').collect();
        if columns.len() != 2 || !["0", "1"].contains(&columns[1]) {
            return Err(format!("line {}: expected a sentence, a tab, and 0 or 1", index + 1));
        }
    }
    match text.lines().count() {
        ARTICLE_ROWS => Ok(()),
        rows => Err(format!("expected {ARTICLE_ROWS} rows, got {rows}")),
    }
}

fn save(path: &Path, text: &str) -> Result<(), Failure> {
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(|e| Failure::Local(Error::io(folder, e)))?;
    write_atomically(path, |out| out.write_all(text.as_bytes())).map_err(Failure::Local)
}

/// Downloads the sentences of `vaderSentiment`; `reason` states why the article's are not used.
pub(crate) fn from_vader(
    environment: &Environment,
    pip: &[String],
    watch: Watch,
    reason: &str,
    observer: &dyn FetchObserver,
) -> Result<ExampleData, Failure> {
    observer.message("fetching the movie reviews of vaderSentiment from the Python package index by pip");
    let path = vader_path(&environment.own_cache);
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(|e| Failure::Local(Error::io(folder, e)))?;
    let work = TemporaryFolder::beside(&path).map_err(Failure::Local)?;
    let progress = |bytes| observer.bytes(VADER.name, bytes, VADER.bytes);
    let sdist = source_archive::download(environment, pip, &VADER, work.path(), watch, &progress)?;
    let (text, left_out) = std::fs::File::open(&sdist)
        .map_err(|e| Error::io(&sdist, e))
        .and_then(|file| {
            tar_gz_entry("vaderSentiment-3.3.2.tar.gz", std::io::BufReader::new(file), VADER_ARCHIVE)
        })
        .and_then(|inner| tar_gz_entry(VADER_ARCHIVE, &inner[..], VADER_FILE))
        .and_then(|bytes| labelled(&bytes))
        .map_err(local_or_unsuitable)?;
    save(&path, &text)?;
    let why = format!(
        "the article's sentences were not available ({reason}); these are movie reviews rated by people: a mean \
         rating above {POSITIVE_ABOVE} is 1 and one below {NEGATIVE_BELOW} is 0; the {left_out} reviews in between are \
         left out, and the order is shuffled"
    );
    Ok(ExampleData { path, name: VADER_NAME.to_string(), why })
}

/// Converts the ratings file (`id<TAB>mean rating<TAB>sentence`, UTF-8, CRLF) to TSV, and returns the number of rows
/// left out.
pub(crate) fn labelled(bytes: &[u8]) -> Result<(String, usize)> {
    let malformed = |line: usize, what: &str| {
        Error::new(ErrorKind::Fetch, what).at(format!("movieReviewSnippets_GroundTruth.txt: line {line}"))
    };
    let text = std::str::from_utf8(bytes).map_err(|e| {
        let line = 1 + bytes[..e.valid_up_to()].iter().filter(|byte| **byte == b'\n').count();
        malformed(line, "not valid UTF-8")
    })?;
    let mut rows = Vec::new();
    let mut left_out = 0;
    for (index, line) in text.lines().enumerate() {
        let columns: Vec<&str> = line.split('\t').collect();
        let [_, rating, sentence] = columns[..] else {
            return Err(malformed(index + 1, &format!("expected 3 columns, got {}", columns.len())));
        };
        let rating: f64 = rating
            .trim()
            .parse()
            .map_err(|_| malformed(index + 1, &format!("expected a rating, got {rating:?}")))?;
        let label = if rating > POSITIVE_ABOVE {
            "1"
        } else if rating < NEGATIVE_BELOW {
            "0"
        } else {
            left_out += 1;
            continue;
        };
        rows.push(format!("{}\t{label}\n", sentence.trim()));
    }
    if rows.is_empty() {
        return Err(malformed(1, "no rated sentence"));
    }
    // Nearly all positive sentences come first in the file, so its first 2,000 would have one class. Sorting by a
    // hash shuffles them, in the same way on every machine.
    rows.sort_by_cached_key(|row| Sha256::digest(row));
    Ok((rows.concat(), left_out))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::archive::samples::tar_gz_of;

    #[test]
    fn ratings_become_labels_in_mixed_order() {
        let (text, left_out) = labelled(
            "1\t2.26\tGood. \r\n2\t0.5\tMeh\r\n3\t-0.6\tBad é\r\n4\t-0.5\tHm\r\n5\t0.51\tOk".as_bytes(),
        )
        .unwrap();
        let mut rows: Vec<&str> = text.lines().collect();
        rows.sort();
        assert_eq!(rows, ["Bad é\t0", "Good.\t1", "Ok\t1"]);
        assert_eq!(left_out, 2);
    }

    #[test]
    fn classes_that_stand_apart_are_mixed() {
        let file: String =
            (0..200).map(|i| format!("{i}\t{}\tsentence {i}\n", if i < 100 { 2 } else { -2 })).collect();
        let (text, _) = labelled(file.as_bytes()).unwrap();
        let positive = text.lines().take(50).filter(|row| row.ends_with('1')).count();
        assert!((15..35).contains(&positive), "{positive} of the first 50");
    }

    #[test]
    fn odd_lines_are_errors() {
        let error = |bytes: &[u8]| labelled(bytes).unwrap_err().to_string();
        assert!(error(b"1\t2\tx\r\n2\t3\n").ends_with("line 2: expected 3 columns, got 2"));
        assert!(error(b"1\tgood\tx\n").ends_with("line 1: expected a rating, got \"good\""));
        assert!(error(b"1\t2\tx\n2\t2\t\xff\n").ends_with("line 2: not valid UTF-8"));
        assert!(error(b"").ends_with("no rated sentence"));
    }

    #[test]
    fn what_is_not_the_articles_file_is_refused() {
        assert_eq!(check_article(&"a film\t1\n".repeat(ARTICLE_ROWS)), Ok(()));
        assert!(check_article("a film\t1\n").unwrap_err().contains("expected 6920 rows, got 1"));
        assert!(check_article("<html>\n").unwrap_err().starts_with("line 1"));
    }

    #[test]
    fn nested_archives_are_read_without_unpacking() {
        let inner = tar_gz_of(&[("hutto_ICWSM_2014/_README_.txt", b""), (VADER_FILE, b"1\t2\tx\r\n")]);
        let outer = tar_gz_of(&[(VADER_ARCHIVE, &inner)]);
        let inner = tar_gz_entry("s", &outer[..], VADER_ARCHIVE).unwrap();
        assert_eq!(tar_gz_entry("s", &inner[..], VADER_FILE).unwrap(), b"1\t2\tx\r\n");
    }
}
