//! `/tokenize` and `/decode`, in the form of text-embeddings-inference.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};
use clsify::tokenizer::TextToken;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::answer::json;
use crate::app::App;
use crate::call::{Call, off_thread};
use crate::described::Refusals;
use crate::inputs::{TextInputs, check_count};
use crate::refusal::{Kind, Refusal};
use crate::routes::embed::check_prompt_name;

/// A request for tokens.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct TokenizeRequest {
    inputs: TextInputs,
    /// The name of the model; the default is the first one.
    model: Option<String>,
    /// Answer special tokens such as `[CLS]` too; the default is true.
    add_special_tokens: Option<bool>,
    /// Refused: the prompt is that of the model.
    prompt_name: Option<String>,
}

/// A token of a text.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Token {
    id: u32,
    /// The part of the text that it stands for; its name in the vocabulary if there is none.
    text: String,
    special: bool,
    /// The first byte of that part in the text.
    start: Option<usize>,
    /// The byte after its last one.
    stop: Option<usize>,
}

/// A request for the text of token ids.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct DecodeRequest {
    ids: TokenIds,
    /// The name of the model; the default is the first one.
    model: Option<String>,
    /// Leave special tokens such as `[CLS]` out; the default is true.
    skip_special_tokens: Option<bool>,
}

/// The token ids of one text, or of several.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged, expecting = "expected a list of token ids, or a list of such lists")]
enum TokenIds {
    One(Vec<u32>),
    Many(Vec<Vec<u32>>),
}

/// All tokens of every text; nothing is truncated.
#[utoipa::path(
    post, path = "/tokenize", tag = "text-embeddings-inference", request_body = TokenizeRequest,
    responses((status = 200, description = "The tokens of every text", body = Vec<Vec<Token>>), Refusals)
)]
pub(crate) async fn tokenize(State(app): State<Arc<App>>, call: Call) -> Result<Response<Body>, Refusal> {
    let _permit = app.admit()?;
    let of_app = app.clone();
    off_thread(call.is_small(), move || {
        let request: TokenizeRequest = call.json()?;
        check_prompt_name(request.prompt_name.as_deref())?;
        let model = of_app.model_of(call.model.as_deref(), request.model.as_deref())?;
        let texts = match request.inputs {
            TextInputs::One(text) => vec![text],
            TextInputs::Many(texts) => texts,
        };
        check_count(texts.len(), of_app.options.max_client_batch_size, "inputs")?;
        let has_special = request.add_special_tokens.unwrap_or(true);
        let of_text = |(i, text): (usize, &String)| -> Result<Vec<Token>, Refusal> {
            let tokens = model.encoder().tokenizer().text_tokens(text, has_special);
            let tokens = tokens.map_err(|error| Refusal::from(error.at_sentence(i)).about("inputs"))?;
            Ok(tokens.into_iter().map(|token| shown(token, text)).collect())
        };
        json(&texts.iter().enumerate().map(of_text).collect::<Result<Vec<_>, Refusal>>()?)
    })
    .await?
}

fn shown(token: TextToken, text: &str) -> Token {
    let part = token.range.clone().and_then(|range| text.get(range)).map(String::from);
    Token {
        id: token.id,
        text: part.unwrap_or(token.token),
        special: token.is_special,
        start: token.range.as_ref().map(|range| range.start),
        stop: token.range.map(|range| range.end),
    }
}

/// The text of token ids.
#[utoipa::path(
    post, path = "/decode", tag = "text-embeddings-inference", request_body = DecodeRequest,
    responses((status = 200, description = "One text per list of ids", body = Vec<String>), Refusals)
)]
pub(crate) async fn decode(State(app): State<Arc<App>>, call: Call) -> Result<Response<Body>, Refusal> {
    let _permit = app.admit()?;
    let of_app = app.clone();
    off_thread(call.is_small(), move || {
        let request: DecodeRequest = call.json()?;
        let model = of_app.model_of(call.model.as_deref(), request.model.as_deref())?;
        let lists = match request.ids {
            TokenIds::One(ids) if ids.is_empty() => {
                let message = "expected at least one token id in `ids`, got none";
                return Err(Refusal::new(StatusCode::BAD_REQUEST, Kind::Empty, message).about("ids"));
            }
            TokenIds::One(ids) => vec![ids],
            TokenIds::Many(lists) => lists,
        };
        check_count(lists.len(), of_app.options.max_client_batch_size, "ids")?;
        let skips = request.skip_special_tokens.unwrap_or(true);
        let text = |(i, ids): (usize, &Vec<u32>)| {
            model.encoder().tokenizer().decode(ids, skips).map_err(|error| error.at_sentence(i))
        };
        let texts = lists.iter().enumerate().map(text).collect::<clsify::error::Result<Vec<String>>>();
        json(&texts.map_err(|error| Refusal::from(error).about("ids"))?)
    })
    .await?
}
