//! Options for tuning the encoder.

use clap::{Args, ValueEnum};
use clsify::encoder::Dtype;
use clsify::tuning::TuneOptions;

use super::number::{at_least_one, positive};

/// The data type of weights while they learn, and of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum TuneDtypeArg {
    F32,
    Bf16,
    Auto,
}

impl From<TuneDtypeArg> for Dtype {
    fn from(arg: TuneDtypeArg) -> Self {
        match arg {
            TuneDtypeArg::F32 => Dtype::F32,
            TuneDtypeArg::Bf16 => Dtype::Bf16,
            TuneDtypeArg::Auto => Dtype::auto(),
        }
    }
}

/// Options for tuning the encoder.
#[derive(Debug, Clone, Args)]
pub(crate) struct TuneArgs {
    /// Train the encoder too, not only the classifier on top of it; the model then contains the tuned encoder
    ///
    /// All transformer blocks learn together with the classifier, on the mean of the last layer. Some training rows are held out
    /// (a tenth, or with few rows each fold in turn): on these the tuned encoder is compared with the frozen one, which is kept if it is
    /// clearly better.
    #[arg(long)]
    tune: bool,

    /// Learn from every training row N times; the default depends on the number of rows, from 12 for a few to 2
    #[arg(long, value_name = "N", requires = "tune", value_parser = at_least_one)]
    epochs: Option<usize>,

    /// Set the learning rate at the end of the warm-up; the default is 0.0001 for a narrow encoder and 0.00004 for one of 768
    #[arg(long, value_name = "RATE", requires = "tune", allow_negative_numbers = true, value_parser = positive)]
    learning_rate: Option<f64>,

    /// Learn from N sentences at a time
    #[arg(long, value_name = "N", requires = "tune", default_value_t = 32, value_parser = at_least_one)]
    batch_size: usize,

    /// Set the weight decay of the encoder's matrices
    #[arg(long, value_name = "DECAY", requires = "tune", default_value_t = 0.01)]
    weight_decay: f32,

    /// Scale gradients down to this norm if theirs is larger; 0 is no limit
    #[arg(long, value_name = "NORM", requires = "tune", default_value_t = 1.0)]
    max_grad_norm: f32,

    /// Raise the learning rate during this share of the steps, before it falls to zero
    #[arg(long, value_name = "SHARE", requires = "tune", default_value_t = 0.1)]
    warmup: f32,

    /// Drop no numbers while learning; by default numbers are dropped as the encoder's configuration says
    #[arg(long, requires = "tune")]
    no_dropout: bool,

    /// Let the embeddings learn too; by default they stay as they are
    ///
    /// It takes more memory and time.
    #[arg(long, requires = "tune")]
    tune_embeddings: bool,

    /// Compute products in this data type while learning; auto is bf16 if the processor supports it
    #[arg(long, value_name = "DTYPE", requires = "tune", value_enum, default_value_t = TuneDtypeArg::Auto)]
    tune_dtype: TuneDtypeArg,
}

/// Options for a tuned encoder that is saved.
#[derive(Debug, Clone, Args)]
pub(crate) struct SaveTunedArgs {
    /// Save the tuned encoder in this data type; bf16 takes half the space
    #[arg(long, value_name = "DTYPE", requires = "tune", value_enum, default_value_t = TuneDtypeArg::Bf16)]
    save_dtype: TuneDtypeArg,

    /// Go on after the last epoch whose state an interrupted run has kept in MODEL.tuning
    ///
    /// The state is kept after each epoch, and removed at the end. Data and options must be the same; the
    /// result has the same bits as that of a run that was not interrupted. With few rows no state is kept.
    #[arg(long, requires = "tune")]
    resume: bool,

    /// End the process at an interrupt (Ctrl-C), or save the model with the best encoder so far
    ///
    /// A second interrupt ends the process in any case.
    #[arg(long, value_name = "WHAT", requires = "tune", value_enum, default_value_t = OnInterrupt::End)]
    on_interrupt: OnInterrupt,
}

/// What an interrupt does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum OnInterrupt {
    End,
    Save,
}

impl TuneArgs {
    /// The options, if the encoder is to be tuned. From now on large blocks of memory go back to the system.
    pub(crate) fn options(&self, seed: u32) -> Option<TuneOptions> {
        if !self.tune {
            return None;
        }
        clsify_kernels::allocator::return_large_blocks();
        Some(TuneOptions {
            epochs: self.epochs,
            learning_rate: self.learning_rate.map(|rate| rate as f32),
            batch_size: self.batch_size,
            weight_decay: self.weight_decay,
            max_grad_norm: self.max_grad_norm,
            warmup: self.warmup,
            dropout: !self.no_dropout,
            embeddings: self.tune_embeddings,
            dtype: self.tune_dtype.into(),
            seed,
            ..TuneOptions::default()
        })
    }

    /// The options that were given, as command-line arguments; a switch has an empty value.
    pub(crate) fn given(&self) -> Vec<(&'static str, String)> {
        let number = |given: bool, value: &dyn ToString| given.then(|| value.to_string());
        let dtype = self.tune_dtype.to_possible_value().map(|value| value.get_name().to_string());
        let default = TuneOptions::default();
        let all = [
            ("--tune", number(self.tune, &"")),
            ("--epochs", self.epochs.map(|n| n.to_string())),
            ("--learning-rate", self.learning_rate.map(|rate| rate.to_string())),
            ("--batch-size", number(self.batch_size != default.batch_size, &self.batch_size)),
            ("--weight-decay", number(self.weight_decay != default.weight_decay, &self.weight_decay)),
            ("--max-grad-norm", number(self.max_grad_norm != default.max_grad_norm, &self.max_grad_norm)),
            ("--warmup", number(self.warmup != default.warmup, &self.warmup)),
            ("--no-dropout", number(self.no_dropout, &"")),
            ("--tune-embeddings", number(self.tune_embeddings, &"")),
            ("--tune-dtype", dtype.filter(|_| self.tune_dtype != TuneDtypeArg::Auto)),
        ];
        all.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }

    /// Fails if an option was given that only a frozen encoder has.
    ///
    /// # Errors
    /// An error of the command line.
    pub(crate) fn check_alone(&self, given: Option<&'static str>) -> anyhow::Result<()> {
        match given.filter(|_| self.tune) {
            Some(option) => {
                Err(super::misused(&format!("the argument '--tune' cannot be used with '{option}'")))
            }
            None => Ok(()),
        }
    }
}

impl SaveTunedArgs {
    /// The options with these added. From now on an interrupt does what was asked for.
    pub(crate) fn added_to(&self, options: TuneOptions) -> TuneOptions {
        if self.on_interrupt == OnInterrupt::Save {
            crate::signals::end_work_first();
        }
        TuneOptions { save_dtype: self.save_dtype.into(), resume: self.resume, ..options }
    }
}
