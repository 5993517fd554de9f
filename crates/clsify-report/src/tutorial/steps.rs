//! The steps of the tutorial in words. Each takes its numbers from the report, so that every number is in `tutorial.json`.

use clsify::dataset::DatasetSummary;
use clsify::model::SentenceEncoder;
use clsify::training::{ClassScores, TrainingReport};

use super::grid_bars::grid_bars;
use super::report::{
    ARTICLE, DotProduct, FirstFeatures, Labelled, Padding, SentencePrediction, StorySeconds, Tokens,
    first_rows,
};
use crate::summaries::{convergence, scores as scores_text};
use crate::table::Table;
use crate::text::{shorten, wrap};

/// A numbered heading and a paragraph.
pub(super) fn passage(number: usize, title: &str, text: &str) -> String {
    let line = format!("{number}. {title}");
    format!("{line}\n{}\n{}\n", "-".repeat(line.chars().count()), paragraph(text))
}

pub(super) fn paragraph(text: &str) -> String {
    wrap(text, 100)
}

/// The meaning of the labels of the article's data.
fn meaning(label: &str) -> String {
    match label {
        "1" => "1 (positive)".to_string(),
        "0" => "0 (negative)".to_string(),
        other => shorten(other, 40),
    }
}

/// Step 1: the sentences and their labels.
pub fn sentences_step(rows: &[Labelled], summary: &DatasetSummary, source: &str) -> String {
    let mut table = Table::new(["sentence", "label"]);
    for row in rows {
        table.row([shorten(&row.text, 88), shorten(&row.label, 40)]);
    }
    let mut counts: Vec<String> = summary
        .labels
        .counts()
        .iter()
        .take(6)
        .map(|(label, n)| format!("{n} are {}", meaning(label)))
        .collect();
    if summary.labels.counts().len() > 6 {
        counts.push(format!("so on through {} labels", summary.labels.counts().len()));
    }
    let text = format!(
        "The task is to tell one kind of sentence from another. A classifier learns it from sentences with labels: {source}. \
         These are the first {} of {}, of which {}:",
        rows.len(),
        summary.n_samples,
        counts.join(" and "),
    );
    format!("{}\n{table}", passage(1, "The sentences", &text))
}

/// Step 2: the two models.
pub fn plan_step(hidden_size: usize, encoder: &str) -> String {
    let text = format!(
        "Two models work one after the other. The first is an encoder, which others have trained on a great deal of text: it \
         turns each sentence into {hidden_size} numbers, and stays as it is. The second is a logistic regression: it learns \
         from those numbers and the labels which sentences belong to which label."
    );
    let picture = format!(
        "  sentence  ->  [ {encoder}, frozen ]  ->  {hidden_size} numbers  ->  [ logistic regression, trained ]  ->  label"
    );
    let plan = "The plan: 1. Turn all sentences into numbers with the encoder. 2. Divide the rows into training rows and test rows. \
                3. Train the logistic regression on the training rows. 4. Score it on the test rows.";
    format!("{}\n{picture}\n\n{}\n", passage(2, "Two models", &text), paragraph(plan))
}

/// Step 3: from words to token ids.
pub fn token_step(tokens: &Tokens, hidden_size: usize) -> String {
    let mut table = Table::new(std::iter::once("token").chain(tokens.tokens.iter().map(String::as_str)));
    table.row(std::iter::once("id".to_string()).chain(tokens.input_ids.iter().map(ToString::to_string)));
    let text = format!(
        "An encoder reads numbers. Its tokenizer does three things: it splits a sentence into tokens, which are words or parts of \
         words; it adds a special token at each end; and it replaces each token by its id in the vocabulary. \"{}\" becomes:",
        tokens.text
    );
    let ids: Vec<String> = tokens.input_ids.iter().map(ToString::to_string).collect();
    let line = format!("  tokenizer.encode(\"{}\")\n  -> [{}]", tokens.text, ids.join(", "));
    let embeddings = format!(
        "An id is the number of a row in the encoder's table of embeddings. The table came with the encoder. It has {} rows, one \
         per token of the vocabulary, and {hidden_size} numbers per row. The first thing the encoder does is to look up the {} rows \
         of this sentence.",
        tokens.vocab_size,
        tokens.input_ids.len(),
    );
    format!(
        "{}\n{table}\nIn transformers and in clsify this is one call:\n\n{line}\n\n{}\n",
        passage(3, "Tokens", &text),
        paragraph(&embeddings)
    )
}

