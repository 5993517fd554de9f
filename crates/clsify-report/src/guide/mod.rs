//! The guide: one page that walks through a trained classifier in 13 scenes.
//!
//! ```text
//! Walkthrough -> walk     what scenes see of it, or of sentences without data       walk.rs
//!             -> scenes   the numbers and the words of each scene, one file each    scenes/
//!             -> page     the shell, the tables and the data as one HTML file       page.rs
//!             or live     the data alone, for a page that is there                  live.rs
//! ```
//!
//! The figures are drawn in the browser, by TypeScript in `guide/` of this crate; `dist/` has it as one script and one style sheet. To add
//! a scene, add a file to `scenes/` with its line in `SCENES`, and a file with the same name to `guide/src/scenes/`.

mod data_rows;
mod decided;
mod detail;
mod guide_data;
mod kendall;
mod live;
mod page;
mod scene;
mod scenes;
mod standardised;
mod threshold;
mod traced;
mod tuned;
mod walk;
mod walked;
mod words;

use clsify::studies::Walkthrough;

use self::detail::Detail;
use self::walk::Walk;

pub use self::live::live_guide;
pub use self::page::{SCRIPT, STYLE};
pub use self::words::Lang;

/// The maximum size of a page in bytes.
pub const MAX_BYTES: usize = 2_000_000;

/// The options of a [`guide`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GuideOptions {
    /// The language in which the page opens.
    pub lang: Lang,
}

/// A page, and what it had to leave out.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Guide {
    /// The page.
    pub html: String,
    /// The details that were dropped to keep the page below [`MAX_BYTES`], then the attention maps of sentences that are too long
    /// for one, in words.
    pub dropped: Vec<String>,
}

/// Writes the guide of a walk through a classifier: a self-contained page in English and Chinese, which fetches nothing. If it would be
/// larger than [`MAX_BYTES`], details are dropped in a fixed order.
pub fn guide(walkthrough: &Walkthrough, options: GuideOptions) -> Guide {
    let page = |detail: &Detail| {
        page::html(walkthrough, &scenes::scenes(&Walk::from(walkthrough), detail), options.lang)
    };
    let (mut detail, mut dropped) = (Detail::full(walkthrough), Vec::new());
    let mut html = page(&detail);
    for (less, what) in Detail::DROPS {
        if html.len() <= MAX_BYTES {
            break;
        }
        let before = detail;
        less(&mut detail);
        if detail != before {
            html = page(&detail);
            dropped.push(what.to_string());
        }
    }
    dropped.extend(detail.too_long(walkthrough));
    Guide { html, dropped }
}
