//! Pools one vector per token to one vector per sentence: the `[CLS]` row, the mean, or the maximum.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind};

/// The method of pooling the vectors of a sentence's tokens to one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pooling {
    /// The vector at position 0, that of `[CLS]`: the article's choice.
    Cls,
    /// The mean over all tokens, special tokens included.
    Mean,
    /// The maximum of each number over all tokens, special tokens included.
    Max,
}

impl Pooling {
    /// Pools `hidden_states [n_tokens, out.len()]` of one sentence.
    ///
    /// ```
    /// use clsify::features::Pooling;
    /// let hidden_states = [1.0, 5.0, 3.0, 1.0]; // 2 tokens, 2 numbers each
    /// let mut out = [0.0; 2];
    /// Pooling::Mean.pool(&hidden_states, &mut out);
    /// assert_eq!(out, [2.0, 3.0]);
    /// ```
    ///
    /// # Panics
    /// Panics if there is no token.
    pub fn pool(self, hidden_states: &[f32], out: &mut [f32]) {
        let mut tokens = hidden_states.chunks_exact(out.len());
        out.copy_from_slice(tokens.next().expect("a sentence has at least one token"));
        match self {
            Pooling::Cls => {}
            Pooling::Mean => {
                let n = 1.0 + tokens.len() as f32;
                for token in tokens {
                    out.iter_mut().zip(token).for_each(|(o, t)| *o += t);
                }
                out.iter_mut().for_each(|o| *o /= n);
            }
            Pooling::Max => {
                for token in tokens {
                    // `f32::max` would ignore NaN.
                    out.iter_mut()
                        .zip(token)
                        .for_each(|(o, t)| *o = if *t > *o || t.is_nan() { *t } else { *o });
                }
            }
        }
    }
}

impl Pooling {
    /// The gradient of `hidden_states [n_tokens, pooled.len()]` of one sentence, from that of its pooled vector. Of
    /// equal maxima the first token receives it.
    pub(crate) fn backward(self, hidden_states: &[f32], pooled: &[f32], gradient: &mut [f32]) {
        let (cols, n_tokens) = (pooled.len(), hidden_states.len() / pooled.len());
        gradient.fill(0.0);
        match self {
            Pooling::Cls => gradient[..cols].copy_from_slice(pooled),
            Pooling::Mean => {
                for row in gradient.chunks_exact_mut(cols) {
                    row.iter_mut().zip(pooled).for_each(|(g, p)| *g = p / n_tokens as f32);
                }
            }
            Pooling::Max => {
                for (column, &p) in pooled.iter().enumerate() {
                    let at = |token: usize| hidden_states[token * cols + column];
                    let largest =
                        (1..n_tokens).fold(0, |best, token| if at(token) > at(best) { token } else { best });
                    gradient[largest * cols + column] = p;
                }
            }
        }
    }
}

impl fmt::Display for Pooling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Pooling::Cls => "cls",
            Pooling::Mean => "mean",
            Pooling::Max => "max",
        })
    }
}

impl FromStr for Pooling {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text {
            "cls" => Ok(Pooling::Cls),
            "mean" => Ok(Pooling::Mean),
            "max" => Ok(Pooling::Max),
            _ => Err(Error::new(
                ErrorKind::InvalidArgument,
                format!("expected cls, mean or max, got {text:?}"),
            )),
        }
    }
}

/// Poolings joined by `+`.
pub fn pooling_names(poolings: &[Pooling]) -> String {
    let names: Vec<String> = poolings.iter().map(Pooling::to_string).collect();
    names.join("+")
}
