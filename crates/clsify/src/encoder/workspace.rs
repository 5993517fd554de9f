//! Buffers for intermediate values, kept from one layer, and one run, to the next.

use std::cell::Cell;

use clsify_kernels::attention::Scratch;

/// The buffers of one thread. They only grow: 24 KiB per token with hidden size 768.
#[derive(Debug, Default)]
pub(super) struct Workspace {
    /// Queries, keys and values, later the intermediate values of the feed-forward network.
    pub(super) wide: Vec<f32>,
    /// The context of the attention.
    pub(super) narrow: Vec<f32>,
    pub(super) attention: Scratch,
}

thread_local! {
    static WORKSPACE: Cell<Workspace> = Cell::default();
}

/// Calls `f` with the thread's buffers, or with new ones if a caller further up the stack is using them.
pub(super) fn with_workspace<T>(f: impl FnOnce(&mut Workspace) -> T) -> T {
    let mut workspace = WORKSPACE.take();
    let result = f(&mut workspace);
    WORKSPACE.set(workspace);
    result
}

/// The first `len` numbers of a buffer, with arbitrary content.
pub(super) fn sized(buffer: &mut Vec<f32>, len: usize) -> &mut [f32] {
    if buffer.len() < len {
        buffer.resize(len, 0.0);
    }
    &mut buffer[..len]
}
