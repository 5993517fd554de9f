//! What every use of fine-tuning shares: the texts to learn from, a run on all of some rows, the second attempt at half the
//! learning rate, and the tuned encoder as an encoder like any other.

use std::path::{Path, PathBuf};

use crate::classifier::LinearClassifier;
use crate::dataset::Dataset;
use crate::error::{Error, ErrorKind, Result};
use crate::features::Pooling;
use crate::files::{TemporaryFolder, remove_leftovers};
use crate::model::encoder_identity::FileHash;
use crate::model::encoder_options::SentenceEncoderOptions;
use crate::model::sentence_encoder::SentenceEncoder;
use crate::observer::Observer;
use crate::tokenizer::Encoding;
use crate::tuning::run::{AfterEpoch, Task};
use crate::tuning::save::save;
use crate::tuning::{EpochReport, TuneSettings};

/// The training rows as token ids, and what else of the encoder is needed.
pub(crate) struct Texts {
    pub(crate) encodings: Vec<Encoding>,
    pub(crate) max_length: usize,
    pub(crate) hidden_size: usize,
    pub(crate) name: String,
    /// The files of the encoder.
    pub(crate) files: Vec<FileHash>,
}

impl Texts {
    /// Tokenizes the rows to learn from. The encoder's weights are read again to be tuned, and not kept here.
    pub(crate) fn read(folder: &Path, options: &SentenceEncoderOptions, train: &Dataset) -> Result<Self> {
        let encoder = SentenceEncoder::load_with(folder, tuned_options(options))?;
        let encodings = encoder.tokenizer().encode_batch(train.sentences());
        Ok(Texts {
            encodings: encodings.map_err(|error| error.at_line_of(train.lines()))?,
            max_length: encoder.tokenizer().max_length(),
            hidden_size: encoder.config().hidden_size,
            name: encoder.name().to_string(),
            files: encoder.files().hashes(encoder.hash_memory())?,
        })
    }

    /// Writes the encoder after an epoch to the folder `target`.
    pub(crate) fn save(&self, task: &Task, after: &AfterEpoch, target: &Path) -> Result<()> {
        save(target, task.folder, &after.model.encoder, task.settings.save_dtype, self.max_length)
    }

    /// Learns from all of these rows; the encoder of the last epoch is written to the folder `target`.
    pub(crate) fn tune_all(
        &self,
        task: &Task,
        rows: &[usize],
        target: &Path,
    ) -> Result<(LinearClassifier, Vec<EpochReport>)> {
        let mut classifier = None;
        let epochs = task.run(rows, &[], None, &mut |after| {
            if after.is_last {
                self.save(task, &after, target)?;
                classifier = Some(after.classifier.clone());
            }
            Ok(None)
        })?;
        Ok((classifier.ok_or_else(nothing_done)?, epochs))
    }

    /// The tuned encoder in a temporary folder, which goes with it.
    pub(crate) fn load_tuned(
        &self,
        folder: TemporaryFolder,
        options: &SentenceEncoderOptions,
    ) -> Result<SentenceEncoder> {
        let name = Some(format!("{} (tuned)", self.name));
        let options = SentenceEncoderOptions { name, ..tuned_options(options) };
        Ok(SentenceEncoder::load_with(folder.path(), options)?.in_temporary(folder))
    }
}

/// The mean of the last layer, without a cache: a tuned encoder is new each time.
fn tuned_options(options: &SentenceEncoderOptions) -> SentenceEncoderOptions {
    SentenceEncoderOptions { features: Pooling::Mean.into(), cache: None, ..options.clone() }
}

/// The path beside which a tuned encoder is written that is not kept, in the system's folder for temporary files. What killed
/// processes left there is removed.
///
/// # Errors
/// An I/O error if nothing can be written there.
pub(crate) fn tuned_folder() -> Result<PathBuf> {
    let beside = std::env::temp_dir().join("clsify-tuned");
    remove_leftovers(&beside);
    let hint = "set TMPDIR to a folder that can be written to";
    TemporaryFolder::beside(&beside).map_err(|error| error.with_hint(hint))?;
    Ok(beside)
}

/// Tunes by these settings, and if that diverges, once more with half the learning rate.
pub(crate) fn or_at_half_rate<T>(
    settings: TuneSettings,
    observer: &dyn Observer,
    tune: impl Fn(TuneSettings) -> Result<T>,
) -> Result<T> {
    match tune(settings) {
        Err(error) if error.kind() == ErrorKind::Diverged => {
            let half = settings.learning_rate / 2.0;
            observer.warn(&format!("{error}: tuning starts again with a learning rate of {half:e}"));
            tune(TuneSettings { learning_rate: half, ..settings })
        }
        other => other,
    }
}

pub(super) fn nothing_done() -> Error {
    Error::new(ErrorKind::InvalidArgument, "tuning was stopped before there was an encoder to keep")
}
