//! 10. The reasons for a label: which words carried it, and which features.
//!
//! A word's contribution is the change of the label's logit when the word is deleted (leave one word out). Nothing is
//! sampled or approximated, so the same text always has the same explanation. Contributions do not add up to the logit:
//! words that say the same thing hide each other, which is why neighbouring pairs are also deleted together.
//!
//! Sources: Li, Monroe and Jurafsky, "Understanding neural networks through representation erasure", 2016 (deletion);
//! Feng et al., "Pathologies of neural models make interpretations difficult", 2018 (greedy deletion).

pub(crate) mod explain;
pub(crate) mod report;
mod words;

pub use self::explain::ExplainOptions;
pub use self::report::{
    ClassLogit, DeletionPath, DeletionStep, Explanation, FeatureContribution, FeatureContributions,
    PairContribution, WordContribution,
};
pub use self::words::count_words;
