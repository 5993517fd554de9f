//! The state of a run after an epoch, in a folder: a run that was killed goes on from it and gives the same bits as one
//! that was not.

use std::fs;
use std::path::{Path, PathBuf};

use safetensors::tensor::{Dtype, View, serialize_to_file};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::model::TunedModel;
use super::report::EpochReport;
use super::run::AfterEpoch;
use crate::checkpoint_folder::read_text;
use crate::encoder::Checkpoint;
use crate::encoder::trainable::{Moments, Parameter};
use crate::error::{Error, ErrorKind, Result};
use crate::files::{copy_file, write_folder_atomically};

const STATE: &str = "state.json";
const WEIGHTS: &str = "model.safetensors";
const BEST: &str = "best";

/// What helps against a damaged state.
const START_AGAIN: &str = "the state of the interrupted run is damaged: leave out --resume to start again";

/// The folder of a run's state, and what the run is of.
#[derive(Debug, Clone)]
pub(crate) struct TuningCheckpoint {
    folder: PathBuf,
    /// The sha256 of everything that determines the run.
    run: String,
}

/// What is known after an epoch, beside the weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct State {
    run: String,
    pub(crate) epochs: Vec<EpochReport>,
    pub(crate) best: Best,
}

/// The best epoch so far. Its encoder is in a folder of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Best {
    /// Counted from 1.
    pub(crate) epoch: usize,
    pub(crate) coef: Vec<f32>,
    pub(crate) intercept: Vec<f32>,
    /// `null` is minus infinity, the logit of a class without rows.
    pub(crate) held_out_logits: Vec<Option<f64>>,
}

impl Best {
    pub(crate) fn of(after: &AfterEpoch) -> Self {
        let head = &after.model.head;
        Best {
            epoch: after.epoch,
            coef: head.coef.value.clone(),
            intercept: head.intercept.value.clone(),
            held_out_logits: after
                .held_out_logits
                .iter()
                .map(|&z| Some(z).filter(|z| z.is_finite()))
                .collect(),
        }
    }

    /// `[n_held_out, n_classes]`, or `[n_held_out, n_labels]`.
    pub(crate) fn logits(&self) -> Vec<f64> {
        self.held_out_logits.iter().map(|z| z.unwrap_or(f64::NEG_INFINITY)).collect()
    }
}

/// Numbers as a tensor of a file.
enum Numbers<'a> {
    F32(&'a [f32], [usize; 1]),
    Bf16(&'a [u16], [usize; 1]),
}

impl<'a> Numbers<'a> {
    /// The value and the moments of a parameter.
    fn of(parameter: &'a Parameter) -> [Self; 3] {
        let shape = [parameter.value.len()];
        let value = Numbers::F32(&parameter.value, shape);
        match &parameter.moments {
            Moments::F32([first, second]) => [value, Numbers::F32(first, shape), Numbers::F32(second, shape)],
            Moments::Bf16([first, second]) => {
                [value, Numbers::Bf16(first, shape), Numbers::Bf16(second, shape)]
            }
        }
    }
}

impl View for Numbers<'_> {
    fn dtype(&self) -> Dtype {
        match self {
            Numbers::F32(..) => Dtype::F32,
            Numbers::Bf16(..) => Dtype::BF16,
        }
    }

    fn shape(&self) -> &[usize] {
        match self {
            Numbers::F32(_, shape) | Numbers::Bf16(_, shape) => shape,
        }
    }

    fn data(&self) -> std::borrow::Cow<'_, [u8]> {
        match self {
            Numbers::F32(numbers, _) => numbers.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>(),
            Numbers::Bf16(numbers, _) => numbers.iter().flat_map(|v| v.to_le_bytes()).collect(),
        }
        .into()
    }

    fn data_len(&self) -> usize {
        match self {
            Numbers::F32(numbers, _) => 4 * numbers.len(),
            Numbers::Bf16(numbers, _) => 2 * numbers.len(),
        }
    }
}

