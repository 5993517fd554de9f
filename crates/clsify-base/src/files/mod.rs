//! Files and folders that appear complete or not at all.
//!
//! Everything is written to a temporary sibling, `.NAME.RANDOM.tmp`, and renamed into place. The name is
//! unpredictable, the file is always created and never opened, and it is locked as long as its process lives. A
//! temporary that is dropped unfinished is removed. If the process is told to stop, its signal handler calls
//! [`remove_unfinished`], which removes the temporaries. A temporary of a killed process has no lock any more, and
//! the next write under the same name removes it.
//!
//! A folder is exchanged with the one that it replaces in one step if the file system supports it. Otherwise the old
//! folder is first moved to `.NAME.RANDOM.old`, and [`recover_folder`] moves it back if the process was killed in
//! between.
//!
//! A file or folder that replaces another one keeps its mode.

mod atomic_file;
mod atomic_folder;
mod interrupt;
mod modes;
mod place;
mod regular;
mod scratch;
mod shell_word;
mod temporary;

pub use atomic_file::{AtomicFile, write_atomically};
pub use atomic_folder::{carry_over, read_folder, recover_folder, write_folder_atomically};
pub use interrupt::{InterruptGuard, on_interrupt, remove_unfinished};
pub use place::{
    check_folder_writable, check_writable, is_inside, is_written_in_place, open_in_place, resolve,
};
pub use regular::{check_is_file, copy_file, open_file, read_file};
pub use scratch::ScratchFile;
pub use shell_word::shell_word;
pub use temporary::{TemporaryFolder, open_no_follow, remove_abandoned, remove_leftovers};
