//! File descriptors: each connection takes one, and many systems allow a process 1,024 unless it asks for more.

/// Descriptors that are not connections: models that are being read, the log, and those of the event loop.
#[cfg(unix)]
const OTHERS: u64 = 64;

/// The number of connections for which there are descriptors, at most `wanted`. The process's limit is raised as far as
/// the system lets it.
#[cfg(unix)]
pub(crate) fn room_for(wanted: usize) -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let limit = getrlimit(Resource::Nofile);
    let needed = (wanted as u64).saturating_add(OTHERS);
    let Some(current) = limit.current.filter(|&current| current < needed) else { return wanted };
    let possible = limit.maximum.map_or(needed, |maximum| maximum.min(needed));
    let raised = Rlimit { current: Some(possible), ..limit };
    let reached = if setrlimit(Resource::Nofile, raised).is_ok() { possible } else { current };
    let room = usize::try_from(reached.saturating_sub(OTHERS)).unwrap_or(wanted).max(1);
    if room < wanted {
        tracing::warn!(
            room,
            wanted,
            "fewer connections than asked for: the system limits open files (ulimit -n)"
        );
    }
    room.min(wanted)
}

#[cfg(not(unix))]
pub(crate) fn room_for(wanted: usize) -> usize {
    wanted
}
