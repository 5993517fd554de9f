//! State from before `main`: whether standard input and output were open when the process started.
//!
//! This is not arithmetic, but it needs the only crate with `unsafe`. The standard library opens `/dev/null` in place
//! of a closed standard stream before `main` runs. Everything printed there is then lost without an error, and
//! reading returns nothing. Afterwards this cannot be distinguished from a stream that was redirected to `/dev/null`
//! on purpose (Python's `subprocess.DEVNULL` opens it in the same mode). A function in the program's table of
//! initialisers runs before that.

use std::sync::atomic::{AtomicBool, Ordering};

static STDIN_WAS_CLOSED: AtomicBool = AtomicBool::new(false);
static STDOUT_WAS_CLOSED: AtomicBool = AtomicBool::new(false);

/// Returns true if the process was started with standard input closed, as by `command <&-`; `false` if that is not
/// known.
pub fn stdin_was_closed() -> bool {
    #[cfg(unix)]
    std::hint::black_box(&at_start::INITIALISER);
    STDIN_WAS_CLOSED.load(Ordering::Relaxed)
}

/// Returns true if the process was started with standard output closed, as by `command >&-`; `false` if that is not
/// known.
pub fn stdout_was_closed() -> bool {
    #[cfg(unix)]
    std::hint::black_box(&at_start::INITIALISER);
    STDOUT_WAS_CLOSED.load(Ordering::Relaxed)
}

#[cfg(unix)]
mod at_start {
    use super::{AtomicBool, Ordering, STDIN_WAS_CLOSED, STDOUT_WAS_CLOSED};
    use std::os::fd::BorrowedFd;

    // SAFETY: the sections hold addresses of functions that the loader calls, once and before `main`, with arguments that a
    // function without parameters does not look at. This function cannot panic, and
    // `dup` of a descriptor needs nothing that the standard library prepares before `main`.
    #[used]
    #[cfg_attr(target_vendor = "apple", unsafe(link_section = "__DATA,__mod_init_func"))]
    #[cfg_attr(not(target_vendor = "apple"), unsafe(link_section = ".init_array"))]
    pub(super) static INITIALISER: extern "C" fn() = look_at_streams;

    extern "C" fn look_at_streams() {
        look_at(0, &STDIN_WAS_CLOSED);
        look_at(1, &STDOUT_WAS_CLOSED);
    }

    fn look_at(descriptor: i32, was_closed: &AtomicBool) {
        const EBADF: i32 = 9; // on every Unix
        // SAFETY: if the descriptor is not open, this call fails, and nothing else is done with it.
        let stream = unsafe { BorrowedFd::borrow_raw(descriptor) };
        let copy = stream.try_clone_to_owned();
        let is_closed = copy.is_err_and(|error| error.raw_os_error() == Some(EBADF));
        was_closed.store(is_closed, Ordering::Relaxed);
    }
}