/// Step 4: the encoder.
pub fn encoder_step(encoder: &SentenceEncoder, why: &str, n_sentences: usize) -> String {
    let config = encoder.config();
    let text = format!(
        "The article's encoder is DistilBERT, a smaller and faster version of BERT made by Hugging Face: it was trained to give the \
         same answers as BERT with half of its layers. BERT itself learned by filling in words that were hidden from it, in books and \
         in Wikipedia. Here we use {}, {why}: a model of type {}, with {} layers of {} attention heads and {} numbers per \
         token.",
        encoder.name(),
        config.model_type,
        config.num_hidden_layers,
        config.num_attention_heads,
        config.hidden_size,
    );
    let layers = format!(
        "In each layer, every token attends to all other tokens of its sentence, so that its vector comes to represent the word \
         in this context. Nothing in the encoder changes while it reads our {n_sentences} sentences: it is frozen."
    );
    format!("{}\n{}\n", passage(4, "The encoder", &text), paragraph(&layers))
}

/// Step 5: padding and the attention mask.
pub fn padding_step(padding: &Padding, report: &TrainingReport) -> String {
    let mut rows = String::new();
    for (sentence, (ids, mask)) in
        padding.sentences.iter().zip(padding.input_ids.iter().zip(&padding.attention_mask))
    {
        let cells = |numbers: &mut dyn Iterator<Item = u32>| {
            let shown: String = numbers.take(12).map(|x| format!("{x:>6}")).collect();
            if ids.len() > 12 { shown + "   ..." } else { shown }
        };
        rows.push_str(&format!("  {}\n", shorten(sentence, 88)));
        rows.push_str(&format!("    input_ids     {}\n", cells(&mut ids.iter().copied())));
        rows.push_str(&format!("    attention_mask{}\n", cells(&mut mask.iter().map(|&m| u32::from(m)))));
    }
    let features = &report.features;
    let (n, longest) = (features.shape[0], features.counts.max_tokens);
    let text = format!(
        "Sentences differ in length. To put all of them into one matrix, the article pads each to the length of the longest, and adds an \
         attention mask: 1 for a token, 0 for padding. That makes {n} x {longest} ids, and as many values of the mask. With {} short \
         sentences:",
        padding.sentences.len()
    );
    let saved = format!(
        "Only {} of the {} positions hold a token ({:.0} %). clsify computes nothing for padding; the result is the same.",
        features.counts.n_tokens,
        padding.n_places,
        100.0 * padding.share_of_tokens,
    );
    format!("{}\n{rows}\n{}\n", passage(5, "Padding and the attention mask", &text), paragraph(&saved))
}

/// Step 6: from hidden states to features.
pub fn features_step(rows: &[FirstFeatures], report: &TrainingReport, n_cached: usize) -> String {
    let [n, d] = report.features.shape;
    let counts = report.features.counts;
    let n_first = rows.first().map_or(0, |row| row.first.len());
    let places = (0..n_first).map(|i| i.to_string()).chain(["...".to_string(), (d - 1).to_string()]);
    let mut table = Table::new(std::iter::once(String::new()).chain(places));
    for row in rows {
        let number = |x: f32| format!("{x:.4}");
        let cells = row.first.iter().map(|&x| number(x)).chain(["...".to_string(), number(row.last)]);
        table.row(std::iter::once(shorten(&row.text, 40)).chain(cells));
    }
    let text = format!(
        "The encoder's last_hidden_state has {d} numbers for every token of every sentence: {n} x {} x {d}. To classify a \
         sentence, one vector per sentence is enough. The article takes the one at position 0, where the special token [CLS] \
         stands (<s> in some encoders). This token has no meaning of its own, so its vector is free to represent the \
         whole sentence. BERT was also trained to use it like this: from this vector it had to predict whether one sentence follows \
         another. These vectors are our features, {n} x {d}:",
        counts.max_tokens,
    );
    let speed = match n_cached {
        0 => format!("The encoder took {:.1} seconds for {} tokens.", report.seconds.embed, counts.n_tokens),
        _ => format!(
            "The features of {n_cached} of these sentences were in the cache from an earlier run; the others took {:.1} seconds.",
            report.seconds.embed
        ),
    };
    format!("{}\n{table}\n{speed}\n", passage(6, "From hidden states to features: the [CLS] vector", &text))
}

