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
use super::walk::Walk;

/// A scene by what it needs.
enum Needs {
    /// The classifier and the sentences, which a served model has too.
    Sentences(fn(&Walk, &Detail) -> Scene),
    /// The data of the training.
    Data(fn(&Walkthrough, &Detail) -> Scene),
}

use Needs::{Data, Sentences};

/// The scenes in their order.
const SCENES: [Needs; 13] = [
    Sentences(verdict::scene),
    Data(data::scene),
    Sentences(models::scene),
    Sentences(words::scene),
    Sentences(batch::scene),
    Sentences(layers::scene),
    Sentences(attention::scene),
    Sentences(slice::scene),
    Data(split::scene),
    Data(learning::scene),
    Sentences(reasons::scene),
    Data(score::scene),
    Data(map::scene),
];

/// The scenes of a walk: all of them, or without its data those of sentences.
pub(super) fn scenes(walk: &Walk, detail: &Detail) -> Vec<Scene> {
    let scene = |needs: &Needs| match needs {
        Sentences(scene) => Some(scene(walk, detail)),
        Data(scene) => walk.data.map(|data| scene(data, detail)),
    };
    SCENES.iter().filter_map(scene).collect()
}
