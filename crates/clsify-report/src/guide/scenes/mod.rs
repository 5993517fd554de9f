//! The scenes in their order: one file each, with the words, the table and the numbers.

mod map;
mod score;
mod verdict;

use clsify::studies::Walkthrough;

use super::detail::Detail;
use super::scene::Scene;

/// The scenes in their order.
pub(super) const SCENES: [fn(&Walkthrough, &Detail) -> Scene; 3] = [verdict::scene, score::scene, map::scene];

/// All scenes of a walk.
pub(super) fn scenes(walkthrough: &Walkthrough, detail: &Detail) -> Vec<Scene> {
    SCENES.iter().map(|scene| scene(walkthrough, detail)).collect()
}
