//! Groups of rows that belong together: those with the same value in a column, those with the same sentence, or both.

use std::collections::HashMap;

/// The groups of the rows of a data set, if there are any.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Grouping {
    /// The values of the group column, while the file is read.
    values: Option<Vec<String>>,
    ids: Option<Vec<usize>>,
}

impl Grouping {
    /// Adds a row; either all rows have a value, or none.
    pub(super) fn push(&mut self, value: Option<String>) {
        if let Some(value) = value {
            self.values.get_or_insert_default().push(value);
        }
    }

    /// Assigns the groups when all rows are there; with `by_sentence`, rows with equal sentences are also in one
    /// group.
    pub(super) fn settle(&mut self, sentences: &[String], by_sentence: bool) {
        let by_value = self.values.take().map(|values| ids_of_values(&values));
        self.ids = match by_sentence {
            false => by_value,
            true => {
                let by_text = ids_by_first(sentences.iter().map(|sentence| normalised(sentence)));
                Some(by_value.map_or_else(|| by_text.clone(), |by_value| connected(&by_value, &by_text)))
            }
        };
    }

    pub(super) fn ids(&self) -> Option<&[usize]> {
        self.ids.as_deref()
    }

    /// The number of groups.
    pub(super) fn n(&self) -> Option<usize> {
        self.ids.as_ref().map(|ids| ids.iter().max().map_or(0, |id| id + 1))
    }
}

/// The form in which sentences are compared: lower case, single spaces.
///
/// ```
/// assert_eq!(clsify::dataset::normalised(" A  treat"), "a treat");
/// ```
pub fn normalised(sentence: &str) -> String {
    sentence.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The index of each value among the distinct ones, in the order of `np.unique` for a column that pandas has read:
/// numerically if all are numbers, otherwise by code point.
fn ids_of_values(values: &[String]) -> Vec<usize> {
    if let Some(whole) = values.iter().map(|value| value.parse::<i128>().ok()).collect::<Option<Vec<_>>>() {
        return places(&whole, i128::cmp);
    }
    let number = |value: &String| {
        let is_digit = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.');
        value.parse::<f64>().ok().filter(|number| number.is_finite() && value.starts_with(is_digit))
    };
    match values.iter().map(number).collect::<Option<Vec<_>>>() {
        // 0 and -0 are the same group.
        Some(numbers) => places(&numbers.iter().map(|x| x + 0.0).collect::<Vec<f64>>(), f64::total_cmp),
        None => places(values, Ord::cmp),
    }
}

fn places<T: Clone>(values: &[T], compare: impl Fn(&T, &T) -> std::cmp::Ordering) -> Vec<usize> {
    let mut distinct = values.to_vec();
    distinct.sort_by(&compare);
    distinct.dedup_by(|a, b| compare(a, b).is_eq());
    values.iter().map(|value| distinct.binary_search_by(|other| compare(other, value)).unwrap_or(0)).collect()
}

/// Ids in order of first appearance.
fn ids_by_first<T: std::hash::Hash + Eq>(values: impl Iterator<Item = T>) -> Vec<usize> {
    let mut known: HashMap<T, usize> = HashMap::new();
    values
        .map(|value| {
            let next = known.len();
            *known.entry(value).or_insert(next)
        })
        .collect()
}

/// The connected components of rows that share a group in one of two groupings, numbered by their first rows.
fn connected(a: &[usize], b: &[usize]) -> Vec<usize> {
    // The nodes are the groups of `a`; a group of `b` connects those that its rows belong to.
    let mut parent: Vec<usize> = (0..a.iter().max().map_or(0, |id| id + 1)).collect();
    fn root(parent: &mut [usize], mut node: usize) -> usize {
        while parent[node] != node {
            parent[node] = parent[parent[node]];
            node = parent[node];
        }
        node
    }
    let mut first: HashMap<usize, usize> = HashMap::new();
    for (&a, &b) in a.iter().zip(b) {
        let other = *first.entry(b).or_insert(a);
        let (one, other) = (root(&mut parent, a), root(&mut parent, other));
        parent[one.max(other)] = one.min(other);
    }
    let roots: Vec<usize> = a.iter().map(|&a| root(&mut parent, a)).collect();
    ids_by_first(roots.into_iter())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(values: &[&str]) -> Vec<String> {
        values.iter().map(ToString::to_string).collect()
    }

    /// Oracle: `np.unique(pandas.read_csv(file).column, return_inverse=True)`.
    #[test]
    fn ids_have_the_order_of_numpy() {
        for (values, expected) in [
            (&["10", "9", "10", "-1"][..], &[2, 1, 2, 0][..]),
            (&["10", "9", "x"], &[0, 1, 2]),
            (&["1.5", "10", "2", "2.0"], &[0, 2, 1, 1]),
            (&["b", "B", "a", "é"], &[2, 0, 1, 3]),
            (&["1", "nan"], &[0, 1]),
            (&["12345678901234567891", "12345678901234567890"], &[1, 0]),
        ] {
            assert_eq!(ids_of_values(&strings(values)), expected, "{values:?}");
        }
    }

    /// Oracle: `scipy.sparse.csgraph.connected_components`, computed by hand.
    #[test]
    fn rows_that_share_a_value_or_a_sentence_are_connected() {
        let mut grouping = Grouping::default();
        for value in ["p", "q", "r", "r", "s", "t"] {
            grouping.push(Some(value.to_string()));
        }
        // Rows 0, 1 and 5 are connected by sentence, rows 2 and 3 by value, rows 3 and 4 by sentence.
        let sentences = strings(&["A  treat", "a treat", "one", "two", "TWO ", "a treat"]);
        grouping.settle(&sentences, true);
        assert_eq!((grouping.ids().unwrap(), grouping.n()), (&[0, 0, 1, 1, 1, 0][..], Some(2)));
        let mut by_sentence = Grouping::default();
        by_sentence.settle(&sentences, true);
        assert_eq!(by_sentence.ids().unwrap(), [0, 0, 1, 2, 2, 0]);
        let mut none = Grouping::default();
        none.settle(&sentences, false);
        assert_eq!((none.ids(), none.n()), (None, None));
    }
}
