//! Memory for what lies between two products, kept from one layer, and one run, to the next.

use std::cell::Cell;

use clsify_kernels::attention::Scratch;

/// Buffers of one thread. They only grow: 24 KiB a token at 768 wide.
#[derive(Debug, Default)]
pub(super) struct Workspace {
    /// Queries, keys and values, later the feed-forward's intermediate numbers.
    pub(super) wide: Vec<f32>,
    /// The attention's context.
    pub(super) narrow: Vec<f32>,
    pub(super) attention: Scratch,
}

thread_local! {
    static WORKSPACE: Cell<Workspace> = Cell::default();
}

/// Calls `f` with the thread's buffers, or with new ones where they are in use further up the stack.
pub(super) fn with_workspace<T>(f: impl FnOnce(&mut Workspace) -> T) -> T {
    let mut workspace = WORKSPACE.take();
    let result = f(&mut workspace);
    WORKSPACE.set(workspace);
    result
}

/// The first `len` numbers of a buffer; what stands in them is to be overwritten.
pub(super) fn sized(buffer: &mut Vec<f32>, len: usize) -> &mut [f32] {
    if buffer.len() < len {
        buffer.resize(len, 0.0);
    }
    &mut buffer[..len]
}
