//! `tokenizer.json` and `tokenizer_config.json` of the folder, which give the token ids of the model.

use std::path::Path;

use clsify::model::SentenceClassifier;
use clsify::tokenizer::Tokenizer;
use clsify_base::encoder_files::{TOKENIZER, TOKENIZER_CONFIG};
use clsify_base::error::{Error, ErrorKind, Result};
use serde_json::Value;

use super::settings::{self, write_json};
use super::tokenizer::{Ends, Token, ends, probes, with_prompt};

/// The tokenizer's files before they are written.
pub(super) struct Texts {
    /// The content of `tokenizer.json`, without a prompt.
    json: Value,
    /// The special tokens around a sentence.
    pub(super) ends: Ends,
}

impl Texts {
    /// The files of a classifier's tokenizer.
    ///
    /// # Errors
    /// [`ErrorKind::Tokenizer`] if they cannot hold the tokenizer's settings.
    pub(super) fn of(classifier: &SentenceClassifier) -> Result<Self> {
        let tokenizer = classifier.encoder().tokenizer();
        let json: Value = serde_json::from_str(&tokenizer.to_json()?)
            .map_err(|e| Error::new(ErrorKind::Tokenizer, e.to_string()).caused_by(e))?;
        let ends = ends(&json["post_processor"]).ok_or_else(|| {
            Error::new(
                ErrorKind::Tokenizer,
                "expected special tokens before and after a sentence, got another post_processor",
            )
        })?;
        let encoding = tokenizer.clone().with_prompt("").encode("a")?;
        if encoding.token_type_ids.iter().any(|&id| id != 0) {
            let message = "expected tokens of type 0, got a tokenizer that gives them another type";
            return Err(Error::new(ErrorKind::Tokenizer, message));
        }
        Ok(Texts { json, ends })
    }

    /// Writes both files; returns whether sentences get the model's prompt, if it has one.
    pub(super) fn write(&self, classifier: &SentenceClassifier, folder: &Path) -> Result<bool> {
        let tokenizer = classifier.encoder().tokenizer();
        let pad_token = self.json["padding"]["pad_token"].as_str().unwrap_or_default();
        let side = if tokenizer.truncated_part() == "start" { "left" } else { "right" };
        let config = settings::tokenizer_config(&self.ends, pad_token, tokenizer.max_length(), side);
        write_json(&folder.join(TOKENIZER_CONFIG), &config)?;
        if !tokenizer.prompt().is_empty()
            && let Some(prompt) = self.prompt(tokenizer)?
        {
            let mut json = self.json.clone();
            json["post_processor"] = with_prompt(&self.ends, &prompt);
            write_json(&folder.join(TOKENIZER), &json)?;
            if self.differing(tokenizer, folder)?.is_none() {
                return Ok(true);
            }
        }
        write_json(&folder.join(TOKENIZER), &self.json)?;
        Ok(tokenizer.prompt().is_empty())
    }

    /// The tokens of the prompt alone; `None` if it takes the room of the sentence.
    fn prompt(&self, tokenizer: &Tokenizer) -> Result<Option<Vec<Token>>> {
        let encoding = tokenizer.encode("")?;
        let n_special = self.ends.before.len() + self.ends.after.len();
        if encoding.is_truncated || encoding.len() >= tokenizer.max_length() || encoding.len() < n_special {
            return Ok(None);
        }
        let tokens = tokenizer.tokens(&encoding).into_iter().zip(&encoding.input_ids);
        let tokens = tokens.map(|(text, &id)| Token { text, id }).skip(self.ends.before.len());
        Ok(Some(tokens.take(encoding.len() - n_special).collect()))
    }

    /// A text that the written tokenizer divides differently from the model's own.
    fn differing(&self, tokenizer: &Tokenizer, folder: &Path) -> Result<Option<String>> {
        let written = Tokenizer::load(folder, tokenizer.max_length())?;
        for probe in probes(&self.ends, tokenizer.max_length()) {
            if written.encode(&probe)?.input_ids != tokenizer.encode(&probe)?.input_ids {
                return Ok(Some(probe));
            }
        }
        Ok(None)
    }

    /// Checks that the written tokenizer gives the ids of the model's own.
    pub(super) fn check(
        &self,
        classifier: &SentenceClassifier,
        folder: &Path,
        prompt_is_inside: bool,
    ) -> Result<()> {
        let tokenizer = classifier.encoder().tokenizer().clone();
        let tokenizer = if prompt_is_inside { tokenizer } else { tokenizer.with_prompt("") };
        match self.differing(&tokenizer, folder)? {
            None => Ok(()),
            Some(text) => Err(Error::new(
                ErrorKind::Tokenizer,
                format!("expected a tokenizer.json with the same token ids, got others for {text:?}"),
            )),
        }
    }
}
