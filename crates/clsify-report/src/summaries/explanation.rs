//! The reasons for a label, in words and with a shaded sentence.

use clsify::explanation::{Explanation, WordContribution};

use crate::contribution_colours::{TERMINAL_AGAINST, TERMINAL_FOR};
use crate::table::Table;
use crate::text::{counted, label_list, legible, n_shown, shorten, visible};

/// The number of words, pairs and features that are listed.
const MOST_WORDS: usize = 12;
const MOST_PAIRS: usize = 3;
const MOST_FEATURES: usize = 5;

/// The width of the shaded sentence in characters.
const WIDTH: usize = 96;

/// A pair is listed if the words do this share of the largest contribution only together.
const NOTABLE_INTERACTION: f64 = 0.25;

/// What is said of a text that is longer than the encoder reads.
pub(crate) const UNREAD: &str =
    "The text is longer than the encoder reads: the words that it has not read contribute 0.";

/// What an answer does that no deletion changes: it "stays" the explained label, or "never becomes" it.
pub(crate) fn unchanged(explanation: &Explanation) -> &'static str {
    if explanation.gives_label() { "stays" } else { "never becomes" }
}

/// Describes the reasons for a label. The sentence is shown with `+` below words that speak for the label and `-` below those that
/// speak against it, up to three of them; with `in_colour` the words are shaded too. Control characters of the text are escaped.
pub fn explanation_summary(explanation: &Explanation, in_colour: bool) -> String {
    let label = shorten(&explanation.label, 40);
    let mut text = format!("{}\n\n", verdict(explanation));
    text.push_str(&shaded(explanation, in_colour));
    text.push_str(&format!("\nContribution of each word to the logit of {label} (the logit with it minus the logit without it):\n\n"));
    text.push_str(&words(explanation));
    if explanation.is_truncated {
        text.push_str(&format!("  {UNREAD}\n"));
    }
    text.push_str(&pairs(explanation));
    text.push_str(&path(explanation));
    text.push_str(&features(explanation));
    text.push_str(&neighbours(explanation));
    text + &format!("\n{} encoded\n", counted(explanation.n_encodings, "text", "texts"))
}

fn verdict(explanation: &Explanation) -> String {
    let labels: Vec<String> = explanation.labels.iter().map(|label| shorten(label, 40)).collect();
    let answer = match labels.as_slice() {
        [] => "no label".to_string(),
        labels => label_list(labels),
    };
    let abstains = if explanation.abstained { " (the best guess: the model abstains)" } else { "" };
    let about = match explanation.labels.as_slice() {
        [only] if *only == explanation.label => String::new(),
        _ => format!("; explained: {}", shorten(&explanation.label, 40)),
    };
    let (probability, logit) = (explanation.probability, explanation.logit);
    format!("{answer}{abstains}{about}, probability {probability:.4}, logit {logit:+.4}")
}

/// The strength of a contribution from 0 to 3, relative to the largest one, and whether it speaks for the label.
pub(crate) fn strength(word: &WordContribution, words: &[WordContribution]) -> (usize, bool) {
    let most = words.iter().map(|word| word.contribution.abs()).fold(f64::MIN_POSITIVE, f64::max);
    let share = word.contribution.abs() / most;
    ((3.0 * share).round() as usize, word.contribution > 0.0)
}

/// The sentence in lines, each with a line of marks below it.
fn shaded(explanation: &Explanation, in_colour: bool) -> String {
    let words = &explanation.words;
    let mut out = String::new();
    let (mut line, mut marks, mut width) = (String::new(), String::new(), 0);
    let mut end_line = |line: &mut String, marks: &mut String, width: &mut usize| {
        out.push_str(&format!("  {}\n", line.trim_end()));
        if !marks.trim().is_empty() {
            out.push_str(&format!("  {}\n", marks.trim_end()));
        }
        (*line, *marks, *width) = (String::new(), String::new(), 0);
    };
    for (i, word) in words.iter().enumerate() {
        let (level, is_for) = strength(word, words);
        let shown = visible(&word.word).replace('\n', " ");
        let mark = if is_for { "+" } else { "-" }.repeat(level);
        let n = shown.chars().count().max(level);
        if width > 0 && width + n > WIDTH {
            end_line(&mut line, &mut marks, &mut width);
        }
        // Not by format!, whose widths end at 65,535.
        let pad = |text: &str| format!("{text}{}", " ".repeat(n.saturating_sub(text.chars().count())));
        let padded = pad(&shown);
        line.push_str(&if in_colour { coloured(&padded, level, is_for) } else { padded });
        marks.push_str(&pad(&mark));
        width += n;
        // A gap, unless the next word follows without a space, as in Chinese.
        if words.get(i + 1).is_some_and(|next| next.start > word.end || level > shown.chars().count()) {
            line.push(' ');
            marks.push(' ');
            width += 1;
        }
    }
    end_line(&mut line, &mut marks, &mut width);
    out
}

