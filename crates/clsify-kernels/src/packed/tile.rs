//! The operands and results of a micro-kernel: lines of words, a tile of the output, its accumulators.

/// The number of outputs per panel.
pub(super) const PANEL: usize = 32;
/// The maximum number of rows per tile, for any kernel.
pub(super) const MAX_TILE_ROWS: usize = 32;

/// Sixteen words in one cache line.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
pub(super) struct Line(pub(super) [u32; 16]);

impl Line {
    pub(super) const ZERO: Line = Line([0; 16]);
}

/// The words of lines as `f32`.
pub(super) fn floats(lines: &mut [Line]) -> &mut [f32] {
    // SAFETY: a line is sixteen aligned words without padding, and every word is an `f32`.
    unsafe { std::slice::from_raw_parts_mut(lines.as_mut_ptr().cast(), 16 * lines.len()) }
}

/// A part of `out`: `rows` rows that start `stride` numbers apart, `width <= 32` columns.
pub(super) struct Tile {
    pub(super) out: *mut f32,
    pub(super) stride: usize,
    pub(super) rows: usize,
    pub(super) width: usize,
}

/// The operands of one call of a micro-kernel: the rows of a tile and a panel, the same number of lines of each.
pub(super) struct Operands<'a> {
    pub(super) x: &'a [Line],
    pub(super) weights: &'a [Line],
    /// The weights to prefetch.
    pub(super) next: &'a [Line],
    /// True if these are the first lines of the rows.
    pub(super) is_first: bool,
    /// True if these are the last lines of the rows.
    pub(super) is_last: bool,
}

/// The initial value of accumulators: the sum of the given parts, or zero.
#[derive(Clone, Copy, Default)]
pub(super) struct Start<'a> {
    /// True if it includes the numbers in the tile of `out`.
    pub(super) from_target: bool,
    /// `[32]`.
    pub(super) bias: Option<&'a [f32]>,
}

/// The sums of a tile before the epilogue, `[rows][2]`.
pub(super) struct Accumulators(pub(super) [Line; 2 * MAX_TILE_ROWS]);
