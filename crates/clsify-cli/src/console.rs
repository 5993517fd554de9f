//! Output to stderr: progress, messages, errors.

use std::io::{IsTerminal, Write};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use clsify::encoder::Dtype;
use clsify::model::SentenceEncoder;
use clsify::observer::{Observer, Stage};
use clsify_hub::FetchObserver;
use clsify_report::text::visible;
use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verbosity {
    Quiet,
    Normal,
    Verbose,
}

/// A run that spends longer in the encoder ends with a hint about faster dtypes.
const LONG_SECONDS: f64 = 5.0;

/// Shows the user everything except results. Bars are drawn on a terminal only. Clones share one console.
#[derive(Clone)]
pub(crate) struct Console {
    verbosity: Verbosity,
    shows_bars: bool,
    current: Arc<Mutex<Option<(String, ProgressBar, Instant)>>>,
}

impl Console {
    pub(crate) fn new(verbosity: Verbosity) -> Self {
        let shows_bars = verbosity > Verbosity::Quiet && std::io::stderr().is_terminal();
        Console { verbosity, shows_bars, current: Arc::default() }
    }

    /// The console as an observer of the library.
    pub(crate) fn observer(&self) -> Arc<Console> {
        Arc::new(self.clone())
    }

    /// Prints a line in a normal run.
    pub(crate) fn say(&self, text: &str) {
        if self.verbosity >= Verbosity::Normal {
            self.line(text);
        }
    }

    /// Prints a line with `--verbose` only.
    pub(crate) fn detail(&self, text: &str) {
        if self.verbosity >= Verbosity::Verbose {
            self.line(text);
        }
    }

    /// Prints an error, with its hint if it has one.
    pub(crate) fn error(&self, error: &anyhow::Error) {
        self.end_bar();
        self.line(&one_line(&format!("error: {}", text(error))));
        let known = error.chain().find_map(|e| e.downcast_ref::<clsify::error::Error>());
        if let Some(hint) = known.and_then(clsify::error::Error::hint) {
            self.line(&one_line(&format!("hint: {hint}")));
        }
    }

    /// Names the dtypes that would have been faster, after a run that spent long in the encoder.
    pub(crate) fn hint_faster_dtype(&self, encoder: &SentenceEncoder) {
        if self.verbosity == Verbosity::Quiet || encoder.embed_seconds() < LONG_SECONDS {
            return;
        }
        // A hint that cannot be computed is not worth an error.
        if let Some(hint) = encoder.faster_dtypes().ok().and_then(|faster| faster_dtype(&faster)) {
            self.say(&hint);
        }
    }

    fn line(&self, text: &str) {
        let current = self.lock();
        let write = || {
            // If stderr is closed, the message cannot be shown anywhere.
            let _ = writeln!(std::io::stderr(), "{}", visible(text));
        };
        match current.as_ref() {
            Some((_, bar, _)) => bar.suspend(write),
            None => write(),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<(String, ProgressBar, Instant)>> {
        self.current.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn begin_bar(&self, name: &str, total: u64, template: &str) {
        self.end_bar();
        let bar = if self.shows_bars {
            ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr_with_hz(10))
        } else {
            ProgressBar::hidden()
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("=> ").with_key("left", write_time_left));
        }
        bar.set_message(name.to_string());
        bar.enable_steady_tick(Duration::from_millis(200));
        *self.lock() = Some((name.to_string(), bar, Instant::now()));
    }

    fn end_bar(&self) {
        if let Some((_, bar, _)) = self.lock().take() {
            bar.finish_and_clear();
        }
    }
}

/// An error and its causes, except those whose text is part of the error's: an error of the library says everything.
pub(crate) fn causes(error: &anyhow::Error) -> impl Iterator<Item = &(dyn std::error::Error + 'static)> {
    let mut is_over = false;
    error.chain().take_while(move |e| !std::mem::replace(&mut is_over, e.is::<clsify::error::Error>()))
}

/// An error as one text.
pub(crate) fn text(error: &anyhow::Error) -> String {
    causes(error).map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// The hint that names faster dtypes and their speed-up.
fn faster_dtype(faster: &[(Dtype, f64)]) -> Option<String> {
    let ((dtype, ratio), others) = faster.split_first()?;
    let others: String =
        others.iter().map(|(dtype, ratio)| format!(", --dtype {dtype} about {ratio:.1} times")).collect();
    Some(format!(
        "hint: --dtype {dtype} is about {ratio:.1} times as fast on this processor{others}; `clsify bench` measures it"
    ))
}

fn write_time_left(state: &ProgressState, out: &mut dyn std::fmt::Write) {
    // A bar that cannot be drawn is not worth an error.
    let _ = out.write_str(&time_left(state.pos(), state.eta()));
}

/// The time left, once there is enough progress to estimate it.
fn time_left(done: u64, left: Duration) -> String {
    match done > 0 && !left.is_zero() {
        true => format!(", {:#} left", HumanDuration(left)),
        false => String::new(),
    }
}

/// Puts a message on one line, even if a path or a label in it contains line breaks.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn name_of(stage: Stage) -> &'static str {
    match stage {
        Stage::Load => "loading the encoder",
        Stage::Tokenize => "tokenizing",
        Stage::Embed => "encoding tokens",
        Stage::Stream => "encoding sentences",
        Stage::Fit => "fitting the classifier",
        Stage::GridSearch => "grid search",
        Stage::Tune => "tuning on tokens",
        Stage::Explain => "explaining sentences",
        _ => "working",
    }
}

impl Observer for Console {
    fn start(&self, stage: Stage, total: usize) {
        let template = match (stage, total) {
            (Stage::Stream, 0) => "{spinner} {msg} {bytes} read, {elapsed}",
            (Stage::Stream, _) => "{msg} [{bar:30}] {bytes}/{total_bytes} read{left}",
            (_, 0) => "{spinner} {msg} {elapsed}",
            _ => "{msg} [{bar:30}] {pos}/{len}{left}",
        };
        self.begin_bar(name_of(stage), total as u64, template);
    }