impl TuningCheckpoint {
    /// `parts` are everything that determines the run.
    pub(crate) fn new<'a>(folder: PathBuf, parts: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut sha256 = Sha256::new();
        for part in parts {
            sha256.update((part.len() as u64).to_le_bytes());
            sha256.update(part);
        }
        let run = sha256.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        TuningCheckpoint { folder, run }
    }

    /// Writes the state and, from its folder, the encoder of the best epoch. An earlier state is replaced.
    pub(crate) fn save(
        &self,
        model: &TunedModel,
        epochs: Vec<EpochReport>,
        best: Best,
        best_encoder: &Path,
    ) -> Result<()> {
        let state = State { run: self.run.clone(), epochs, best };
        write_folder_atomically(&self.folder, |new| {
            let numbers = model.parameters().into_iter().flat_map(Numbers::of);
            let tensors = numbers.enumerate().map(|(i, numbers)| (name(i), numbers));
            let path = new.join(WEIGHTS);
            serialize_to_file(tensors.collect::<Vec<_>>(), None, &path).map_err(|e| {
                Error::new(ErrorKind::Io, e.to_string()).caused_by(e).at(path.display().to_string())
            })?;
            let path = new.join(STATE);
            let text = serde_json::to_string(&state)
                .map_err(|e| Error::new(ErrorKind::Io, e.to_string()).caused_by(e))?;
            fs::write(&path, text).map_err(|e| Error::io(&path, e))?;
            copy_folder(best_encoder, &new.join(BEST))
        })
    }

    /// The state of an earlier run of the same kind, if there is one.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] if it is of another run: other rows, options or encoder.
    pub(crate) fn state(&self) -> Result<Option<State>> {
        let path = self.folder.join(STATE);
        if !path.exists() {
            return Ok(None);
        }
        let place = |e: Error| e.at(path.display().to_string());
        let state: State = serde_json::from_str(&read_text(&path)?).map_err(|e| {
            let message = format!("not a state of tuning: {e}");
            place(Error::new(ErrorKind::Model, message).caused_by(e)).with_hint(START_AGAIN)
        })?;
        if state.run != self.run {
            let message =
                "expected the state of this run, got that of other rows, options or another encoder";
            return Err(place(Error::new(ErrorKind::InvalidArgument, message))
                .with_hint("give the options of the interrupted run, or leave out --resume to start again"));
        }
        Ok(Some(state))
    }

    /// Gives the model the weights of the state, and copies the encoder of the best epoch to a folder.
    pub(crate) fn restore(&self, model: &mut TunedModel, best_encoder: &Path) -> Result<()> {
        // A state is no file that can be fetched again, as the hint for a damaged checkpoint has it.
        self.read(model, best_encoder).map_err(|error| error.with_hint(START_AGAIN))
    }

    fn read(&self, model: &mut TunedModel, best_encoder: &Path) -> Result<()> {
        let tensors = Checkpoint::open_module(&self.folder)?;
        for (i, parameter) in model.parameters_mut().into_iter().enumerate() {
            let n = parameter.value.len();
            let read = |part: usize| tensors.tensor(&name(3 * i + part), &[n]);
            parameter.value = read(0)?;
            let moments = [read(1)?, read(2)?];
            parameter.moments = match parameter.moments {
                Moments::F32(_) => Moments::F32(moments),
                // They are read as `f32`, which holds them exactly.
                Moments::Bf16(_) => Moments::Bf16(
                    moments
                        .map(|moments| moments.iter().map(|v| half::bf16::from_f32(*v).to_bits()).collect()),
                ),
            };
        }
        model.encoder.weights_changed();
        copy_folder(&self.folder.join(BEST), best_encoder)
    }
}

fn name(i: usize) -> String {
    format!("tensor.{i}")
}

/// Creates a folder, unless it is there. The folder around it must be: one that was removed because the process is being
/// stopped does not come back.
pub(super) fn create_folder(folder: &Path) -> Result<()> {
    match fs::create_dir(folder) {
        Err(e) if e.kind() != std::io::ErrorKind::AlreadyExists => Err(Error::io(folder, e)),
        _ => Ok(()),
    }
}

/// Copies the files of a folder, and of the folders in it.
fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    create_folder(to)?;
    for entry in fs::read_dir(from).map_err(|e| Error::io(from, e))? {
        let entry = entry.map_err(|e| Error::io(from, e))?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if source.is_dir() {
            copy_folder(&source, &target)?;
        } else {
            copy_file(&source, &target)?;
        }
    }
    Ok(())
}
