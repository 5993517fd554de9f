//! Measures the speed of an encoder on this machine: throughput relative to the machine's ceiling, and the latency of
//! one sentence.

use std::thread;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::encoder::Dtype;
use crate::error::{Error, ErrorKind, Result};
use crate::features::TokenCounts;
use crate::model::encoder_report::EncoderReport;
use crate::model::sentence_encoder::SentenceEncoder;
use crate::notes::token_notes::TokenNotes;
use crate::observer::{Stage, advance};

/// The sentence for the latency: the article's, with 9 tokens in BERT's vocabulary.
const ONE_SENTENCE: &str = "a visually stunning rumination on love";

/// So long that the threads sleep.
const PAUSE: Duration = Duration::from_millis(20);

/// The measurements of an encoder in one data type. Of several passes over the sentences the fastest counts, because
/// other work on the machine only adds time.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct EncoderSpeed {
    /// The encoder, its data type and its features.
    pub encoder: EncoderReport,
    /// The number of threads.
    pub threads: usize,
    /// The number of sentences of a pass.
    pub n_sentences: usize,
    /// Their token counts.
    pub counts: TokenCounts,
    /// The time of reading and packing the weights, and of reading the tokenizer.
    pub load_seconds: f64,
    /// The size of the weights in memory.
    pub weights_bytes: usize,
    /// The time of turning all sentences into token ids.
    pub tokenize_seconds: f64,
    /// The time of turning all token ids into features.
    pub encode_seconds: f64,
    /// Sentences divided by `encode_seconds`.
    pub sentences_per_second: f64,
    /// Tokens divided by `encode_seconds`.
    pub tokens_per_second: f64,
    /// The operations that the features need, where a multiply-add counts as two; [`FeatureOptions::operations`].
    ///
    /// [`FeatureOptions::operations`]: crate::features::FeatureOptions::operations
    pub operations: f64,
    /// Operations divided by `encode_seconds`.
    pub operations_per_second: f64,
    /// The machine's ceiling in this data type; [`Dtype::ceiling`].
    pub ceiling_operations_per_second: f64,
    /// The share of the ceiling that was reached.
    pub fraction_of_ceiling: f64,
    /// The latency of one sentence, from text to features, computed again and again.
    pub one_sentence: Latency,
    /// The same with a pause of 20 milliseconds before each run, as in a server without load: the weights may have left
    /// the processor's caches.
    pub one_sentence_after_pause: Latency,
}

/// The latency of one sentence.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Latency {
    /// The number of its tokens.
    pub n_tokens: usize,
    /// The number of runs.
    pub n_runs: usize,
    /// The median.
    pub median_ms: f64,
    /// The 95th percentile.
    pub percentile_95_ms: f64,
}

