//! The scenes in their order: one file each, with the words, the table and the numbers.

mod attention;
mod batch;
mod data;
mod layers;
mod learning;
mod map;
mod models;
mod reasons;
mod score;
mod slice;
mod split;
mod verdict;
mod words;

use clsify::studies::Walkthrough;

use super::detail::Detail;
use super::scene::Scene;

/// The scenes in their order.
pub(super) const SCENES: [fn(&Walkthrough, &Detail) -> Scene; 13] = [
    verdict::scene,
    data::scene,
    models::scene,
    words::scene,
    batch::scene,
    layers::scene,
    attention::scene,
    slice::scene,
    split::scene,
    learning::scene,
    reasons::scene,
    score::scene,
    map::scene,
];

/// All scenes of a walk.
pub(super) fn scenes(walkthrough: &Walkthrough, detail: &Detail) -> Vec<Scene> {
    SCENES.iter().map(|scene| scene(walkthrough, detail)).collect()
}
