//! The effect of a signal during a download. This test has a process of its own, because the handler removes all
//! temporary files.
#![cfg(unix)]
#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::time::{Duration, Instant};

use clsify_hub::Hub;

fn wait_until(what: &str, condition: impl Fn() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < Duration::from_secs(5), "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn an_interrupt_ends_pip_and_removes_what_it_wrote() {
    let cache = tempfile::tempdir().unwrap();
    let root = cache.path().display().to_string();
    let hub = Hub::from_lookup(|name| match name {
        "XDG_CACHE_HOME" => Some(root.clone()),
        // Nothing listens on port 9 of this machine.
        "HF_ENDPOINT" => Some("http://127.0.0.1:9".to_string()),
        _ => None,
    });
    let pid_file = cache.path().join("pid");
    // Like the `python3` of pyenv, this script starts the process that does the work.
    let script = format!("echo Downloading; sleep 60 & echo $! > {}; wait", pid_file.display());
    let hub = hub.with_pip(["sh", "-c", script.as_str()]);
    let pull = std::thread::spawn(move || hub.pull("all-MiniLM-L6-v2"));
    wait_until("pip has started", || std::fs::read_to_string(&pid_file).is_ok_and(|pid| pid.ends_with('\n')));

    clsify_base::files::remove_unfinished();

    assert!(pull.join().unwrap().is_err());
    // After the handler has run, no temporary file may be created, because none would be removed.
    assert!(clsify_base::files::AtomicFile::create(cache.path().join("later")).is_err());
    assert!(clsify_base::files::TemporaryFolder::beside(cache.path().join("later")).is_err());
    let left: Vec<_> = std::fs::read_dir(cache.path().join("clsify/encoders")).unwrap().flatten().collect();
    assert_eq!(left.iter().map(|entry| entry.file_name()).collect::<Vec<_>>(), ["all-MiniLM-L6-v2.lock"]);
    let pid = std::fs::read_to_string(&pid_file).unwrap();
    if Path::new("/proc/self").exists() {
        wait_until("pip has ended", || {
            // A process that has ended may stay in the process table until its parent reads its status.
            let status = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim()));
            status.map_or(true, |text| text.contains(") Z") || text.contains(") X"))
        });
    }
}
