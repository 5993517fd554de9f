//! Checks labelled sentences before anything is trained: damage, duplicates, contradictions, leakage, and labels that
//! are probably wrong.

pub(crate) mod classes;
pub(crate) mod diagnose;
pub(crate) mod labels;
pub(crate) mod nearest;
pub(crate) mod options;
pub(crate) mod report;
pub(crate) mod texts;
pub(crate) mod vectors;

pub use self::diagnose::{EncoderOrReason, diagnose};
pub use self::options::DoctorOptions;
pub use self::report::{
    ClassShare, Conflict, DoctorReport, Duplicate, LabelIssue, LabelLines, LabelSets, Leak, LeftOut,
    MinorityScript, MixedScripts, NearDuplicate, Neighbour, ScriptShare, Scripts, Truncated,
};
