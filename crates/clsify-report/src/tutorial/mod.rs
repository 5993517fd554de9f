//! The tutorial: the article's run, step by step.

mod grid_bars;
mod report;
pub mod steps;
pub mod tuning_steps;

pub use self::report::{
    ARTICLE, ArticleScores, DotProduct, EncoderShape, FirstFeatures, GridSize, Labelled, Padding,
    SentencePrediction, Story, StorySeconds, Tokens, TutorialReport, first_features, first_sentences,
    predict,
};