/// A word on a background: teal for the label, coral against it.
fn coloured(word: &str, level: usize, is_for: bool) -> String {
    match level.checked_sub(1) {
        None => word.to_string(),
        Some(i) => {
            let colour = if is_for { TERMINAL_FOR[i.min(2)] } else { TERMINAL_AGAINST[i.min(2)] };
            format!("\u{1b}[38;5;16;48;5;{colour}m{word}\u{1b}[0m")
        }
    }
}

/// The words by magnitude.
fn words(explanation: &Explanation) -> String {
    const BAR: usize = 24;
    let mut ranked: Vec<&WordContribution> = explanation.words.iter().collect();
    ranked.sort_by(|a, b| b.contribution.abs().total_cmp(&a.contribution.abs()));
    let most = ranked.first().map_or(0.0, |word| word.contribution.abs()).max(f64::MIN_POSITIVE);
    let mut table = Table::new(["word", "contribution", "probability without it", ""]);
    let shown = n_shown(ranked.len(), MOST_WORDS);
    for word in &ranked[..shown] {
        let length = (BAR as f64 * word.contribution.abs() / most).round() as usize;
        let mark = if word.contribution > 0.0 { "+" } else { "-" };
        table.row([
            shorten(&word.word, 30),
            format!("{:+.4}", word.contribution),
            format!("{:.4}", word.probability_without),
            mark.repeat(length),
        ]);
    }
    let mut text = table.to_string();
    if ranked.len() > shown {
        text.push_str(&format!("  ... and {} more (--json has them all)\n", ranked.len() - shown));
    }
    text
}

/// Neighbours that do more or less together than alone.
fn pairs(explanation: &Explanation) -> String {
    let words = &explanation.words;
    let most = words.iter().map(|word| word.contribution.abs()).fold(f64::MIN_POSITIVE, f64::max);
    let mut notable: Vec<_> = explanation
        .pairs
        .iter()
        .filter(|pair| pair.interaction.abs() >= NOTABLE_INTERACTION * most)
        .collect();
    notable.sort_by(|a, b| b.interaction.abs().total_cmp(&a.interaction.abs()));
    if notable.is_empty() {
        return String::new();
    }
    let mut table = Table::new(["neighbouring words", "together", "sum of both alone"]);
    for pair in notable.iter().take(MOST_PAIRS) {
        let [a, b] = pair.words;
        table.row([
            format!("{} {}", shorten(&words[a].word, 20), shorten(&words[b].word, 20)),
            format!("{:+.4}", pair.contribution),
            format!("{:+.4}", pair.contribution - pair.interaction),
        ]);
    }
    format!("\n{table}")
}

fn path(explanation: &Explanation) -> String {
    let Some(path) = &explanation.path else { return String::new() };
    let removed: Vec<String> = path
        .steps
        .iter()
        .map(|step| format!("\"{}\"", shorten(&explanation.words[step.word].word, 30)))
        .collect();
    let removed = removed.join(", ");
    let probability = path.steps.last().map_or(explanation.probability, |step| step.probability);
    let label = shorten(&explanation.label, 40);
    match &path.changed_to {
        None => {
            let unchanged = unchanged(explanation);
            format!(
                "\nThe answer {unchanged} {label}, even without any word; {label} then has probability {probability:.4}.\n"
            )
        }
        Some(labels) => {
            let answer = match labels.as_slice() {
                [] => "no label".to_string(),
                labels => label_list(&labels.iter().map(|label| shorten(label, 40)).collect::<Vec<_>>()),
            };
            format!(
                "\nWithout {removed} the answer is {answer}; {label} then has probability {probability:.4}.\n"
            )
        }
    }
}

fn features(explanation: &Explanation) -> String {
    let found = &explanation.features;
    let label = shorten(&explanation.label, 40);
    let decision = match &found.against {
        None => format!("the logit of {label}"),
        Some(other) => format!("{label} against {}", shorten(other, 40)),
    };
    if found.total.is_finite() && !explanation.logit.is_finite() {
        return format!("\nThe label {label} is the same for every sentence: no feature decides about it.\n");
    }
    let mut table = Table::new(["feature", "value", "weight", "value times weight"]);
    for term in found.largest.iter().take(MOST_FEATURES) {
        table.row([
            term.feature.to_string(),
            legible(term.value, 4),
            legible(term.weight, 4),
            format!("{:+.4}", term.contribution),
        ]);
    }
    format!(
        "\nThe decision, {decision}, is a sum over all features: {:+.4} + intercept {:+.4} = {:+.4}. The largest terms:\n\n{table}",
        found.sum, found.intercept, found.total
    )
}

fn neighbours(explanation: &Explanation) -> String {
    if explanation.neighbours.is_empty() {
        return String::new();
    }
    let mut table = Table::new(["cosine", "label", "training sentence"]);
    for neighbour in &explanation.neighbours {
        table.row([
            format!("{:.3}", neighbour.cosine),
            shorten(&neighbour.label, 20),
            shorten(&neighbour.text, 70),
        ]);
    }
    format!("\nThe nearest training sentences, by cosine similarity of their vectors:\n\n{table}")
}
