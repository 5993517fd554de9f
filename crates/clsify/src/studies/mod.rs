//! 12. Studies of data and models: checks of a data set, comparison of two models, learning curves, speed, and a walk
//!     through a trained classifier.

pub(crate) mod advice;
pub(crate) mod comparison;
pub(crate) mod curve_scores;
pub(crate) mod doctor;
pub(crate) mod held_out_scores;
pub(crate) mod learning_curve;
pub(crate) mod speed;
pub(crate) mod tuned_advice;
pub(crate) mod tuned_curve;
pub(crate) mod tuned_learning_curve;
pub(crate) mod walkthrough;

pub use self::advice::{
    Advice, AdviceOptions, advise, advised, advised_tuning, faster_candidate, rank_advice,
};
pub use self::comparison::{
    Answers, ComparedLabel, ComparedModel, ComparedRows, ComparisonForm, ComparisonReport, Disagreement,
    compare,
};
pub use self::curve_scores::{CurveScores, CurveScoring};
pub use self::doctor::{
    ClassShare, Conflict, DoctorOptions, DoctorReport, Duplicate, EncoderOrReason, LabelIssue, LabelLines,
    LabelSets, Leak, LeftOut, MinorityScript, MixedScripts, NearDuplicate, Neighbour, ScriptShare, Scripts,
    Truncated, diagnose,
};
pub use self::held_out_scores::HeldOutScores;
pub use self::learning_curve::{
    CurveForecast, CurvePoint, LearningCurve, LearningCurveOptions, learning_curve,
};
pub use self::speed::{EncoderSpeed, Latency};
pub use self::tuned_advice::TunedAdvice;
pub use self::tuned_curve::{TunedCurve, TunedPoint};
pub use self::tuned_learning_curve::{CurveFeatures, tuned_learning_curve};
pub use self::walkthrough::{
    Choice, Learning, LearningStep, PrincipalComponents, WalkedRows, WalkedSentence, Walkthrough,
    WalkthroughOptions, walk_sentences, walk_through,
};
