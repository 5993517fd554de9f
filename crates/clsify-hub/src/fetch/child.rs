//! Runs a child process with as little access as possible: a program found by an absolute path, its own working
//! folder, and an environment from an allow-list. It leads a process group, which is ended as a whole.
//!
//! Python adds the working folder, `PYTHONPATH` and more to its module path, and pip takes options from `PIP_*`.
//! Through either, a stray file could be executed and would see every token of this process.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};

/// Variables that the child may see: locations, network access, and the package index. They exclude tokens,
/// everything that makes Python load a module, and everything that makes pip build, install or run something.
const ALLOWED: [&str; 45] = [
    "ALL_PROXY",
    "APPDATA",
    "CURL_CA_BUNDLE",
    "HOME",
    "HOMEDRIVE",
    "HOMEPATH",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "LD_LIBRARY_PATH",
    "LOCALAPPDATA",
    "LOGNAME",
    "NETRC",
    "NO_PROXY",
    "PATHEXT",
    "PIP_CERT",
    "PIP_CLIENT_CERT",
    "PIP_CONFIG_FILE",
    "PIP_EXTRA_INDEX_URL",
    "PIP_FIND_LINKS",
    "PIP_INDEX_URL",
    "PIP_NO_INDEX",
    "PIP_PROXY",
    "PIP_TRUSTED_HOST",
    "PROGRAMDATA",
    "PROGRAMFILES",
    "PYENV_ROOT",
    "PYENV_VERSION",
    "REQUESTS_CA_BUNDLE",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "SYSTEMDRIVE",
    "SYSTEMROOT",
    "TZ",
    "USER",
    "USERNAME",
    "USERPROFILE",
    "VIRTUAL_ENV",
    "WINDIR",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_DIRS",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
];

/// The command that runs `program` in `folder`; `None` if there is no such program.
pub(crate) fn isolated(program: &str, folder: &Path) -> Option<Command> {
    command(program, folder, &std::env::vars_os().collect::<Vec<_>>())
}

fn command(program: &str, folder: &Path, variables: &[(OsString, OsString)]) -> Option<Command> {
    let is = |name: &OsStr, expected: &str| name.eq_ignore_ascii_case(expected);
    let path = variables.iter().find(|(name, _)| is(name, "PATH")).map(|(_, value)| value.as_os_str());
    // An empty or relative part of PATH means the working folder, where anybody's files may lie.
    let folders: Vec<PathBuf> =
        path.map(std::env::split_paths).into_iter().flatten().filter(|part| part.is_absolute()).collect();
    let mut command = Command::new(find(program, &folders)?);
    command.current_dir(folder).env_clear();
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    if let Ok(path) = std::env::join_paths(&folders) {
        command.env("PATH", path);
    }
    for (name, value) in variables {
        if ALLOWED.iter().any(|allowed| is(name, allowed)) {
            command.env(name, absolute(value));
        }
    }
    Some(command)
}

/// The status of a child that has ended. Processes that it has left behind are ended too.
pub(crate) fn try_wait(child: &mut Child) -> std::io::Result<Option<ExitStatus>> {
    let status = child.try_wait()?;
    if status.is_some() {
        kill_group(child);
    }
    Ok(status)
}

/// Ends the child and the processes that it has started: pyenv's `python3` is a script that starts the real one.
pub(crate) fn end(child: &mut Child) {
    // The process id of a child that was waited for may belong to another process by now.
    if matches!(child.try_wait(), Ok(None)) {
        kill_group(child);
        let _ = child.wait();
    }
}

#[cfg(unix)]
fn kill_group(child: &mut Child) {
    use rustix::process::{Pid, Signal, kill_process_group};
    // This fails only if all of them have ended.
    let _ = kill_process_group(Pid::from_child(child), Signal::KILL);
}

#[cfg(not(unix))]
fn kill_group(child: &mut Child) {
    let _ = child.kill();
}

