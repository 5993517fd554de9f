//! The whole computation of a classifier: token ids to probabilities.

use clsify::encoder::EncoderTensors;
use clsify::model::SentenceClassifier;
use clsify_base::error::Result;

use super::encoder::{Tokens, hidden_states};
use super::features::features;
use super::graph::{Element, Graph, Length, Value};
use super::head::answers;
use super::operations::Cast;
use super::tokenizer::Ends;

/// The graph of a classifier.
///
/// # Errors
/// Those of the encoder's files, as far as they are read now, and of [`answers`].
pub(super) fn graph(classifier: &SentenceClassifier, ends: &Ends) -> Result<Graph> {
    let encoder = classifier.encoder();
    let (options, n_layers) = (encoder.features(), encoder.config().num_hidden_layers);
    let tensors = EncoderTensors::open(encoder.folder())?;
    let mut graph = Graph::default();
    let shape = || vec![Length::Named("batch"), Length::Named("sequence")];
    let input_ids = graph.input("input_ids", Element::Integer, shape());
    let attention_mask = graph.input("attention_mask", Element::Integer, shape());
    let mask = graph.cast(&attention_mask, Cast::Float);
    let input_ids = match encoder.tokenizer().truncated_part() {
        "end" => with_last_tokens(&mut graph, &input_ids, ends, encoder.tokenizer().max_length()),
        _ => input_ids,
    };
    let tokens = Tokens { input_ids, attention_mask, mask };
    let layers = options.layers.resolve(n_layers)?;
    let states = hidden_states(&mut graph, &tensors, &tokens, *layers.end())?;
    let x = features(&mut graph, &states[layers], &tokens, options, encoder.folder(), encoder.n_features())?;
    let answers = answers(&mut graph, classifier.classifier(), &x)?;
    let shape = || vec![Length::Named("batch"), Length::Known(classifier.classes().len())];
    graph.output("logits", &answers.logits, shape());
    graph.output("probabilities", &answers.probabilities, shape());
    Ok(graph)
}

/// Puts the special tokens that end a sentence at the last places of a sentence of maximum length, where a tokenizer has them.
/// transformers.js cuts them off when it truncates.
fn with_last_tokens(graph: &mut Graph, input_ids: &Value, ends: &Ends, max_length: usize) -> Value {
    let mut ids = input_ids.clone();
    for (distance, token) in ends.after.iter().rev().enumerate() {
        let places = graph.places(input_ids);
        let place = graph.integer((max_length - 1 - distance) as i64);
        let is_place = graph.op("Equal", &[&places, &place]);
        let token = graph.integer(i64::from(token.id));
        ids = graph.op("Where", &[&is_place, &token, &ids]);
    }
    ids
}
