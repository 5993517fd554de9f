//! A model hub on this machine that answers with any bytes: nothing appears outside the cache, no more than the hub
//! has sent, and a downloaded encoder is found again.
//!
//! Each request is answered with the part of the input whose first line ends the requested path, or with 404. A proxy
//! that refuses connections prevents redirects from leaving this machine: `fuzz/run` sets it.
#![no_main]

use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex, PoisonError};

use clsify_fuzz::{SEPARATOR, check, empty, files_below, own_folder};
use clsify_hub::{Hub, Origin};
use libfuzzer_sys::fuzz_target;

const ENCODER: &str = "org/tiny";

/// The bytes of the cache that the hub has not sent: references and commits.
const SLACK_BYTES: u64 = 4096;

static FOLDER: LazyLock<PathBuf> = LazyLock::new(own_folder);
static INPUT: Mutex<Vec<u8>> = Mutex::new(Vec::new());
static SENT_BYTES: AtomicU64 = AtomicU64::new(0);

/// The address of the only server of this process.
static ENDPOINT: LazyLock<String> = LazyLock::new(|| {
    let is_closed = std::env::var("ALL_PROXY").is_ok_and(|proxy| proxy.contains("127.0.0.1:9"));
    assert!(is_closed, "set ALL_PROXY=http://127.0.0.1:9 NO_PROXY=127.0.0.1, as fuzz/run does");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let endpoint = format!("http://{}", listener.local_addr().expect("it is bound"));
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // A client that closes the connection early is not an error.
            let _ = answer(stream);
        }
    });
    endpoint
});

fn answer(mut stream: TcpStream) -> std::io::Result<()> {
    let mut lines = BufReader::new(&stream).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    // Reads up to the empty line after the headers, because closing a connection with unread bytes resets it.
    lines.take_while(|line| line.as_ref().is_ok_and(|line| !line.is_empty())).for_each(drop);
    let path = request.split(' ').nth(1).unwrap_or_default().as_bytes();
    let input = INPUT.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let answer = input.split(|byte| *byte == SEPARATOR).find_map(|part| {
        let end = part.iter().position(|byte| *byte == b'\n')?;
        path.ends_with(&part[..end]).then_some(&part[end + 1..])
    });
    let answer = answer.unwrap_or(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    SENT_BYTES.fetch_add(answer.len() as u64, Ordering::Relaxed);
    stream.write_all(answer)?;
    stream.shutdown(Shutdown::Both)
}

fuzz_target!(|data: &[u8]| {
    *INPUT.lock().unwrap_or_else(PoisonError::into_inner) = data.to_vec();
    SENT_BYTES.store(0, Ordering::Relaxed);
    empty(&FOLDER);
    let cache = FOLDER.join("cache");
    let hub = Hub::from_lookup(|name| match name {
        "HF_ENDPOINT" => Some(ENDPOINT.clone()),
        "HF_HUB_CACHE" => Some(cache.display().to_string()),
        "CLSIFY_CACHE" => Some(FOLDER.join("own").display().to_string()),
        "HF_HUB_ETAG_TIMEOUT" | "HF_HUB_DOWNLOAD_TIMEOUT" => Some("0.5".to_string()),
        _ => None,
    });
    let pulled = hub.with_pip(["false"]).pull(ENCODER);
    let mut bytes = 0;
    for (path, metadata) in files_below(&FOLDER) {
        assert!(path.starts_with(&cache), "{path:?}");
        if metadata.is_symlink() {
            let target = path.canonicalize().expect("a link of the cache leads to a file");
            assert!(target.starts_with(&cache), "{path:?} leads to {target:?}");
        } else if metadata.is_file() {
            bytes += metadata.len();
        }
    }
    assert!(bytes <= SENT_BYTES.load(Ordering::Relaxed) + SLACK_BYTES, "{bytes} bytes on disk");
    match pulled {
        Ok(located) => {
            assert!(located.folder.starts_with(&cache) && located.origin == Origin::Hub);
            let offline = Hub::from_lookup(|name| match name {
                "HF_HUB_OFFLINE" => Some("1".to_string()),
                "HF_HUB_CACHE" => Some(cache.display().to_string()),
                "CLSIFY_CACHE" => Some(FOLDER.join("own").display().to_string()),
                _ => None,
            });
            let found = offline.locate(ENCODER).expect("the name is right").expect("it is in the cache");
            assert_eq!(found.folder, located.folder);
        }
        Err(error) => check(&error),
    }
});
