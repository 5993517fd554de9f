//! One file per subcommand: its arguments, its help, and its code.

pub(crate) mod advise;
pub(crate) mod bench;
pub(crate) mod compare;
pub(crate) mod completions;
pub(crate) mod curve;
pub(crate) mod doctor;
pub(crate) mod embed;
pub(crate) mod evaluate;
pub(crate) mod explain;
pub(crate) mod export;
pub(crate) mod guide;
pub(crate) mod import;
pub(crate) mod list;
pub(crate) mod predict;
pub(crate) mod pull;
pub(crate) mod push;
#[cfg(feature = "serve")]
pub(crate) mod serve;
pub(crate) mod tokenize;
pub(crate) mod train;
pub(crate) mod tutorial;
