//! Advice about encoders and features, in words.

use clsify::evaluation::Scoring;
use clsify::studies::{Advice, advised, faster_candidate};
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
/// returns the command for a candidate of an encoder.
pub fn advice_summary(
    found: &[Advice],
    scoring: Scoring,
    command: impl Fn(&Advice, &Candidate) -> String,
) -> String {
    let score = scoring.to_string();
    let held_out = found.first().map_or(Vec::new(), |advice| held_out::columns(&advice.held_out, scoring));
    let held_out: Vec<&str> = held_out.iter().map(String::as_str).collect();
    let titles =
        [&["encoder", "features", "C", &score, "expected"], &held_out[..], &["sentences/s", "MB"]].concat();
    let mut table = Table::new(titles);
    for advice in found {
        let chosen = &advice.selection.chosen;
        let choice = [
            shorten(&advice.encoder, 40),
            chosen.features.to_string(),
            six_digits(chosen.c).to_string(),
            format!("{:.4}", chosen.score),
            advice.selection.optimism.map_or(String::new(), |optimism| format!("{:.4}", optimism.score)),
        ];
        let cost = [
            format!("{:.0}", advice.sentences_per_second),
            format!("{:.0}", advice.weights_bytes as f64 / 1e6),
        ];
        table.row(choice.into_iter().chain(held_out::cells(&advice.held_out, scoring)).chain(cost));
    }
    let mut text = format!("{table}\n");

    let mut all: Vec<(&Advice, &Candidate)> = found
        .iter()
        .flat_map(|advice| advice.selection.candidates.iter().map(move |c| (advice, c)))
        .collect();
    all.sort_by(|(_, a), (_, b)| scoring.compare(b.score, a.score));
    let mut ranked = Table::new(["rank", "encoder", "features", "C", &score, "interval", "sentences/s"]);
    for (place, (advice, candidate)) in all.iter().take(MOST_RANKED).enumerate() {
        let [low, high] = candidate.score_ci95;
        ranked.row([
            (place + 1).to_string(),
            shorten(&advice.encoder, 40),
            candidate.features.to_string(),
            six_digits(candidate.c).to_string(),
            format!("{:.4}", candidate.score),
            format!("{low:.3} to {high:.3}"),
            format!("{:.0}", advice.speed_of(candidate)),
        ]);
    }
    text.push_str(&format!("The best of {} candidates, cross-validated:\n\n{ranked}\n", all.len()));
    text.push_str(&format!("{}\n", advice_chart(found, scoring).text(72, 14)));

    if let Some(winner) = advised(found) {
        let rule = match winner.selection.rule {
            SelectionRule::LeaveOneOut => {
                "the fastest encoder that is not clearly worse than the best, with the features for few rows"
            }
            _ => "the cheapest that is not clearly worse than the best",
        };
        text.push_str(&format!(
            "The choice: {}, {}, {rule}. Cross-validated {score} {:.4}{}. \
             Held-out rows: {}.\n\n  {}\n",
            winner.encoder,
            winner.selection.chosen.features,
            winner.selection.chosen.score,
            optimism(&winner.selection),
            held_out::in_words(&winner.held_out, scoring),
            command(winner, &winner.selection.chosen)
        ));
        if let Some((advice, candidate)) = faster_candidate(found, winner.sentences_per_second) {
            text.push_str(&format!(
                "\nAt least twice as fast: {}, {}, cross-validated {score} {:.4}, about {:.0} sentences per second:\n\n  {}\n",
                advice.encoder,
                candidate.features,
                candidate.score,
                advice.speed_of(candidate),
                command(advice, candidate)
            ));
        }
    }
    text
}

/// The chart of all candidates of all encoders. It names the advised choice and the best candidate that is at least
/// twice as fast.
pub fn advice_chart(found: &[Advice], scoring: Scoring) -> ScoreBySpeedChart {
    let winner = advised(found);
    let runner_up = winner.and_then(|winner| faster_candidate(found, winner.sentences_per_second));
    let of = |advice: &Advice| {
        let role = |candidate: &Candidate| {
            let is_winner =
                winner.is_some_and(|w| std::ptr::eq(w, advice)) && *candidate == advice.selection.chosen;
            let is_faster = runner_up.is_some_and(|(_, other)| std::ptr::eq(other, candidate));
            if is_winner { Some("the choice") } else { is_faster.then_some("the faster choice") }
        };
        let point = |candidate: &Candidate| SpeedPoint {
            name: format!("{}, {}", shorten(&advice.encoder, 40), candidate.features),
            speed: advice.speed_of(candidate),
            score: candidate.score,
            score_ci95: candidate.score_ci95,
            role: role(candidate),
        };
        advice.selection.candidates.iter().map(point).collect::<Vec<_>>()
    };
    ScoreBySpeedChart {
        score: scoring.to_string(),
        is_less_better: !scoring.is_more_better(),
        points: found.iter().flat_map(of).collect(),
    }
}
