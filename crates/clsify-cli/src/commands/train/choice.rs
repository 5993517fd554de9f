//! `--features`: which vectors of the encoder, and which C, where the other options leave it open.

use clsify::evaluation::Scoring;

use crate::decision::misused;

/// Chosen, or as in the article.
#[derive(clap::Args)]
pub(crate) struct ChoiceArgs {
    /// Choose the features and C: auto (cross-validation) or article (last layer, [CLS], C = 1). The default is auto, or article where
    /// an option such as --pooling or --c is given
    ///
    /// `auto` compares layers, poolings and values of C by cross-validation on the training rows, with standardised features, and
    /// takes the cheapest combination that is not clearly worse than the best. Where the training rows are too few for five folds it
    /// takes the article's features.
    ///
    /// `article` takes what is not given from the article: the [CLS] vector of the last layer, C = 1, no scaling. Any of --layers,
    /// --pooling, --scaling, --c, --c-grid and --grid-search implies it.
    #[arg(long = "features", value_enum, value_name = "WHICH")]
    features: Option<FeaturesArg>,

    /// Compare by this score under --features auto: accuracy, f1_macro (every class counts the same), f1_micro (every answer does) or
    /// log_loss (confidence counts). The default is accuracy, with --multi-label f1_micro
    #[arg(long, value_name = "SCORE")]
    scoring: Option<Scoring>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum FeaturesArg {
    Auto,
    Article,
}

/// Where features and C come from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum FeatureSource {
    /// The options, and the article where they say nothing.
    Options,
    /// Cross-validation, by this score; `None` is the default for the kind of labels. If it is not `required`, rows that are too few
    /// for it are no error.
    CrossValidation { scoring: Option<Scoring>, required: bool },
}

impl ChoiceArgs {
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
