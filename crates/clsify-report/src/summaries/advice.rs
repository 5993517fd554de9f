//! Advice about encoders and features, in words.

use clsify::evaluation::Scoring;
use clsify::studies::{Advice, TunedAdvice, advised, advised_tuning, faster_candidate};
use clsify::training::{Candidate, SelectionRule};

use super::held_out;
use super::selection::optimism;
use crate::charts::{ScoreBySpeedChart, SpeedPoint};
use crate::table::Table;
use crate::text::{shorten, six_digits};

/// The maximum number of candidates that are listed.
const MOST_RANKED: usize = 12;

/// Describes the advice about several encoders, ranked by [`rank_advice`](clsify::studies::rank_advice): the choice
/// of each encoder, the best candidates of all, and the advised choice with the command that trains it. `command`
/// returns the command for a candidate of an encoder, or without a candidate the one that tunes it.
pub fn advice_summary(
    found: &[Advice],
    scoring: Scoring,
    command: impl Fn(&Advice, Option<&Candidate>) -> String,
) -> String {
    let score = scoring.to_string();
    let held_out = found.first().map_or(Vec::new(), |advice| held_out::columns(&advice.held_out, scoring));
    let held_out: Vec<&str> = held_out.iter().map(String::as_str).collect();
    let is_tuned = found.iter().any(|advice| advice.tuned.is_some());
    let minutes = is_tuned.then_some("minutes to train");
    let titles = ["encoder", "features", "C", &score, "expected"].into_iter().chain(held_out);
    let mut table = Table::new(titles.chain(["sentences/s", "MB"]).chain(minutes));
    for advice in found {
        let chosen = &advice.selection.chosen;
        let expected =
            advice.selection.optimism.map_or(String::new(), |optimism| four_digits(optimism.score));
        let choice = [
            chosen.features.to_string(),
            six_digits(chosen.c).to_string(),
            four_digits(chosen.score),
            expected,
        ];
        let cost = (advice.sentences_per_second, advice.weights_bytes, advice.training_seconds);
        table.row(line(&advice.encoder, choice, held_out::cells(&advice.held_out, scoring), cost, is_tuned));
        if let Some(tuned) = &advice.tuned {
            let choice =
                [TUNED.to_string(), String::new(), four_digits(tuned.tuning.tuned.score), String::new()];
            let cost = (tuned.sentences_per_second, tuned.weights_bytes, tuned.tuning.seconds);
            table.row(line(&advice.encoder, choice, held_out::cells(&tuned.held_out, scoring), cost, true));
        }
    }
    let mut text = format!("{table}\n");

    let ranked = ranked(found, scoring);
    let n_candidates = ranked.len();
    let mut best = Table::new(["rank", "encoder", "features", "C", &score, "interval", "sentences/s"]);
    for (place, candidate) in (1..).zip(ranked.into_iter().take(MOST_RANKED)) {
        let [low, high] = candidate.score_ci95;
        best.row([
            place.to_string(),
            shorten(&candidate.encoder, 40),
            candidate.features,
            candidate.c,
            four_digits(candidate.score),
            format!("{low:.3} to {high:.3}"),
            format!("{:.0}", candidate.speed),
        ]);
    }
    text.push_str(&format!("The best of {n_candidates} candidates, cross-validated:\n\n{best}"));
    text.push_str(&how_tuned(found));
    text.push_str(&format!("\n{}\n", advice_chart(found, scoring).text(72, 14)));

    let advised_tuning = advised_tuning(found);
    if let Some((advice, tuned)) = advised_tuning {
        text.push_str(&format!(
            "The choice: {}, tuned. {} Held-out rows: {}.\n\n  {}\n\nWithout tuning:\n\n",
            advice.encoder,
            comparison(tuned, scoring),
            held_out::in_words(&tuned.held_out, scoring),
            command(advice, None)
        ));
    }
    if let Some(winner) = advised(found) {
        let speed =
            advised_tuning.map_or(winner.sentences_per_second, |(_, tuned)| tuned.sentences_per_second);
        let rule = match winner.selection.rule {
            SelectionRule::LeaveOneOut => {
                "the fastest encoder that is not clearly worse than the best, with the features for few rows"
            }
            _ => "the cheapest that is not clearly worse than the best",
        };
        text.push_str(&format!(
            "{}{}, {}, {rule}. Cross-validated {score} {:.4}{}. \
             Held-out rows: {}.\n\n  {}\n",
            if advised_tuning.is_some() { "" } else { "The choice: " },
            winner.encoder,
            winner.selection.chosen.features,
            winner.selection.chosen.score,
            optimism(&winner.selection),
            held_out::in_words(&winner.held_out, scoring),
            command(winner, Some(&winner.selection.chosen))
        ));
        if let Some(tuned) = winner.tuned.as_ref().filter(|_| advised_tuning.is_none()) {
            text.push_str(&format!("\nTuning is not clearly better. {}\n", comparison(tuned, scoring)));
        }
        if let Some((advice, candidate)) = faster_candidate(found, speed) {
            text.push_str(&format!(
                "\nAt least twice as fast: {}, {}, cross-validated {score} {:.4}, about {:.0} sentences per second:\n\n  {}\n",
                advice.encoder,
                candidate.features,
                candidate.score,
                advice.speed_of(candidate),
                command(advice, Some(candidate))
            ));
        }
    }
    text
}

/// The name of the features of a tuned encoder.
const TUNED: &str = "tuned, mean of the last layer";

fn four_digits(score: f64) -> String {
    format!("{score:.4}")
}

