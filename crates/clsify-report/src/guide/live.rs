//! The guide of sentences alone: the data from which its script draws on a page that is already there, such as that of a server.

use clsify::model::SentenceClassifier;
use clsify::studies::WalkedSentence;
use serde::Serialize;

use super::detail::Detail;
use super::guide_data::guide_data;
use super::scene::Scene;
use super::scenes::scenes;
use super::walk::Walk;
use super::words::{Lang, Words};

/// A scene with the words around its figure, which the page of a guide has in its HTML.
#[derive(Serialize)]
struct LiveScene {
    title: Words,
    caption: Words,
    code: String,
    #[serde(flatten)]
    scene: Scene,
}

/// Writes the guide of sentences that were [walked](clsify::studies::walk_sentences) without the data of the training, as JSON: those
/// scenes that need no data. `globalThis.clsifyGuide` of the guide's [`SCRIPT`](super::SCRIPT) draws it. Without a sentence there is no
/// scene.
///
/// ```no_run
/// use clsify::model::SentenceClassifier;
/// use clsify::studies::walk_sentences;
/// let classifier = SentenceClassifier::load("model")?;
/// let walked = walk_sentences(&classifier, &["not as bad as they say".to_string()])?;
/// let json = clsify_report::guide::live_guide(&classifier, &walked);
/// # Ok::<(), clsify::error::Error>(())
/// ```
pub fn live_guide(classifier: &SentenceClassifier, sentences: &[WalkedSentence]) -> String {
    let walk = Walk { classifier, sentences, data: None };
    let scenes =
        if sentences.is_empty() { Vec::new() } else { scenes(&walk, &Detail::of_sentences(sentences)) };
    let of_scene = |scene: Scene| LiveScene {
        title: scene.title.clone(),
        caption: scene.caption.clone(),
        code: scene.code.clone(),
        scene,
    };
    let scenes: Vec<LiveScene> = scenes.into_iter().map(of_scene).collect();
    guide_data(&walk, &scenes, Lang::En).to_string()
}
