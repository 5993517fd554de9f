//! Files that were made to do harm, and damaged ones: each is an error, quickly, and nothing happens.
//!
//! Oracle: the opcodes of Python's `pickletools`. The folder of the test stays empty, which it would not if a file ran.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use clsify_convert::sklearn_head;
use proptest::prelude::*;

fn refused(bytes: &[u8]) -> String {
    let started = Instant::now();
    let error = sklearn_head(bytes).unwrap_err();
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
    let message = error.to_string();
    assert!(!message.contains(char::is_control), "{message:?}");
    message
}

fn fixture(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/heads").join(name)).unwrap()
}

/// The bytes with one part replaced, which is there exactly once.
fn with(bytes: &[u8], part: &[u8], other: &[u8]) -> Vec<u8> {
    let places: Vec<usize> =
        (0..=bytes.len() - part.len()).filter(|&i| bytes[i..].starts_with(part)).collect();
    assert!(!places.is_empty());
    let i = places[0];
    [&bytes[..i], other, &bytes[i + part.len()..]].concat()
}

#[test]
fn calls_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let touched = folder.path().join("touched");
    let command = format!("touch {}", touched.display());
    let short = |text: &str| [&[0x8c, text.len() as u8], text.as_bytes()].concat();
    let system = |module: &str| [short(module), short("system"), vec![0x93]].concat();
    let call = [short(&command), vec![0x85, b'R', b'.']].concat();
    let python = format!("open({:?}, 'w')", touched.display().to_string());
    for (bytes, expected) in [
        (format!("cos\nsystem\n(V{command}\ntR.").into_bytes(), "got os.system"),
        (format!("cposix\nsystem\n(V{command}\ntR.").into_bytes(), "got posix.system"),
        ([&[0x80, 4][..], &system("posix"), &call].concat(), "got posix.system"),
        (format!("c__builtin__\neval\n(V{python}\ntR.").into_bytes(), "got __builtin__.eval"),
        (format!("cbuiltins\nexec\n(V{python}\ntR.").into_bytes(), "got builtins.exec"),
        (b"cbuiltins\ngetattr\n.".to_vec(), "got builtins.getattr"),
        (b"csubprocess\nPopen\n.".to_vec(), "got subprocess.Popen"),
        (b"csklearn.os\nsystem.x\n.".to_vec(), "got sklearn.os.system.x"),
        (b"csklearnx.y\nZ\n.".to_vec(), "got sklearnx.y.Z"),
        (b"cnumpy.testing._private.utils\nrunstring\n.".to_vec(), "runstring"),
        (b"cjoblib.numpy_pickle\nload\n.".to_vec(), "got joblib.numpy_pickle.load"),
        (b"cscipy.stats._continuous_distns\nnorm.x_gen\n.".to_vec(), "norm.x_gen"),
        (b"cscipy.stats._distn_infrastructure\neval\n.".to_vec(), "_distn_infrastructure.eval"),
        (b"cnumpy\nload\n.".to_vec(), "got numpy.load"),
        (b"ctorch.storage\n_load_from_bytes\n.".to_vec(), "a part of a torch model"),
        (format!("(V{command}\nios\nsystem\n.").into_bytes(), "no opcode INST"),
        (format!("(cos\nsystem\nV{command}\no.").into_bytes(), "got os.system"),
        (b"(csklearn.base\nX\no.".to_vec(), "no opcode OBJ"),
        (b"P1\n.".to_vec(), "no opcode PERSID"),
        (b"\x80\x02\x82\x01.".to_vec(), "no opcode EXT1"),
        (b"\x80\x05\x97.".to_vec(), "no opcode NEXT_BUFFER"),
        (b"S'a'\n.".to_vec(), "no opcode STRING"),
        (b"\x80\x06.".to_vec(), "protocol 0 to 5, got 6"),
        (b"<html>".to_vec(), "got the byte 0x3c"),
        // A function of scikit-learn may be named, but nobody calls it.
        (b"csklearn.utils\nshow_versions\n)R.".to_vec(), "got show_versions"),
    ] {
        let message = refused(&bytes);
        assert!(message.contains(expected), "{message}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

/// Code in the attributes of a genuine head, and in its array of objects.
#[test]
fn code_inside_of_a_head_is_refused() {
    let head = fixture("sk19-lr3_object.0.pickle");
    // An attribute that nobody reads.
    let evil = with(&head, b"Vlbfgs\n", b"cos\nsystem\n(Vtrue\ntR");
    assert!(refused(&evil).contains("got os.system"));
    let evil = with(&head, b"Vsport\n", b"cos\nsystem\n(Vtrue\ntR");
    assert!(refused(&evil).contains("got os.system"));
    // The nested pickle of joblib.
    let head = fixture("sk19-lr3_object.joblib");
    let text = [&[0x8c, 5][..], b"sport"].concat();
    let evil = with(&head, &text, b"cos\nsystem\n(Vtrue\ntR");
    assert!(refused(&evil).contains("got os.system"));
}

#[test]
fn bombs_are_errors() {
    // Deep nesting: nothing here is recursive.
    let deep = [vec![b']'; 100_000], vec![b'a'; 99_999], vec![b'.']].concat();
    assert!(refused(&deep).contains("got a list"));
    let deep = [vec![b')'], vec![0x85; 1_000_000], vec![b'.']].concat();
    assert!(refused(&deep).contains("got a tuple"));
    // Each list holds the one before ten times: 10^30 elements, if somebody counted.
    let mut memo = b"](".to_vec();
    for i in 0..30u8 {
        memo = [&memo[..], &[b'q', i], &[b'h', i].repeat(10), b"l("].concat();
    }
    let message = refused(&[&memo[..], b"."].concat());
    assert!(message.contains("on the stack") || message.contains("got a list"), "{message}");
    // An estimator that contains itself.
    let own = b"csklearn.frozen._frozen\nFrozenEstimator\n)\x81q\x00}X\x09\x00\x00\x00estimatorh\x00sb.";
    assert!(refused(own).contains("inside of each other"));
    // Lengths that are not there, and numbers of the memo.
    for bytes in [
        &b"\x80\x04\x8d\xff\xff\xff\xff\xff\xff\xff\xff"[..],
        b"\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\x7f",
        b"\x80\x05\x96\xff\xff\xff\xff\xff\xff\xff\x0f",
        b"B\xff\xff\xff\xff",
        b"\x8b\xff\xff\xff\xff",
    ] {
        assert!(refused(bytes).contains("the file ends too early"));
    }
    assert!(refused(b"Nr\xff\xff\xff\xff.").contains("got None"));
    assert!(refused(b"h\x01.").contains("an object with number 1, got none"));
    // Many objects from few bytes of a file.
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&vec![b'N'; 20_000_000]).unwrap();
    assert!(refused(&gzip.finish().unwrap()).contains("objects in the file, got more"));
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    let block = vec![0; 1 << 20];
    (0..257).for_each(|_| zlib.write_all(&block).unwrap());
    assert!(refused(&zlib.finish().unwrap()).contains("bytes after decompression, got more"));
}

/// A declared shape or size of an array costs nothing.
#[test]
fn sizes_of_arrays_are_not_trusted() {
    let head = fixture("sk19-lr3.joblib");
    let shape = [b'K', 3, b'K', 6, 0x86];
    for (declared, expected) in [
        (&b"\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7fK\x06\x86"[..], "the shape of an array"),
        (b"J\xff\xff\xff\x7fK\x06\x86", "the file ends too early"),
        (b"J\xff\xff\xff\xffK\x06\x86", "a size"),
        (b"NK\x06\x86", "a number"),
    ] {
        let message = refused(&with(&head, &shape, declared));
        assert!(message.contains(expected), "{message}");
    }
}

/// A pickled text.
fn text(text: &str) -> Vec<u8> {
    [&[0x8c, text.len() as u8], text.as_bytes()].concat()
}

/// A pickled object of a class of scikit-learn with these attributes.
fn object(class: &str, attributes: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let (module, name) = class.rsplit_once('.').unwrap();
    let attributes: Vec<u8> =
        attributes.iter().flat_map(|(name, value)| [text(name), value.clone()].concat()).collect();
    [format!("c{module}\n{name}\n)").as_bytes(), b"\x81}(", &attributes, b"ub"].concat()
}

/// A pickled array of zeros.
fn zeros(rows: u8, cols: u16) -> Vec<u8> {
    let dtype = b"cnumpy\ndtype\n\x8c\x02f8\x89\x88\x87R(K\x03\x8c\x01<NNNK\x00K\x00K\x00tb";
    let shape = [&[b'K', rows, b'M'][..], &cols.to_le_bytes(), &[0x86]].concat();
    let n = u32::from(rows) * u32::from(cols) * 8;
    let content = [&[b'B'][..], &n.to_le_bytes(), &vec![0; n as usize]].concat();
    let made = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85C\x01b\x87R(K\x01";
    [&made[..], &shape, dtype, b"\x89", &content, b"tb"].concat()
}

/// One classifier in a list a hundred thousand times: the file is small, its weights would take 6 GB.
#[test]
fn shared_objects_are_counted_each_time() {
    let head = object(
        "sklearn.linear_model._logistic.LogisticRegression",
        &[("classes_", b"](K\x00K\x01e".to_vec()), ("coef_", zeros(1, 8000)), ("intercept_", zeros(1, 1))],
    );
    assert_eq!(sklearn_head(&[&head[..], b"."].concat()).unwrap().labels(), ["0", "1"]);
    let list = |n: usize| [&b"]("[..], &head, b"q\x01", &b"h\x01".repeat(n - 1), b"e"].concat();
    let of = |n: usize| object("sklearn.multioutput.MultiOutputClassifier", &[("estimators_", list(n))]);
    assert_eq!(sklearn_head(&[&of(3)[..], b"."].concat()).unwrap().labels(), ["0", "1", "2"]);
    assert!(refused(&[&of(100_000)[..], b"."].concat()).contains("weights, got more"));
    let scaler = object("sklearn.preprocessing._data.StandardScaler", &[("with_mean", vec![0x89])]);
    let step = [&text("a")[..], &scaler, &[0x86, b'q', 2]].concat();
    let last = [&text("b")[..], &head, &[0x86]].concat();
    let steps = [&b"]("[..], &step, &b"h\x02".repeat(100_000), &last, b"e"].concat();
    let pipeline = object("sklearn.pipeline.Pipeline", &[("steps", steps)]);
    assert!(refused(&[&pipeline[..], b"."].concat()).contains("at most 100 steps"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Oracle: there is no panic, and whatever is read has a label for each row of weights.
    #[test]
    fn damaged_files_never_panic(
        which in 0..7usize,
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3u8), 1..5),
    ) {
        let mut bytes = fixture([
            "sk19-lr3_object.joblib", "sk19-lr3_object.0.pickle", "sk19-lr3_object.2.pickle", "sk19-multi_output.joblib",
            "sk19-calibrated3.joblib", "sk19-pipe_normalizer.joblib", "sk19-lr3_object.skops",
        ][which]);
        for (place, byte, kind) in changes {
            let place = place.index(bytes.len());
            match kind {
                0 => bytes[place] = byte,
                1 => bytes.insert(place, byte),
                _ => drop(bytes.remove(place)),
            }
        }
        if let Ok(head) = sklearn_head(&bytes) {
            prop_assert!(head.n_features() > 0 && !head.labels().is_empty());
            drop(head.imported(None, ";".parse().unwrap()));
        }
    }
}