/// Step 7: the split into training rows and test rows.
pub fn split_step(report: &TrainingReport, train: &[usize]) -> String {
    let numbers =
        |rows: &[usize]| first_rows(rows).iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let split = &report.split;
    let text = format!(
        "The rows are shuffled and divided: {} to learn from, and {} to test on. They are the rows that scikit-learn's \
         train_test_split draws with random_state={}, in the same order:",
        split.n_train,
        split.n_test,
        split.seed.unwrap_or_default()
    );
    let rows = format!("  train  {}, ...\n  test   {}, ...", numbers(train), numbers(&split.test_indices));
    format!("{}\n{rows}\n", passage(7, "Training rows and test rows", &text))
}

/// Step 8: logistic regression.
pub fn classifier_step(report: &TrainingReport, scores: &ClassScores) -> String {
    let text = format!(
        "This is the only part that learns: one weight for each of the {} features, and an intercept. It has scikit-learn's \
         defaults, an L2 penalty with C = {}. It has {}, with weights of norm {:.4}. Its accuracy on the training rows is \
         {:.3}, which says little: it has seen their labels.",
        report.features.shape[1],
        report.classifier.c,
        convergence(&report.classifier),
        report.classifier.coef_norm,
        scores.train.accuracy,
    );
    passage(8, "Logistic regression", &text)
}

/// Step 9: the scores on the test rows.
pub fn scores_step(report: &TrainingReport, scores: &ClassScores) -> String {
    let text = "What counts are the scores on the test rows, which it has never seen:";
    let [low, high] = ARTICLE.accuracy;
    let comment = format!(
        "The article reports {low} to {high} for DistilBERT on SST-2. The interval above shows how much chance alone can change an \
         accuracy on {} rows.",
        report.split.n_test,
    );
    let percent = |accuracy: f64| format!("{:.1} %", 100.0 * accuracy);
    let fine_tuned = format!(
        "Can it be better? If the encoder is trained on the task too (fine-tuning), DistilBERT reaches {} and the full-size BERT {}. \
         The highest score on SST-2 that the article knows is {}.",
        percent(ARTICLE.distilbert_fine_tuned),
        percent(ARTICLE.bert_fine_tuned),
        percent(ARTICLE.best_known),
    );
    format!(
        "{}\n{}\n{}\n\n{}\n",
        passage(9, "Scores", text),
        scores_text(&scores.test),
        paragraph(&comment),
        paragraph(&fine_tuned)
    )
}

/// Step 10: the scores of a dummy classifier.
pub fn baseline_step(scores: &ClassScores) -> String {
    let mut table = Table::new(["", "accuracy"]);
    if let (Some(mean), Some(std)) = (scores.baseline.cv_mean, scores.baseline.cv_std) {
        table.row(["dummy, cross-validated on the training rows".to_string(), format!("{mean:.3}")]);
        table.row(["  standard deviation over the folds".to_string(), format!("{std:.3}")]);
    }
    table.row(["dummy, test rows".to_string(), format!("{:.3}", scores.baseline.test_accuracy)]);
    table.row(["our classifier, test rows".to_string(), format!("{:.3}", scores.test.accuracy)]);
    let text = "Is that good? A dummy classifier, which always answers the most frequent label, is what any classifier has to beat:";
    format!("{}\n{table}", passage(10, "Against a dummy classifier", text))
}

/// Step 11: the search for C; empty if there was none.
pub fn grid_step(report: &TrainingReport, scores: &ClassScores) -> String {
    let Some(search) = &report.grid_search else { return String::new() };
    let (scale, bars) = grid_bars(&search.points, search.best_c);
    let mut table = Table::new(["C", "mean", "std", &scale]);
    for (point, bar) in search.points.iter().zip(bars) {
        table.row([
            format!("{:.4}", point.c),
            format!("{:.4}", point.mean_test_score),
            format!("{:.4}", point.std_test_score),
            bar,
        ]);
    }
    let text = format!(
        "C is the inverse of the regularisation strength: the smaller it is, the smaller the weights are kept. A grid search tries {} \
         values of C, each by cross-validation: the training rows are divided into {} folds, and each fold is scored by a classifier \
         trained on the others. That is {} fits, in {:.1} seconds.",
        search.points.len(),
        search.n_splits,
        search.points.len() * search.n_splits,
        report.seconds.grid_search,
    );
    let (with_best, with_default) = (search.test_accuracy.unwrap_or_default(), scores.test.accuracy);
    let result = format!(
        "The best is C = {:.4}, with a mean accuracy of {:.4} over the folds. Trained with it on all training rows, the classifier has \
         an accuracy of {with_best:.3} on the test rows; with C = {} it was {with_default:.3}. {}",
        search.best_c,
        search.best_score,
        report.classifier.c,
        match with_best > with_default {
            true =>
                "It need not have been better: the folds are other rows than the test rows, and small differences are chance.",
            false =>
                "The best C by cross-validation is not better here: the folds are other rows than the test rows, and small differences \
                 are chance. To choose C by the test rows instead would be cheating, as their score would then be too good.",
        }
    );
    let legend =
        "  o: mean accuracy over the folds (<: below the scale); -: one standard deviation below the best";
    format!("{}\n{table}{legend}\n\n{}\n", passage(11, "Grid search", &text), paragraph(&result))
}

