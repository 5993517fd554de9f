//! Options that several commands share. `loading.rs` loads the files, encoders and models that they name.

mod cache;
mod chart;
mod class_limit;
mod data_file;
mod decision;
mod features;
mod fit;
mod grouping;
mod json;
mod misuse;
mod number;
mod split;
mod training_data;
mod tune;
mod weight;

pub(crate) use self::cache::CacheArgs;
pub(crate) use self::chart::ChartArgs;
pub(crate) use self::class_limit::ClassLimitArgs;
pub(crate) use self::data_file::{DataOptions, RowArgs};
pub(crate) use self::decision::DecisionArgs;
pub(crate) use self::features::{DtypeArg, EncodingArgs, FeatureArgs, PooledArgs};
pub(crate) use self::fit::{CalibrationArg, ClassWeightArg, FitArgs, GridArgs, article_grid};
pub(crate) use self::grouping::GroupArgs;
pub(crate) use self::json::JsonArgs;
pub(crate) use self::misuse::misused;
pub(crate) use self::number::{at_least_one, positive};
pub(crate) use self::split::{SplitArgs, test_size};
pub(crate) use self::training_data::TrainingDataArgs;
pub(crate) use self::tune::{SaveTunedArgs, TuneArgs};
pub(crate) use self::weight::WeightArgs;
