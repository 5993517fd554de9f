//! Lists of labels in messages.

/// Labels for a message: the first dozen, and a thirteenth instead of "and 1 more".
pub(crate) fn list(labels: &[&str]) -> String {
    const MOST: usize = 12;
    let n_shown = if labels.len() == MOST + 1 { labels.len() } else { labels.len().min(MOST) };
    let mut text = labels[..n_shown].join(", ");
    if labels.len() > n_shown {
        text.push_str(&format!(" and {} more", labels.len() - n_shown));
    }
    text
}
