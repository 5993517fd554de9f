//! A decision rule and its effect, in words.

use clsify::decision::{ABSTAINED, Decision, DecisionEffect, DecisionReport, DecisionScores, Rule};

use crate::table::Table;
use crate::text::{list_item, n_shown, shorten};

/// The rule of a training run and its effect, in words.
pub(super) fn decision_text(report: &DecisionReport, classes: &[String]) -> String {
    let mut text = rule_text(&report.rule, classes);
    if let Some(target) = report.target_precision {
        text.push_str(&format!("             chosen so that {target} of the answers are correct\n"));
    }
    text.push_str(&effects_text(
        &report.rule,
        &[("training rows, out-of-fold", &report.out_of_fold), ("held-out rows", &report.test)],
    ));
    text
}

/// The effect of a saved rule on the rows of an evaluation, in words.
pub(super) fn evaluated_text(rule: &Decision, effect: &DecisionEffect, classes: &[String]) -> String {
    rule_text(rule, classes) + &effects_text(rule, &[("these rows", effect)])
}

fn rule_text(decision: &Decision, classes: &[String]) -> String {
    let mut text = match &decision.rule {
        Rule::MostProbable => "\ndecision     the most probable label".to_string(),
        Rule::ClassThresholds(thresholds) => {
            let shown = n_shown(classes.len(), 12);
            let pairs = classes.iter().zip(thresholds).take(shown);
            let pairs: Vec<String> =
                pairs.map(|(label, t)| format!("{} {t:.4}", list_item(&shorten(label, 40)))).collect();
            let more = if classes.len() > shown { ", ..." } else { "" };
            format!(
                "\ndecision     the label with the highest ratio of probability to threshold ({}{more})",
                pairs.join(", ")
            )
        }
        Rule::CostMatrix(_) => "\ndecision     the label with the lowest expected cost".to_string(),
    };
    if let Some(threshold) = decision.abstain_below {
        let but = if decision.rule == Rule::MostProbable { "" } else { "," };
        text.push_str(&format!(
            "{but} if its probability is at least {threshold:.4}, otherwise {ABSTAINED}; the scores above treat best guesses as answers"
        ));
    }
    text + "\n"
}

/// One table row per set of rows, before and after the rule.
fn effects_text(decision: &Decision, effects: &[(&str, &DecisionEffect)]) -> String {
    let score = |x: Option<f64>| x.map_or("-".to_string(), |x| format!("{x:.4}"));
    let has_costs = matches!(decision.rule, Rule::CostMatrix(_));
    let has_weights = effects.iter().any(|(_, effect)| effect.after.weighted.is_some());
    let more = has_weights.then_some("weighted accuracy").into_iter().chain(has_costs.then_some("mean cost"));
    let mut table = Table::new(["", "answered", "accuracy", "macro f1"].into_iter().chain(more));
    for (name, effect) in effects {
        let mut row = |name: String, scores: &DecisionScores| {
            let answered = format!("{} of {}", scores.n_answered, scores.n_rows);
            let cells = [name, answered, score(scores.accuracy), score(scores.f1_macro)];
            let by_weight = score(scores.weighted.and_then(|weighted| weighted.accuracy));
            let more = has_weights.then_some(by_weight);
            table.row(cells.into_iter().chain(more).chain(has_costs.then(|| score(scores.mean_cost))));
        };
        row(format!("{name}: most probable"), &effect.before);
        row(format!("{name}: by this rule"), &effect.after);
    }
    table.to_string()
}
