//! Long inputs: order, the same bits as for a single sentence, errors in the middle, and constant memory.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

mod common;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

use common::{Sandbox, encoder, read_npy};

fn lines(n: usize) -> String {
    (0..n).map(|i| format!("film {i} {}\n", "was a quiet bore ".repeat(i % 5))).collect()
}

#[test]
fn embed_keeps_the_order_and_the_bits_of_each_sentence() {
    let sandbox = Sandbox::new();
    sandbox.write("many.txt", lines(5000));
    let bert = encoder("bert");
    let embed = |input: &str, output: &str, more: &[&str]| {
        let args = ["embed", "-q", "--encoder", &bert, "--input", input, "--output", output];
        sandbox.succeed(&[&args[..], more].concat());
        read_npy(&fs::read(sandbox.path(output)).unwrap())
    };
    let all = embed("many.txt", "x.npy", &[]);
    assert_eq!(all.0, [5000, 32]);
    assert!(embed("many.txt", "y.npy", &["--threads", "1"]) == all);
    // On both sides of the boundary of a group, which has 4,096 sentences.
    for i in [0, 1, 4094, 4095, 4096, 4097, 4999] {
        sandbox.write("one.txt", lines(5000).lines().nth(i).unwrap());
        let one = embed("one.txt", "x.npy", &[]);
        assert_eq!(one.0, [1, 32]);
        assert!(one.1 == all.1[32 * i..32 * (i + 1)], "sentence {i}");
    }
    let piped = sandbox.command(&["embed", "-q", "--encoder", &bert, "--input", "-", "--format", "lines"]);
    let mut piped = piped;
    piped.args(["--output", "-"]).stdin(fs::File::open(sandbox.path("many.txt")).unwrap());
    assert!(piped.output().unwrap().stdout == fs::read(sandbox.path("y.npy")).unwrap());
}

#[test]
fn predict_reads_files_as_embed_does() {
    let sandbox = Sandbox::with_model();
    let text = lines(5000);
    sandbox.write("many.txt", &text);
    sandbox.write("many.tsv", text.lines().map(|line| format!("{line}\t0\n")).collect::<String>());
    let expected = sandbox.run_with_input(&["predict", "-q", "model", "-p"], text.as_bytes()).stdout;
    assert_eq!(expected.lines().count(), 5000);
    assert!(expected.lines().zip(text.lines()).all(|(answer, line)| answer.ends_with(&format!("\t{line}"))));
    for input in ["many.txt", "many.tsv"] {
        assert!(sandbox.succeed(&["predict", "model", "-p", "--input", input]) == expected, "{input}");
    }
    let columns = ["--format", "tsv", "--text-column", "0", "--header", "absent"];
    let args = [&["predict", "model", "-p", "--input", "-"], &columns[..]].concat();
    let outcome = sandbox.run_with_input(&args, &fs::read(sandbox.path("many.tsv")).unwrap());
    assert!(outcome.stdout == expected, "{}", outcome.stderr);
    for args in
        [&["predict", "model", "--input", "a.txt", "film"][..], &["predict", "model", "--format", "tsv"]]
    {
        assert_eq!(sandbox.run(args).code, Some(2), "{args:?}");
    }
}

#[test]
fn an_error_in_the_middle_names_the_line_and_leaves_no_file() {
    let sandbox = Sandbox::with_model();
    let bert = encoder("bert");
    let rows: Vec<String> = lines(9000).lines().map(|line| format!("{line}\t0\n")).collect();
    sandbox
        .write("broken.tsv", [&rows[..8500], &["no label\n".to_string()], &rows[8501..]].concat().concat());
    let expected = "broken.tsv: line 8501: expected 2 columns, got 1";
    for output in ["x.npy", "-"] {
        let embed = ["embed", "-q", "--encoder", &bert, "--input", "broken.tsv", "--output", output];
        assert_eq!(sandbox.fail(&embed), expected);
    }
    // Earlier answers stay.
    let outcome = sandbox.run(&["predict", "model", "--input", "broken.tsv"]);
    assert_eq!((outcome.code, outcome.stdout.lines().count()), (Some(1), 8500));
    assert_eq!(outcome.stderr.lines().next(), Some(&*format!("error: {expected}")));
    sandbox.write("broken.tsv", "a\t0\nb\n");
    let outcome = sandbox.run(&["predict", "model", "--input", "broken.tsv"]);
    assert_eq!((outcome.code, outcome.stdout.lines().count()), (Some(1), 1));
    assert!(outcome.stderr.starts_with("error: broken.tsv: line 2: expected 2 columns, got 1\n"));
}