    fn advance(&self, _stage: Stage, done: usize) {
        if let Some((_, bar, _)) = self.lock().as_ref() {
            bar.set_position(done as u64);
        }
    }

    fn finish(&self, _stage: Stage) {
        let finished = self.lock().take();
        if let Some((name, bar, started)) = finished {
            bar.finish_and_clear();
            self.detail(&format!("{name}: {:.2} s", started.elapsed().as_secs_f64()));
        }
    }

    fn should_stop(&self) -> bool {
        crate::signals::should_stop()
    }

    fn note(&self, text: &str) {
        self.say(&one_line(&format!("note: {text}")));
    }
}

/// A console without bars, for code that writes to the same terminal meanwhile.
pub(crate) struct Notes(pub(crate) Console);

impl Observer for Notes {
    fn note(&self, text: &str) {
        self.0.note(text);
    }
}

impl FetchObserver for Console {
    fn message(&self, text: &str) {
        self.say(text);
    }

    fn bytes(&self, file: &str, done: u64, total: u64) {
        let is_new = self.lock().as_ref().is_none_or(|(name, _, _)| name != file);
        if is_new {
            let template = match total {
                0 => "{spinner} {msg} {bytes}, {bytes_per_sec}",
                _ => "{msg} [{bar:30}] {bytes}/{total_bytes}, {bytes_per_sec}{left}",
            };
            self.begin_bar(file, total, template);
        }
        if let Some((_, bar, _)) = self.lock().as_ref() {
            bar.set_position(done);
        }
        if total > 0 && done >= total {
            self.end_bar();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_time_is_left_until_it_is_known() {
        assert_eq!(time_left(0, Duration::ZERO), "");
        assert_eq!(time_left(0, Duration::from_secs(9)), "");
        assert_eq!(time_left(100, Duration::ZERO), "");
        assert_eq!(time_left(100, Duration::from_secs(9)), ", 9s left");
        assert_eq!(time_left(100, Duration::from_secs(90)), ", 2m left");
    }

    #[test]
    fn the_hint_names_what_is_faster() {
        assert_eq!(faster_dtype(&[]), None);
        assert_eq!(
            faster_dtype(&[(Dtype::Int8, 1.44)]).as_deref(),
            Some(
                "hint: --dtype int8 is about 1.4 times as fast on this processor; `clsify bench` measures it"
            )
        );
        assert_eq!(
            faster_dtype(&[(Dtype::Bf16, 1.96), (Dtype::Int8, 3.2)]).as_deref(),
            Some(
                "hint: --dtype bf16 is about 2.0 times as fast on this processor, --dtype int8 about 3.2 times; \
                 `clsify bench` measures it"
            )
        );
    }
}
