//! 11. Questions about data and models: what is wrong with these rows, which of two models is better, would more rows help, how fast is it?

pub(crate) mod comparison;
pub(crate) mod doctor;
pub(crate) mod learning_curve;
pub(crate) mod speed;

pub use self::comparison::{
    Answers, ComparedLabel, ComparedModel, ComparedRows, ComparisonForm, ComparisonReport, Disagreement,
    compare,
};
pub use self::doctor::{
    ClassShare, Conflict, DoctorOptions, DoctorReport, Duplicate, EncoderOrReason, LabelIssue, LabelLines,
    LabelSets, Leak, LeftOut, MinorityScript, MixedScripts, NearDuplicate, Neighbour, ScriptShare, Scripts,
    Truncated, diagnose,
};
pub use self::learning_curve::{
    CurveForecast, CurvePoint, CurveScores, CurveScoring, LearningCurve, LearningCurveOptions, learning_curve,
};
pub use self::speed::{EncoderSpeed, Latency};
