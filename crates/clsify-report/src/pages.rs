//! Pages: self-contained HTML files, which fetch nothing and run no script.

use clsify::explanation::Explanation;

use crate::charts::svg::escaped;
use crate::contribution_colours::{AGAINST, FOR, SHADES};
use crate::policy::policy;
use crate::summaries::{UNREAD, strength, unchanged};
use crate::text::label_list;

const STYLE: &str = "
:root { color-scheme: light dark; }
body { font: 1rem/1.6 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
.sentence { font-size: 1.25rem; line-height: 2.4; overflow-wrap: anywhere; }
.word { padding: 0.1em 0.2em; border-radius: 0.2em; }
.word small { font-size: 0.6em; vertical-align: sub; }
table { border-collapse: collapse; } th, td { padding: 0.2em 0.8em; text-align: right; } th:first-child, td:first-child { text-align: left; }
tr { border-bottom: 1px solid color-mix(in srgb, currentColor 20%, transparent); }
";

/// The style of the page, with a background for each strength of a contribution.
fn style() -> String {
    let background = |name: &str, [light, dark]: [&str; 2]| -> String {
        let rule = |(i, share): (usize, &u32)| {
            let colour = format!("color-mix(in srgb, light-dark({light}, {dark}) {share}%, transparent)");
            format!(".{name}{} {{ background: {colour}; }}\n", i + 1)
        };
        SHADES.iter().enumerate().map(rule).collect()
    };
    format!("{STYLE}{}{}", background("for", FOR), background("against", AGAINST))
}

/// A page with the explanations of some texts: each sentence shaded by contribution, with the numbers below it.
pub fn explanation_page(explanations: &[Explanation]) -> String {
    let style = style();
    let policy = policy(&style, None);
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n<title>Why these labels</title>\n<style>{style}</style>\n\
         <h1>Why these labels</h1>\n<p>Each word is shown with its contribution: the logit of the label with the word minus the logit \
         without it. Teal words (+) speak for the label, coral words (-) against it.</p>\n"
    );
    explanations.iter().for_each(|explanation| page.push_str(&section(explanation)));
    page
}

fn section(explanation: &Explanation) -> String {
    let words = &explanation.words;
    let answer =
        if explanation.labels.is_empty() { "no label".to_string() } else { label_list(&explanation.labels) };
    let abstains = if explanation.abstained { " (the best guess: the model abstains)" } else { "" };
    let mut html = format!(
        "<section>\n<h2>{}{abstains}</h2>\n<p>Explained label: {}, probability {:.4}, logit {:+.4}</p>\n<p class=\"sentence\" dir=\"auto\">",
        escaped(&answer),
        escaped(&explanation.label),
        explanation.probability,
        explanation.logit
    );
    let mut end = 0;
    for word in words {
        html.push_str(&escaped(&explanation.text[end..word.start]));
        end = word.end;
        let (level, is_for) = strength(word, words);
        let class = match level {
            0 => String::new(),
            level => format!(" {}{level}", if is_for { "for" } else { "against" }),
        };
        let number =
            if level > 0 { format!("<small>{:+.2}</small>", word.contribution) } else { String::new() };
        html.push_str(&format!("<span class=\"word{class}\">{}{number}</span>", escaped(&word.word)));
    }
    html.push_str(
        "</p>\n<table>\n<tr><th>word</th><th>contribution</th><th>probability without it</th></tr>\n",
    );
    for word in words {
        html.push_str(&format!(
            "<tr><td>{}</td><td>{:+.4}</td><td>{:.4}</td></tr>\n",
            escaped(&word.word),
            word.contribution,
            word.probability_without
        ));
    }
    html.push_str("</table>\n");
    if explanation.is_truncated {
        html.push_str(&format!("<p>{UNREAD}</p>\n"));
    }
    if let Some(path) = &explanation.path {
        let removed: Vec<String> =
            path.steps.iter().map(|step| format!("“{}”", escaped(&words[step.word].word))).collect();
        let text = match &path.changed_to {
            None => {
                let (unchanged, label) = (unchanged(explanation), escaped(&explanation.label));
                format!("The answer {unchanged} {label}, even without any word.")
            }
            Some(labels) if labels.is_empty() => format!("Without {} there is no label.", removed.join(", ")),
            Some(labels) => {
                format!("Without {} the answer is {}.", removed.join(", "), escaped(&label_list(labels)))
            }
        };
        html.push_str(&format!("<p dir=\"auto\">{text}</p>\n"));
    }
    html + "</section>\n"
}