fn find(program: &str, folders: &[PathBuf]) -> Option<PathBuf> {
    let with_suffix = format!("{program}{}", std::env::consts::EXE_SUFFIX);
    if program.contains(std::path::is_separator) {
        return std::path::absolute(program).ok().filter(|path| path.is_file());
    }
    let candidates = folders.iter().flat_map(|folder| [folder.join(&with_suffix), folder.join(program)]);
    candidates.into_iter().find(|path| is_executable(path))
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(path: &Path) -> bool {
    path.is_file()
}

/// Converts relative paths of existing files in a value (one, or several separated by spaces) to absolute paths,
/// because the child has another working folder.
fn absolute(value: &OsStr) -> OsString {
    let one = |text: &OsStr| {
        let path = Path::new(text);
        let exists = !text.is_empty() && path.is_relative() && path.exists();
        exists.then(|| std::path::absolute(path).ok()).flatten().map(PathBuf::into_os_string)
    };
    if let Some(path) = one(value) {
        return path;
    }
    let Some(text) = value.to_str() else { return value.to_os_string() };
    let parts: Vec<Option<OsString>> = text.split_whitespace().map(|part| one(part.as_ref())).collect();
    if parts.iter().all(Option::is_none) {
        return value.to_os_string();
    }
    let parts = text.split_whitespace().zip(parts).map(|(part, path)| path.unwrap_or_else(|| part.into()));
    parts.collect::<Vec<_>>().join(OsStr::new(" "))
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    fn variables(pairs: &[(&str, &str)]) -> Vec<(OsString, OsString)> {
        pairs.iter().map(|(name, value)| (name.into(), value.into())).collect()
    }

    fn program(folder: &Path, name: &str) -> PathBuf {
        let path = folder.join(name);
        fs::write(&path, "#!/bin/sh\n").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    #[test]
    fn only_what_is_allowed_is_passed_on() {
        let work = tempfile::tempdir().unwrap();
        let seen = command(
            "sh",
            work.path(),
            &variables(&[
                ("PATH", ".:/bin::bin:/usr/bin"),
                ("HOME", "/home/me"),
                ("https_proxy", "http://proxy:8"),
                ("PIP_INDEX_URL", "https://mirror/simple"),
                ("HF_TOKEN", "secret"),
                ("HUGGING_FACE_HUB_TOKEN", "secret"),
                ("AWS_SECRET_ACCESS_KEY", "secret"),
                ("PYTHONPATH", "/evil"),
                ("PYTHONSTARTUP", "/evil.py"),
                ("PYTHONHOME", "/evil"),
                ("PIP_PYTHON", "/evil"),
                ("PIP_NO_BINARY", ":all:"),
                ("PIP_REQUIREMENT", "evil.txt"),
                ("LD_PRELOAD", "/evil.so"),
                ("BASH_ENV", "/evil.sh"),
                ("ENV", "/evil.sh"),
            ]),
        )
        .unwrap();
        let expected = [
            ("HOME", "/home/me"),
            ("PATH", "/bin:/usr/bin"),
            ("PIP_INDEX_URL", "https://mirror/simple"),
            ("https_proxy", "http://proxy:8"),
        ];
        let given: BTreeMap<&str, &str> = seen
            .get_envs()
            .map(|(name, value)| (name.to_str().unwrap(), value.unwrap().to_str().unwrap()))
            .collect();
        assert_eq!(given.into_iter().collect::<Vec<_>>(), expected);
        assert_eq!(seen.get_current_dir(), Some(work.path()));
    }

    #[test]
    fn a_program_is_found_in_absolute_folders_of_path_only() {
        let (there, here) = (tempfile::tempdir().unwrap(), tempfile::tempdir_in(".").unwrap());
        let right = program(there.path(), "python3");
        program(here.path(), "python3");
        let relative = here.path().file_name().unwrap().to_str().unwrap();
        let lookup = |path: String| command("python3", there.path(), &variables(&[("PATH", &path)]));
        let found = lookup(format!("{relative}::.:{}", there.path().display())).unwrap();
        assert_eq!(found.get_program(), right);
        assert!(lookup(format!("{relative}:.:")).is_none());
        // A file that is not executable does not hide an executable one.
        let data = tempfile::tempdir().unwrap();
        fs::write(data.path().join("python3"), "").unwrap();
        let found = lookup(format!("{}:{}", data.path().display(), there.path().display())).unwrap();
        assert_eq!(found.get_program(), right);
    }

    #[test]
    fn relative_paths_in_values_keep_their_meaning() {
        let folder = tempfile::tempdir_in(".").unwrap();
        let relative = folder.path().file_name().unwrap().to_str().unwrap();
        let full = std::env::current_dir().unwrap().join(relative).display().to_string();
        let value = |text: &str| absolute(text.as_ref()).into_string().unwrap();
        assert_eq!(value(relative), full);
        assert_eq!(value(&format!("{relative} https://h/simple")), format!("{full} https://h/simple"));
        for same in ["https://h/simple", "/dev/null", "", "a  b", "no-such-folder"] {
            assert_eq!(value(same), same);
        }
    }
}