/// The peak memory of a process so far, in KiB.
#[cfg(target_os = "linux")]
fn peak_kib(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse().unwrap()
}

/// Five times the input needs the same memory. The shorter input has ten groups, because memory becomes fragmented during
/// the first ones: 22 MiB after 3 groups, 26 after 10, 28 after 50 and after 250. The tolerance of 6 MiB is for
/// allocators; the features of the longer input alone are 20 MiB more.
#[cfg(target_os = "linux")]
#[test]
fn memory_does_not_grow_with_the_input() {
    use std::io::{BufRead, BufReader, Read};

    const SHORT: usize = 40_000;
    const LONG: usize = 200_000;
    let sandbox = Sandbox::with_model();
    let bert = encoder("bert");
    sandbox.write("short.txt", lines(SHORT));
    sandbox.write("long.txt", lines(LONG));
    let peak = |args: &[&str], read_nearly_all: &dyn Fn(&mut dyn BufRead)| {
        let mut child = sandbox.command(&[args, &["-q", "--threads", "2"]].concat()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        // After this much is read, with more to come than a pipe holds, the process waits in its last writes.
        read_nearly_all(&mut stdout);
        let peak = peak_kib(child.id());
        std::io::copy(&mut stdout, &mut std::io::sink()).unwrap();
        assert!(child.wait().unwrap().success());
        peak
    };
    let embed = |input, n: usize| {
        let args = ["embed", "--encoder", &bert, "--output", "-", "--input", input];
        let n_bytes = 128 + n as u64 * 32 * 4 - 500_000;
        peak(&args, &|out| {
            std::io::copy(&mut out.take(n_bytes), &mut std::io::sink()).unwrap();
        })
    };
    let predict = |input, n: usize| {
        peak(&["predict", "model", "-p", "--input", input], &|out| {
            assert_eq!(out.lines().take(n - 5000).filter(|line| line.is_ok()).count(), n - 5000);
        })
    };
    for (what, short, long) in [
        ("embed", embed("short.txt", SHORT), embed("long.txt", LONG)),
        ("predict", predict("short.txt", SHORT), predict("long.txt", LONG)),
    ] {
        assert!(long <= short + 6 * 1024, "{what}: {short} KiB for {SHORT} sentences, {long} KiB for {LONG}");
    }
}

/// A table on stdin is answered row by row, as soon as its header or the options determine its columns.
#[test]
fn a_table_that_comes_row_by_row_is_answered_row_by_row() {
    let sandbox = Sandbox::with_model();
    let said = ["--delimiter", ",", "--header", "absent", "--text-column", "1"];
    for (format, more, start, row) in [
        ("csv", &[][..], "id,text\n", "7,a treat\n"),
        ("csv", &[][..], "sep=;\nid;text\n", "7;a treat\n"),
        ("tsv", &[][..], "text\tlabel\n", "a treat\tgood\n"),
        ("csv", &said[..], "", "7,a treat\n"),
    ] {
        let predict = ["predict", "-q", "model", "--input", "-", "--format", format];
        let mut command = sandbox.command(&[&predict[..], more].concat());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (mut stdin, stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        stdin.write_all(start.as_bytes()).unwrap();
        let mut answers = BufReader::new(stdout).lines();
        for _ in 0..3 {
            stdin.write_all(row.as_bytes()).unwrap();
            // Waits forever if the program waits for more input.
            assert!(answers.next().unwrap().unwrap().ends_with("\ta treat"), "{start:?}");
        }
        drop(stdin);
        assert!(answers.next().is_none() && child.wait().unwrap().success());
    }
}
