//! The choice of the hidden states that are pooled.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind, Result};

/// Hidden states by number, as in transformers' `hidden_states`: 0 is the embeddings, `n` is the output of layer `n`.
///
/// Written `last`, `9`, `9-12`, `all`; also in JSON.
///
/// ```
/// use clsify::features::Layers;
/// let layers: Layers = "9-12".parse()?;
/// assert_eq!(layers.resolve(12)?, 9..=12);
/// assert_eq!(Layers::Last.resolve(6)?, 6..=6);
/// assert!(layers.resolve(6).is_err());
/// # Ok::<(), clsify::error::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Layers {
    /// The output of the last layer: the article's choice.
    #[default]
    Last,
    /// A range of numbers, both included.
    Range {
        /// The first number.
        first: usize,
        /// The last number; not below the first.
        last: usize,
    },
    /// The embeddings and every layer.
    All,
}

impl Layers {
    /// One layer, or 0 for the embeddings.
    pub fn one(layer: usize) -> Self {
        Layers::Range { first: layer, last: layer }
    }

    /// The numbers, for an encoder with this many layers.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] if the encoder has fewer layers, or the range is empty.
    pub fn resolve(self, num_hidden_layers: usize) -> Result<RangeInclusive<usize>> {
        match self {
            Layers::Last => Ok(num_hidden_layers..=num_hidden_layers),
            Layers::All => Ok(0..=num_hidden_layers),
            Layers::Range { first, last } if first <= last && last <= num_hidden_layers => Ok(first..=last),
            Layers::Range { .. } => {
                let message = format!("expected layers between 0 and {num_hidden_layers}, got {self}");
                Err(Error::new(ErrorKind::InvalidArgument, message)
                    .with_hint("0 is the embeddings; the encoder has no more layers"))
            }
        }
    }

    /// The same layers for an encoder with this many layers, in a canonical form.
    ///
    /// # Errors
    /// As for [`resolve`](Self::resolve).
    pub fn canonical(self, num_hidden_layers: usize) -> Result<Self> {
        let (first, last) = self.resolve(num_hidden_layers)?.into_inner();
        Ok(match first {
            _ if first == num_hidden_layers => Layers::Last,
            0 if last == num_hidden_layers => Layers::All,
            _ => Layers::Range { first, last },
        })
    }
}

impl fmt::Display for Layers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Layers::Last => f.write_str("last"),
            Layers::All => f.write_str("all"),
            Layers::Range { first, last } if first == last => write!(f, "{first}"),
            Layers::Range { first, last } => write!(f, "{first}-{last}"),
        }
    }
}

impl FromStr for Layers {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let range = || -> Option<Layers> {
            let (first, last) = text.split_once('-').unwrap_or((text, text));
            let number = |text: &str| text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok());
            let (first, last) = (number(first)??, number(last)??);
            (first <= last).then_some(Layers::Range { first, last })
        };
        match text {
            "last" => Ok(Layers::Last),
            "all" => Ok(Layers::All),
            _ => range().ok_or_else(|| {
                let message =
                    format!("expected last, all, a layer such as 9 or some such as 9-12, got {text:?}");
                Error::new(ErrorKind::InvalidArgument, message)
            }),
        }
    }
}

impl From<Layers> for String {
    fn from(layers: Layers) -> Self {
        layers.to_string()
    }
}

impl TryFrom<String> for Layers {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read_and_written() {
        for text in ["last", "all", "0", "9", "9-12", "0-3"] {
            assert_eq!(text.parse::<Layers>().unwrap().to_string(), text);
        }
        assert_eq!("5-5".parse::<Layers>().unwrap(), Layers::one(5));
        for text in ["", "-", "-1", "1-", "+1", "3-2", "a", "1-2-3", "Last", "99999999999999999999"] {
            assert!(text.parse::<Layers>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn one_choice_has_one_name() {
        for (text, name) in [("last", "last"), ("6", "last"), ("6-6", "last"), ("0-6", "all"), ("5", "5")] {
            assert_eq!(text.parse::<Layers>().unwrap().canonical(6).unwrap().to_string(), name);
        }
        assert_eq!(Layers::All.canonical(0).unwrap(), Layers::Last);
        assert!(Layers::one(7).canonical(6).is_err());
    }
}
