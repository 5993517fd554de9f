//! Charts as SVG, and some also as text for a terminal.
//!
//! They are drawn by this crate and not by `plotters`. The SVG of `plotters` has fixed colours in place of classes, so
//! that it has no dark scheme, and neither a title nor a description for readers who cannot see it; its positions are
//! whole pixels, and it places no labels. What remains, axes and grid, is `axis.rs`.

pub(crate) mod axis;
#[cfg(test)]
mod checks;
mod class_balance;
mod class_scores;
mod comparison;
mod confusion;
mod labels;
pub(crate) mod learning_curve;
mod lengths;
mod palette;
mod precision_recall;
pub(crate) mod reliability;
mod rows;
mod score_by_speed;
mod speed;
pub(crate) mod svg;

pub use self::class_balance::class_balance_svg;
pub use self::class_scores::class_scores_svg;
pub use self::comparison::comparison_svg;
pub use self::confusion::confusion_svg;
pub use self::learning_curve::learning_curve_svg;
pub use self::lengths::lengths_svg;
pub use self::precision_recall::precision_recall_svg;
pub use self::reliability::ReliabilityChart;
pub use self::score_by_speed::{ScoreBySpeedChart, SpeedPoint};
pub use self::speed::speed_svg;