impl EncoderSpeed {
    /// Measures an encoder on sentences, with the threads of the current rayon pool. It takes a few seconds, or
    /// longer if a single pass does. The feature cache is not used.
    ///
    /// # Errors
    /// As for [`SentenceEncoder::encode`]; [`ErrorKind::InvalidArgument`] if there is no sentence.
    ///
    /// ```no_run
    /// use clsify::model::SentenceEncoder;
    /// use clsify::studies::EncoderSpeed;
    /// let encoder = SentenceEncoder::load("all-MiniLM-L6-v2")?;
    /// let speed = EncoderSpeed::measure(&encoder, &["a visually stunning rumination on love"; 1000])?;
    /// println!("{:.0} sentences per second, {:.0} % of the ceiling", speed.sentences_per_second, 100.0 * speed.fraction_of_ceiling);
    /// # Ok::<(), clsify::error::Error>(())
    /// ```
    pub fn measure<S: AsRef<str> + Sync>(encoder: &SentenceEncoder, sentences: &[S]) -> Result<Self> {
        if sentences.is_empty() {
            return Err(Error::new(ErrorKind::InvalidArgument, "expected at least one sentence"));
        }
        let (weights, tokenizer, options) =
            (encoder.load_weights()?, encoder.tokenizer(), encoder.features());
        let (loaded, observer) = (encoder.encoder()?, encoder.observer());
        let mut encodings = Vec::new();
        let tokenize_seconds = fastest(Duration::from_millis(500), || {
            encodings = tokenizer.encode_batch(sentences)?;
            Ok(())
        })?;
        let counts = TokenNotes::of(tokenizer, &encodings).counts;

        // This is also the warm-up of threads, frequency, and the pages of the weights.
        let run = || {
            let encoding = tokenizer.encode(ONE_SENTENCE)?;
            weights.extract(std::slice::from_ref(&encoding), options, &|_| Ok(()))?;
            Ok(encoding.len())
        };
        let one_sentence = latency(Duration::ZERO, run)?;
        let one_sentence_after_pause = latency(PAUSE, run)?;
        let threads = rayon::current_num_threads();
        let dtype = encoder.dtype();
        // Measured before and after, because other work on the machine may last longer than a measurement.
        let ceiling = || dtype.ceiling(threads).unwrap_or(f64::NAN);
        let ceiling_before = ceiling();
        let encode_seconds = fastest(Duration::from_secs(4), || {
            observer.start(Stage::Embed, counts.n_tokens);
            weights.extract(&encodings, options, &|done| advance(observer, Stage::Embed, done))?;
            observer.finish(Stage::Embed);
            Ok(())
        })?;
        let ceiling = ceiling_before.max(ceiling());
        let operations: f64 = encodings.iter().map(|e| options.operations(loaded.config(), e.len())).sum();
        let operations_per_second = operations / encode_seconds;
        Ok(EncoderSpeed {
            encoder: EncoderReport::of(encoder),
            threads,
            n_sentences: sentences.len(),
            counts,
            load_seconds: encoder.load_seconds(),
            weights_bytes: loaded.weights_bytes(),
            tokenize_seconds,
            encode_seconds,
            sentences_per_second: sentences.len() as f64 / encode_seconds,
            tokens_per_second: counts.n_tokens as f64 / encode_seconds,
            operations,
            operations_per_second,
            ceiling_operations_per_second: ceiling,
            fraction_of_ceiling: operations_per_second / ceiling,
            one_sentence,
            one_sentence_after_pause,
        })
    }
}

/// The minimum time of a run, in seconds; no run begins after `budget`, or after the eighth run.
fn fastest(budget: Duration, mut run: impl FnMut() -> Result<()>) -> Result<f64> {
    let (begin, mut least) = (Instant::now(), f64::INFINITY);
    for _ in 0..8 {
        let started = Instant::now();
        run()?;
        least = least.min(started.elapsed().as_secs_f64());
        if begin.elapsed() > budget {
            break;
        }
    }
    Ok(least)
}

/// The latency of runs that return their number of tokens, each after a pause: about a second of runs, at least ten, after
/// a tenth of a second for warming up.
fn latency(pause: Duration, run: impl Fn() -> Result<usize>) -> Result<Latency> {
    let (begin, mut n_tokens) = (Instant::now(), 0);
    while n_tokens == 0 || begin.elapsed() < Duration::from_millis(100) {
        n_tokens = run()?;
    }
    let (begin, mut times) = (Instant::now(), Vec::new());
    while times.len() < 10 || (begin.elapsed() < Duration::from_secs(1) && times.len() < 2_000) {
        if !pause.is_zero() {
            thread::sleep(pause);
        }
        let started = Instant::now();
        run()?;
        times.push(1e3 * started.elapsed().as_secs_f64());
    }
    times.sort_by(f64::total_cmp);
    let percentile = |share: f64| times[((share * times.len() as f64) as usize).min(times.len() - 1)];
    Ok(Latency {
        n_tokens,
        n_runs: times.len(),
        median_ms: percentile(0.5),
        percentile_95_ms: percentile(0.95),
    })
}

impl SentenceEncoder {
    /// The dtypes in which this processor computes a layer of the encoder's shape faster than in its own dtype, from
    /// the slowest to the fastest, with the speed-up, which is about that of the whole encoder. Each is measured for
    /// about a tenth of a second; dtypes with a speed-up below a tenth are left out.
    ///
    /// # Errors
    /// As for [`encoder`](Self::encoder).
    pub fn faster_dtypes(&self) -> Result<Vec<(Dtype, f64)>> {
        let weights = self.encoder()?;
        let others = Dtype::ALL.into_iter().skip_while(|&dtype| dtype != self.dtype()).skip(1);
        let native: Vec<Dtype> = others.filter(|dtype| dtype.is_native()).collect();
        if native.is_empty() {
            return Ok(Vec::new());
        }
        let own = weights.layer_seconds(self.dtype());
        let ratio = |dtype| (dtype, own / weights.layer_seconds(dtype));
        Ok(native.into_iter().map(ratio).filter(|(_, ratio)| *ratio >= 1.1).collect())
    }
}
