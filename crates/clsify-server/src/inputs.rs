//! The texts of a request, in every form in which clients send them.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;

use crate::refusal::{Kind, Refusal};
use axum::http::StatusCode;

/// A text, or the ids of its tokens.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(untagged, expecting = "expected a text or a list of token ids")]
pub(crate) enum Input {
    /// A text.
    Text(String),
    /// Token ids of the model's own tokenizer, with or without special tokens.
    Ids(Vec<u32>),
}

/// One text or several, each as text or as token ids.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(
    untagged,
    expecting = "expected a text, a list of texts, a list of token ids, or a list of such lists"
)]
pub(crate) enum EmbedInputs {
    /// Several.
    Many(Vec<Input>),
    /// One.
    One(Input),
}

/// One text, a list of texts, or a list of lists with one text each.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged, expecting = "expected a text, a list of texts, or a list of lists with one text each")]
pub(crate) enum PredictInputs {
    /// One text.
    One(String),
    /// A text per item.
    Many(Vec<String>),
    /// A list with one text per item, as text-embeddings-inference expects it.
    Nested(Vec<Vec<String>>),
}

/// One text or several.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged, expecting = "expected a text or a list of texts")]
pub(crate) enum TextInputs {
    /// One text.
    One(String),
    /// Several texts.
    Many(Vec<String>),
}

/// The texts of a request.
#[derive(Debug)]
pub(crate) struct Inputs {
    pub(crate) items: Vec<Input>,
    /// True if they came as a list, so that the answer is one too.
    pub(crate) is_batch: bool,
}

impl From<EmbedInputs> for Inputs {
    fn from(inputs: EmbedInputs) -> Self {
        match inputs {
            EmbedInputs::One(input) => Inputs { items: vec![input], is_batch: false },
            EmbedInputs::Many(items) => Inputs { items, is_batch: true },
        }
    }
}

impl From<TextInputs> for Inputs {
    fn from(inputs: TextInputs) -> Self {
        match inputs {
            TextInputs::One(text) => Inputs { items: vec![Input::Text(text)], is_batch: false },
            TextInputs::Many(texts) => {
                Inputs { items: texts.into_iter().map(Input::Text).collect(), is_batch: true }
            }
        }
    }
}

impl TryFrom<PredictInputs> for Inputs {
    type Error = Refusal;

    fn try_from(inputs: PredictInputs) -> Result<Self, Refusal> {
        let nested = match inputs {
            PredictInputs::One(text) => return Ok(TextInputs::One(text).into()),
            PredictInputs::Many(texts) => return Ok(TextInputs::Many(texts).into()),
            PredictInputs::Nested(nested) => nested,
        };
        let one = |(i, texts): (usize, Vec<String>)| {
            match <[String; 1]>::try_from(texts) {
            Ok([text]) => Ok(text),
            Err(texts) => Err(Refusal::invalid(format!(
                "expected one text per inner list, got {} at index {i}: this classifier takes single texts, not pairs",
                texts.len()
            ))
            .about("inputs")),
        }
        };
        let texts = nested.into_iter().enumerate().map(one).collect::<Result<Vec<String>, Refusal>>()?;
        Ok(TextInputs::Many(texts).into())
    }
}

/// What a route that runs the encoder needs of its request.
pub(crate) trait TextRequest: DeserializeOwned + Send + 'static {
    /// The field with the texts.
    const PARAM: &'static str;

    /// The hint about a text that is too long for the encoder.
    const LONG_TEXT_HINT: &'static str = "shorten it, or send \"truncate\": true";

    /// The model that the request names.
    fn model(&self) -> Option<&str>;

    /// Takes the texts out of the request.
    fn take_inputs(&mut self) -> Result<Inputs, Refusal>;

    /// True or false if the request says whether too long texts are truncated.
    fn truncate(&self) -> Option<bool> {
        None
    }

    /// The side on which the request wants texts to be truncated.
    fn truncation_direction(&self) -> Option<&str> {
        None
    }

    /// Refuses what cannot be done for a field of its own.
    fn check(&self) -> Result<(), Refusal> {
        Ok(())
    }
}

/// Refuses a request without a text, or with more than the server takes.
pub(crate) fn check_count(n: usize, limit: usize, param: &'static str) -> Result<(), Refusal> {
    if n == 0 {
        let message = format!("expected at least one text in `{param}`, got none");
        return Err(Refusal::new(StatusCode::BAD_REQUEST, Kind::Empty, message).about(param));
    }
    if n > limit {
        let message =
            format!("expected at most {limit} texts per request, got {n}: send them in several requests");
        return Err(Refusal::invalid(message).about(param));
    }
    Ok(())
}
