//! The command line of clsify.
fn main() {}
