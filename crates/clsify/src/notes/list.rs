//! Lists of labels in messages.

/// Labels for a message: the first dozen, and a thirteenth instead of "and 1 more".
pub(crate) fn list(labels: &[&str]) -> String {
    const MOST: usize = 12;
    let n_shown = if labels.len() == MOST + 1 { labels.len() } else { labels.len().min(MOST) };
    // A label with a comma is quoted, so that it is not taken for two.
    let item = |label: &&str| if label.contains(',') { format!("{label:?}") } else { label.to_string() };
    let mut text = labels[..n_shown].iter().map(item).collect::<Vec<_>>().join(", ");
    if labels.len() > n_shown {
        text.push_str(&format!(" and {} more", labels.len() - n_shown));
    }
    text
}
