//! Reports in words, for a terminal or a notebook.

mod advice;
mod calibration;
mod class_scores;
mod comparison;
mod decision;
mod doctor;
mod evaluation;
mod explanation;
mod held_out;
mod label_set_comparison;
mod label_set_scores;
mod learning_curve;
mod paired_scores;
mod selection;
mod speed;
mod training;
mod tuning;

pub use self::advice::{advice_chart, advice_summary};
pub(crate) use self::class_scores::{convergence, scores};
pub use self::comparison::comparison_summary;
pub use self::doctor::doctor_summary;
pub use self::evaluation::evaluation_summary;
pub use self::explanation::explanation_summary;
pub(crate) use self::explanation::{UNREAD, strength, unchanged};
pub use self::learning_curve::learning_curve_summary;
pub use self::speed::speed_summary;
pub use self::training::training_summary;
