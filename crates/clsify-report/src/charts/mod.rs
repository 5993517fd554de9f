//! Charts as SVG, and some also as text for a terminal.

pub(crate) mod learning_curve;
pub(crate) mod reliability;
mod score_by_speed;
pub(crate) mod svg;

pub use self::learning_curve::learning_curve_svg;
pub use self::reliability::ReliabilityChart;
pub use self::score_by_speed::{ScoreBySpeedChart, SpeedPoint};
