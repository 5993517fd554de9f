//! The special tokens around a sentence in a `tokenizer.json`, and a prompt among them.
//!
//! A prompt cannot be a `Prepend` normalizer: that puts it before every piece of a text between special tokens, and before no empty
//! text. As tokens of the template it comes once, counts for the limit, and is never truncated.

use serde_json::{Map, Value, json};

/// A token of the template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) text: String,
    pub(super) id: u32,
}

/// The tokens before and after every sentence.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Ends {
    pub(super) before: Vec<Token>,
    pub(super) after: Vec<Token>,
}

/// The tokens that a post-processor puts around one sentence; `None` if it does something else.
pub(super) fn ends(post_processor: &Value) -> Option<Ends> {
    if post_processor.is_null() {
        return Some(Ends::default());
    }
    match post_processor.get("type")?.as_str()? {
        // It changes offsets only.
        "ByteLevel" => Some(Ends::default()),
        "BertProcessing" | "RobertaProcessing" => {
            let token = |name: &str| {
                let pair = post_processor.get(name)?.as_array()?;
                let [text, id] = pair.as_slice() else { return None };
                Some(vec![Token { text: text.as_str()?.to_string(), id: id.as_u64()?.try_into().ok()? }])
            };
            Some(Ends { before: token("cls")?, after: token("sep")? })
        }
        "TemplateProcessing" => template(post_processor),
        "Sequence" => {
            let parts = post_processor.get("processors")?.as_array()?;
            let parts: Vec<Ends> = parts.iter().map(ends).collect::<Option<_>>()?;
            let mut effective = parts.into_iter().filter(|part| *part != Ends::default());
            let first = effective.next().unwrap_or_default();
            effective.next().is_none().then_some(first)
        }
        _ => None,
    }
}

fn template(post_processor: &Value) -> Option<Ends> {
    let mut ends = Ends::default();
    let mut is_after = false;
    for piece in post_processor.get("single")?.as_array()? {
        if piece.get("Sequence").is_some() {
            if is_after {
                return None;
            }
            is_after = true;
            continue;
        }
        let name = piece.get("SpecialToken")?.get("id")?.as_str()?;
        let special = post_processor.get("special_tokens")?.get(name)?;
        let (ids, texts) = (special.get("ids")?.as_array()?, special.get("tokens")?.as_array()?);
        let to = if is_after { &mut ends.after } else { &mut ends.before };
        for (id, text) in ids.iter().zip(texts) {
            to.push(Token { text: text.as_str()?.to_string(), id: id.as_u64()?.try_into().ok()? });
        }
    }
    is_after.then_some(ends)
}

/// A post-processor that puts these tokens around a sentence, with those of a prompt before it.
pub(super) fn with_prompt(ends: &Ends, prompt: &[Token]) -> Value {
    let special = |token: &Token| json!({"SpecialToken": {"id": token.text, "type_id": 0}});
    let sequence = |name: &str| json!({"Sequence": {"id": name, "type_id": 0}});
    let before = ends.before.iter().chain(prompt).map(special);
    let after: Vec<Value> = ends.after.iter().map(special).collect();
    let single: Vec<Value> = before.chain([sequence("A")]).chain(after.iter().cloned()).collect();
    let pair: Vec<Value> = single.iter().cloned().chain([sequence("B")]).chain(after).collect();
    let mut tokens = Map::new();
    for token in ends.before.iter().chain(prompt).chain(&ends.after) {
        tokens
            .insert(token.text.clone(), json!({"id": token.text, "ids": [token.id], "tokens": [token.text]}));
    }
    json!({"type": "TemplateProcessing", "single": single, "pair": pair, "special_tokens": tokens})
}

/// Texts on which two tokenizers are compared: blanks, other scripts, marks, special tokens typed as text, nothing, and a text
/// that is truncated.
pub(super) fn probes(ends: &Ends, max_length: usize) -> Vec<String> {
    let mut probes: Vec<String> = [
        "",
        " ",
        "a visually stunning rumination on love",
        "  Leading and trailing blanks  ",
        "Élan e\u{301}t FILM 中文x 😀!",
        "don't; (42.5%) -- \"quoted\"",
        "1",
        ".",
        "\u{a0}x\ty\u{200b}z",
    ]
    .map(String::from)
    .to_vec();
    for token in ends.before.iter().chain(&ends.after) {
        probes.push(format!("x{0}y {0} z", token.text));
    }
    probes.push("the film was not good ".repeat(max_length));
    probes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(text: &str, id: u32) -> Token {
        Token { text: text.to_string(), id }
    }

    /// Oracle: the forms of `tokenizers` 0.23.
    #[test]
    fn ends_of_every_form_are_found() {
        let expected = Ends { before: vec![token("[CLS]", 101)], after: vec![token("[SEP]", 102)] };
        let bert = json!({"type": "BertProcessing", "sep": ["[SEP]", 102], "cls": ["[CLS]", 101]});
        assert_eq!(ends(&bert), Some(expected.clone()));
        let template = with_prompt(&expected, &[]);
        assert_eq!(ends(&template), Some(expected.clone()));
        let bytes = json!({"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true});
        let both = json!({"type": "Sequence", "processors": [bytes, template]});
        assert_eq!(ends(&both), Some(expected.clone()));
        let twice = json!({"type": "Sequence", "processors": [bert, template]});
        assert_eq!(ends(&twice), None);
        assert_eq!(ends(&json!(null)), Some(Ends::default()));
        assert_eq!(ends(&json!({"type": "Other"})), None);
        let prompted = ends(&with_prompt(&expected, &[token("query", 7), token(":", 8)])).unwrap();
        assert_eq!(prompted.before, [token("[CLS]", 101), token("query", 7), token(":", 8)]);
        assert_eq!(prompted.after, expected.after);
    }
}
