//! Options for fitting a classifier.

use clap::{Args, ValueEnum};
use clsify::classifier::{ClassWeight, LogisticRegressionOptions, Scaling};
use clsify::decision::Calibration;
use clsify::evaluation::linspace;
use clsify::features::Layers;
use clsify::training::selection_c_values;

use super::features::FeatureArgs;
use super::number::positive;
use crate::console::Console;

/// The scaling of features before a fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ScalingArg {
    Auto,
    None,
    Standard,
}

impl ScalingArg {
    /// `auto` scales features of other layers than the last, because their magnitudes differ more; the last layer's
    /// features stay as they are, as in the article.
    pub(crate) fn of(self, layers: Layers) -> Scaling {
        match self {
            ScalingArg::Auto if layers != Layers::Last => Scaling::Standard,
            ScalingArg::Auto | ScalingArg::None => Scaling::None,
            ScalingArg::Standard => Scaling::Standard,
        }
    }
}

/// The calibration of probabilities after a fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CalibrationArg {
    None,
    Temperature,
    Platt,
}

impl From<CalibrationArg> for Calibration {
    fn from(calibration: CalibrationArg) -> Self {
        match calibration {
            CalibrationArg::None => Calibration::None,
            CalibrationArg::Temperature => Calibration::Temperature,
            CalibrationArg::Platt => Calibration::Platt,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ClassWeightArg {
    None,
    Balanced,
}

impl From<ClassWeightArg> for ClassWeight {
    fn from(arg: ClassWeightArg) -> Self {
        match arg {
            ClassWeightArg::None => ClassWeight::None,
            ClassWeightArg::Balanced => ClassWeight::Balanced,
        }
    }
}

/// Options for fitting a classifier.
#[derive(Debug, Clone, Args)]
pub(crate) struct FitArgs {
    /// Set the inverse of the regularisation strength: smaller values regularise more; the default is 1
    ///
    /// A grid search chooses C itself.
    #[arg(long, value_name = "C", allow_negative_numbers = true, value_parser = positive)]
    c: Option<f64>,

    /// Weight classes equally (none) or inversely to their frequency (balanced)
    #[arg(long, value_enum, default_value_t = ClassWeightArg::None)]
    class_weight: ClassWeightArg,

    /// Standardise features to zero mean and unit variance before fitting; the default is auto, which does so with
    /// --layers
    #[arg(long, value_enum)]
    scaling: Option<ScalingArg>,
}

impl FitArgs {
    pub(crate) fn options(&self) -> LogisticRegressionOptions {
        let class_weight = self.class_weight.into();
        let default = LogisticRegressionOptions::default();
        LogisticRegressionOptions { c: self.c.unwrap_or(default.c), class_weight, ..default }
    }

    /// The first option that was given of those that `--features auto` chooses.
    pub(crate) fn given(&self) -> Option<&'static str> {
        self.c.map(|_| "--c").or(self.scaling.map(|_| "--scaling"))
    }

    /// The option for the scaling, if it was given.
    pub(crate) fn scaling_given(&self) -> Option<&'static str> {
        self.scaling.map(|_| "--scaling")
    }

    /// Notes that --c has no effect if a search chooses C.
    pub(crate) fn note_unused_c(&self, grid: &GridArgs, console: &Console) {
        if let (Some(c), Some(option)) = (self.c, grid.given()) {
            console.say(&format!("note: --c {c} has no effect: {option} chooses C"));
        }
    }

    /// The scaling for features of these layers.
    pub(crate) fn scaling(&self, features: &FeatureArgs) -> Scaling {
        self.scaling.unwrap_or(ScalingArg::Auto).of(features.pooled.layers())
    }
}

/// Options for the search for C.
#[derive(Debug, Clone, Args)]
pub(crate) struct GridArgs {
    /// Choose C by cross-validation in five folds, over 20 values, by accuracy or with --multi-label by micro F1
    ///
    /// The values are the article's, from 0.0001 to 100. For scaled features they are those of --features auto, from
    /// 0.00001 to 0.56.
    #[arg(long)]
    grid_search: bool,

    /// Choose C from these values by cross-validation in five folds
    #[arg(long, value_name = "C,C,...", value_delimiter = ',', allow_negative_numbers = true, value_parser = positive)]
    c_grid: Vec<f64>,
}

impl GridArgs {
    /// The first of its options that was given.
    pub(crate) fn given(&self) -> Option<&'static str> {
        let values = (!self.c_grid.is_empty()).then_some("--c-grid");
        self.grid_search.then_some("--grid-search").or(values)
    }

    /// The values of C if a search was asked for. Scaled features need values between 0.0001 and 5, which the
    /// article's grid lacks.
    pub(crate) fn c_values(&self, scaling: Scaling) -> Option<Vec<f64>> {
        match (self.c_grid.as_slice(), scaling) {
            ([], _) if !self.grid_search => None,
            ([], Scaling::None) => Some(article_grid()),
            ([], Scaling::Standard) => Some(selection_c_values()),
            (given, _) => Some(given.to_vec()),
        }
    }
}

/// The article's values of C: `np.linspace(0.0001, 100, 20)`.
pub(crate) fn article_grid() -> Vec<f64> {
    linspace(0.0001, 100.0, 20)
}