/// A line of the first table: features, C, score and expected score; scores of held-out rows; speed, bytes and seconds.
fn line(
    encoder: &str,
    choice: [String; 4],
    held_out: Vec<String>,
    (speed, bytes, seconds): (f64, usize, f64),
    has_minutes: bool,
) -> Vec<String> {
    let cost = [format!("{speed:.0}"), format!("{:.0}", bytes as f64 / 1e6)];
    let minutes = has_minutes.then(|| format!("{:.1}", seconds / 60.0));
    std::iter::once(shorten(encoder, 40)).chain(choice).chain(held_out).chain(cost).chain(minutes).collect()
}

/// A line of the ranking.
struct Ranked {
    encoder: String,
    features: String,
    c: String,
    score: f64,
    score_ci95: [f64; 2],
    speed: f64,
}

/// All candidates, the best first.
fn ranked(found: &[Advice], scoring: Scoring) -> Vec<Ranked> {
    let frozen = |advice: &Advice, candidate: &Candidate| Ranked {
        encoder: advice.encoder.clone(),
        features: candidate.features.to_string(),
        c: six_digits(candidate.c).to_string(),
        score: candidate.score,
        score_ci95: candidate.score_ci95,
        speed: advice.speed_of(candidate),
    };
    let tuned = |advice: &Advice, tuned: &TunedAdvice| Ranked {
        encoder: advice.encoder.clone(),
        features: TUNED.to_string(),
        c: String::new(),
        score: tuned.tuning.tuned.score,
        score_ci95: tuned.tuning.tuned.ci95,
        speed: tuned.sentences_per_second,
    };
    let of = |advice: &Advice| {
        let own = advice.selection.candidates.iter().map(|candidate| frozen(advice, candidate));
        own.chain(advice.tuned.iter().map(|one| tuned(advice, one))).collect::<Vec<_>>()
    };
    let mut all: Vec<Ranked> = found.iter().flat_map(of).collect();
    all.sort_by(|a, b| scoring.compare(b.score, a.score));
    all
}

/// The rows on which tuned encoders were scored; empty if there are none.
fn how_tuned(found: &[Advice]) -> String {
    let Some(tuned) = found.iter().find_map(|advice| advice.tuned.as_ref()) else { return String::new() };
    let how = match tuning_rows(tuned) {
        (n, 1) => format!("{n} training rows that it has not learned from"),
        (n, folds) => format!("all {n} training rows, in {folds} folds"),
    };
    format!("  tuned: the score is that of {how}\n")
}

/// The number of rows on which the tuned encoder was scored, and of folds.
fn tuning_rows(tuned: &TunedAdvice) -> (usize, usize) {
    (tuned.tuning.n_held_out, tuned.tuning.n_splits)
}

/// The tuned encoder beside its frozen one, in words.
fn comparison(tuned: &TunedAdvice, scoring: Scoring) -> String {
    let (gain, error) = tuned.gain();
    let (n, _) = tuning_rows(tuned);
    let minutes = tuned.tuning.seconds / 60.0;
    format!(
        "On {n} training rows that neither has learned from, the {scoring} of the tuned encoder is {:.4}, and that of the frozen one {:.4}: \
         {}, with a standard error of {error:.4}. Tuning took {minutes:.1} minutes.",
        tuned.tuning.tuned.score,
        tuned.tuning.frozen.score,
        match gain {
            0.0 => "no difference".to_string(),
            0.0.. => format!("{gain:.4} better"),
            _ => format!("{:.4} worse", gain.abs()),
        }
    )
}

/// The chart of all candidates of all encoders. It names the advised choice, the best candidate that is at least twice as fast,
/// and tuned encoders with the minutes that tuning took.
pub fn advice_chart(found: &[Advice], scoring: Scoring) -> ScoreBySpeedChart {
    let (winner, tuned_winner) = (advised(found), advised_tuning(found));
    let speed = tuned_winner.map(|(_, tuned)| tuned.sentences_per_second);
    let speed = speed.or(winner.map(|winner| winner.sentences_per_second));
    let runner_up = speed.and_then(|speed| faster_candidate(found, speed));
    let of = |advice: &Advice| {
        let role = |candidate: &Candidate| {
            let is_winner =
                winner.is_some_and(|w| std::ptr::eq(w, advice)) && *candidate == advice.selection.chosen;
            let is_faster = runner_up.is_some_and(|(_, other)| std::ptr::eq(other, candidate));
            match (is_winner, tuned_winner) {
                (true, None) => Some("the choice"),
                (true, Some(_)) => Some("without tuning"),
                (false, _) => is_faster.then_some("the faster choice"),
            }
        };
        let point = |candidate: &Candidate| SpeedPoint {
            name: format!("{}, {}", shorten(&advice.encoder, 40), candidate.features),
            speed: advice.speed_of(candidate),
            score: candidate.score,
            score_ci95: candidate.score_ci95,
            role: role(candidate),
            is_tuned: false,
        };
        let tuned = |tuned: &TunedAdvice| SpeedPoint {
            name: format!(
                "{}, tuned in {:.1} minutes",
                shorten(&advice.encoder, 40),
                tuned.tuning.seconds / 60.0
            ),
            speed: tuned.sentences_per_second,
            score: tuned.tuning.tuned.score,
            score_ci95: tuned.tuning.tuned.ci95,
            role: tuned_winner.is_some_and(|(_, other)| std::ptr::eq(other, tuned)).then_some("the choice"),
            is_tuned: true,
        };
        let own = advice.selection.candidates.iter().map(point);
        own.chain(advice.tuned.iter().map(tuned)).collect::<Vec<_>>()
    };
    ScoreBySpeedChart {
        score: scoring.to_string(),
        is_less_better: !scoring.is_more_better(),
        points: found.iter().flat_map(of).collect(),
    }
}
