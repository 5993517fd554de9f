//! The scenes in their order: one file each, with the words, the table and the numbers.

mod learning;
mod reasons;
mod split;
mod verdict;

use clsify::studies::Walkthrough;

use super::detail::Detail;
use super::scene::Scene;

/// The scenes in their order.
pub(super) const SCENES: [fn(&Walkthrough, &Detail) -> Scene; 4] =
    [verdict::scene, split::scene, learning::scene, reasons::scene];

/// All scenes of a walk.
pub(super) fn scenes(walkthrough: &Walkthrough, detail: &Detail) -> Vec<Scene> {
    SCENES.iter().map(|scene| scene(walkthrough, detail)).collect()
}
