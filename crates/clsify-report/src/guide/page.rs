//! The page around the scenes: its shell, the tables and the data. It tells its story with scripts off; with scripts on, figures are drawn
//! and other sentences can be picked.

use std::fmt::Write;

use clsify::studies::Walkthrough;

use super::guide_data::{TITLE, guide_data};
use super::scene::{Cell, Row, Scene};
use super::tuned::is_tuned;
use super::walk::Walk;
use super::words::{Lang, Words, words};
use crate::charts::svg::escaped;
use crate::policy::policy;

/// The script of a guide. On a page without the data of one it sets `globalThis.clsifyGuide`, which draws a
/// [`live_guide`](super::live_guide).
pub const SCRIPT: &str = include_str!("dist/guide.js");

/// The style sheet of a guide.
pub const STYLE: &str = include_str!("dist/guide.css");

/// The page in HTML.
pub(super) fn html(walkthrough: &Walkthrough, scenes: &[Scene], lang: Lang) -> String {
    let title = words(TITLE[0], TITLE[1]);
    let (language, title_text) = match lang {
        Lang::En => ("en", &title.en),
        Lang::Zh => ("zh-Hans", &title.zh),
    };
    let mut html = format!(
        "<!doctype html>\n<html lang=\"{language}\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{}\">\n<title>{}</title>\n<style>{STYLE}</style>\n\
         <header id=\"bar\"><h1 class=\"brand\">{}</h1><div id=\"controls\"></div></header>\n<main>\n{}",
        policy(STYLE, Some(SCRIPT)),
        escaped(title_text),
        both(&title),
        introduction(walkthrough),
    );
    for (number, scene) in (1..).zip(scenes) {
        html.push_str(&section(number, scene));
    }
    html.push_str("</main>\n");
    let data = guide_data(&Walk::from(walkthrough), scenes, lang);
    let _ = write!(
        html,
        "<script type=\"application/json\" id=\"guide-data\">{}</script>\n<script>{SCRIPT}</script>\n</html>\n",
        // `<` occurs in JSON only inside strings, and could end the element there.
        data.to_string().replace('<', "\\u003c")
    );
    html
}

/// What the page shows, before the first scene.
fn introduction(walkthrough: &Walkthrough) -> String {
    let classifier = walkthrough.classifier;
    let (encoder, classes) = (classifier.encoder().name(), classifier.classes().len());
    let (n_train, n_test) = (walkthrough.split.train.len(), walkthrough.held_out.len());
    let built = match is_tuned(walkthrough.classifier) {
        false => words(
            format!(
                "It is built on the frozen encoder {encoder}, was trained on {n_train} sentences and tested on {n_test} others."
            ),
            format!(
                "它建立在参数冻结的编码器 {encoder} 之上，用 {n_train} 个句子训练，用另外 {n_test} 个句子测试。"
            ),
        ),
        true => words(
            format!(
                "It was fine-tuned together with its encoder, {encoder}, on {n_train} sentences and tested on {n_test} others."
            ),
            format!("它与编码器 {encoder} 一起用 {n_train} 个句子微调，用另外 {n_test} 个句子测试。"),
        ),
    };
    let text = words(
        format!(
            "This page walks through a classifier with {classes} labels. {} This model computed every number on the page. Pick a \
             sentence above, and step through the scenes with the arrow keys.",
            built.en
        ),
        format!(
            "本页逐步讲解一个有 {classes} 个标签的分类器。{}页面上的每个数字都由这个模型算出。请在上方选一个句子，再用方向键逐步浏览。",
            built.zh
        ),
    );
    format!("<p class=\"introduction\">{}</p>\n", both(&text))
}

fn section(number: usize, scene: &Scene) -> String {
    let id = scene.id;
    let first = scene.sentences.first();
    let line = first.and_then(|first| first.line.as_ref());
    let rows = scene.rows.as_ref().or_else(|| first.and_then(|first| first.rows.as_ref()));
    let mut html = format!(
        "<section class=\"scene\" id=\"{id}\" aria-labelledby=\"{id}-title\">\n\
         <h2 id=\"{id}-title\" tabindex=\"-1\"><span class=\"number\">{number}</span> {}</h2>\n<p class=\"caption\">{}</p>\n\
         <div class=\"figure\"></div>\n<p class=\"line\">{}</p>\n<pre class=\"code\"><code>{}</code></pre>\n",
        both(&scene.title),
        both(&scene.caption),
        line.map(both).unwrap_or_default(),
        escaped(&scene.code),
    );
    if let Some(rows) = rows {
        html.push_str(&table(scene, rows));
    }
    html + "</section>\n"
}

fn table(scene: &Scene, rows: &[Row]) -> String {
    let summary = words("The numbers in this figure", "图中的数字");
    let mut html = format!(
        "<details class=\"numbers\"><summary>{}</summary>\n<div class=\"scroll\" tabindex=\"0\" role=\"group\" \
         aria-labelledby=\"{}-title\"><table>\n<thead><tr>",
        both(&summary),
        scene.id
    );
    for (i, column) in scene.columns.iter().enumerate() {
        let is_number = !rows.is_empty() && rows.iter().all(|row| row.get(i).is_some_and(Cell::is_number));
        let class = if is_number { " class=\"number\"" } else { "" };
        let _ = write!(html, "<th scope=\"col\"{class}>{}</th>", both(column));
    }
    html.push_str("</tr></thead>\n<tbody>\n");
    for row in rows {
        html.push_str("<tr>");
        for cell in row {
            let class = if cell.is_number() { " class=\"number\"" } else { "" };
            let _ = write!(html, "<td dir=\"auto\"{class}>{}</td>", both(&cell.words()));
        }
        html.push_str("</tr>\n");
    }
    html + "</tbody></table></div></details>\n"
}

/// A text in both languages, of which the style shows one; a text that is the same in both stands there once.
fn both(text: &Words) -> String {
    let (en, zh) = (escaped(&text.en), escaped(&text.zh));
    match en == zh {
        true => en,
        false => {
            format!(
                "<span class=\"en\" lang=\"en\">{en}</span><span class=\"zh\" lang=\"zh-Hans\">{zh}</span>"
            )
        }
    }
}
