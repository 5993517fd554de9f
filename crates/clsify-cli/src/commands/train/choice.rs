//! `--features`: chooses the features and C if the other options do not.

use clsify::evaluation::Scoring;

use crate::options::misused;

/// Options for choosing the features.
#[derive(clap::Args)]
pub(crate) struct ChoiceArgs {
    /// Choose the features and C: auto (by cross-validation) or article (last layer, [CLS], C = 1); see below for the
    /// default
    ///
    /// The default is auto, or article if an option such as --pooling or --c is given.
    ///
    /// `auto` compares layers, poolings and values of C by cross-validation on the training rows, with standardised
    /// features, and takes the cheapest combination that is not clearly worse than the best. With up to 1,000 training
    /// rows it compares few candidates by leave-one-out. If the training rows are too few for that too, such as one of
    /// each class, it takes the mean of the upper half of the layers, with C = 1 and no scaling.
    ///
    /// `article` takes options that are not given from the article: the [CLS] vector of the last layer, C = 1, no
    /// scaling. Any of --layers, --pooling, --scaling, --c, --c-grid and --grid-search implies it.
    #[arg(long = "features", value_enum, value_name = "WHICH")]
    features: Option<FeaturesArg>,

    /// Compare features by this score: accuracy, f1_macro, f1_micro or log_loss; the default is accuracy, with
    /// --multi-label f1_micro
    ///
    /// `f1_macro` is the mean over classes, however rare. `f1_micro` counts all answers together. `log_loss` uses the
    /// probabilities. The option needs --features auto.
    #[arg(long, value_name = "SCORE")]
    scoring: Option<Scoring>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum FeaturesArg {
    Auto,
    Article,
}

/// The origin of features and C.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum FeatureSource {
    /// The options, with the article's values for those that are not given.
    Options,
    /// Cross-validation by this score; `None` is the default for the kind of labels. If it is not `required`, too few
    /// rows are not an error.
    CrossValidation { scoring: Option<Scoring>, required: bool },
}

impl ChoiceArgs {
    /// The first of its options that was given.
    pub(super) fn given(&self) -> Option<&'static str> {
        self.features.map(|_| "--features").or(self.scoring.map(|_| "--scoring"))
    }

    /// Where features and C come from; `given` is the first option that fixes one of them.
    ///
    /// # Errors
    /// An error of the command line if options contradict each other.
    pub(super) fn source(&self, given: Option<&'static str>) -> anyhow::Result<FeatureSource> {
        match (self.features, given) {
            (Some(FeaturesArg::Auto), Some(option)) => {
                Err(misused(&format!("the argument '--features auto' cannot be used with '{option}'")))
            }
            (None | Some(FeaturesArg::Auto), None) => Ok(FeatureSource::CrossValidation {
                scoring: self.scoring,
                required: self.features.is_some(),
            }),
            (Some(FeaturesArg::Article), _) | (None, Some(_)) if self.scoring.is_some() => {
                let with = given.unwrap_or("--features article");
                Err(misused(&format!(
                    "the argument '--scoring <SCORE>' cannot be used with '{with}': it is for --features auto"
                )))
            }
            (Some(FeaturesArg::Article), _) | (None, Some(_)) => Ok(FeatureSource::Options),
        }
    }
}