/// Step 12: the dot product that makes one prediction; `d` is the number of features.
pub fn prediction_step(prediction: &SentencePrediction, steps: &DotProduct, d: usize) -> String {
    let mut table = Table::new(["feature", "value", "weight", "product"]);
    let number = |x: f64| format!("{x:.4}");
    for (i, feature) in steps.feature.iter().enumerate() {
        if *feature == d - 1 && d > steps.feature.len() {
            table.row(["...", "", "", ""]);
        }
        let (value, weight, product) = (steps.value[i], steps.weight[i], steps.product[i]);
        table.row([feature.to_string(), number(value), number(weight), number(product)]);
    }
    let formula = match prediction.logits.len() {
        1 => format!("probability of {}: 1 / (1 + e^-logit)", shorten(&steps.class, 30)),
        _ => format!("probability of {}: softmax", shorten(&steps.class, 30)),
    };
    let mut text =
        passage(12, "One prediction, step by step", &format!("\"{}\", from text to label:", prediction.text));
    text.push_str(&format!(
        "\n  tokens         {}\n  ids            {:?}\n  hidden states  {} vectors of {d} numbers, one per token; the first is \
         kept\n\nEach of its numbers is multiplied by its weight:\n\n{table}\n",
        prediction.tokens.join(" "),
        prediction.input_ids,
        prediction.tokens.len(),
    ));
    let rows = [
        (format!("sum of all {d} products"), steps.sum),
        ("intercept".to_string(), steps.intercept),
        ("logit: sum + intercept".to_string(), steps.logit),
        (formula, steps.probability),
    ];
    for (name, number) in rows {
        text.push_str(&format!("  {name:<40}{number:>9.4}\n"));
    }
    text.push_str(&format!("  label: {}\n", meaning(&prediction.label)));
    text
}

/// Step 13: more sentences and their labels. `are_ours` is true unless the user gave the sentences.
pub fn answers_step(predictions: &[SentencePrediction], are_ours: bool) -> String {
    let mut table = Table::new(["sentence", "label", "probability"]);
    for prediction in predictions {
        table.row([
            shorten(&prediction.text, 70),
            meaning(&prediction.label),
            format!("{:.4}", prediction.probability),
        ]);
    }
    let text = match are_ours {
        true => "Add your own with --sentence \"...\", as often as you like.",
        false => "The article's sentence and yours:",
    };
    format!("{}\n{table}", passage(13, "Sentences to try", text))
}

/// The end: the times, the folder of the model and the next commands. `output`, `encoder` and `tuned`, the folder of the model of
/// the last step if it was run, are quoted for a shell.
pub fn farewell(
    seconds: &StorySeconds,
    output: &str,
    encoder: &str,
    tuned: Option<&str>,
    sentence: &str,
) -> String {
    let of_tuned = tuned
        .map_or(String::new(), |tuned| format!("Tuned:      clsify predict {tuned} -p \"{sentence}\"\n"));
    let option = if tuned.is_some() { " --tune" } else { "" };
    let end = format!(
        "It took {:.1} seconds, of which {:.1} to find and fetch the sentences and the encoder. The model is in {output}; every number \
         above is in its tutorial.json, and its guide.html shows every step of this run as a picture: open it in a browser.",
        seconds.total, seconds.fetch,
    );
    format!(
        "{}\n\
         Look:       {output}/guide.html\n\
         Ask it:     clsify predict {output} -p \"{sentence}\"\n\
         {of_tuned}Your data:  clsify train --encoder {encoder} --data FILE --output MODEL{option}\n",
        paragraph(&end),
    )
}
