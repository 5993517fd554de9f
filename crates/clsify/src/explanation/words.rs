//! The words of a text, and the text without some of them.
//!
//! A word is what stands between white space, with the punctuation that is attached to it. Characters of Chinese and Japanese are
//! words of their own, because these languages do not separate words by spaces.

use std::ops::Range;

/// The number of words of a text, as [`explain`](crate::model::SentenceClassifier::explain) deletes them.
///
/// ```
/// use clsify::explanation::count_words;
/// assert_eq!((count_words("not funny, at all"), count_words("不好笑")), (4, 3));
/// ```
pub fn count_words(text: &str) -> usize {
    Words::of(text).len()
}

/// A text and the places of its words.
pub(super) struct Words<'a> {
    text: &'a str,
    ranges: Vec<Range<usize>>,
}

impl<'a> Words<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        let mut ranges: Vec<Range<usize>> = Vec::new();
        // Whether the last word may go on.
        let mut is_open = false;
        for (start, character) in text.char_indices() {
            let end = start + character.len_utf8();
            if character.is_whitespace() {
                is_open = false;
            } else if is_word_alone(character) {
                ranges.push(start..end);
                is_open = false;
            } else if let Some(last) = ranges.last_mut().filter(|_| is_open) {
                last.end = end;
            } else {
                ranges.push(start..end);
                is_open = true;
            }
        }
        Words { text, ranges }
    }

    pub(super) fn len(&self) -> usize {
        self.ranges.len()
    }

    /// The place of a word in bytes of the text.
    pub(super) fn range(&self, word: usize) -> Range<usize> {
        self.ranges[word].clone()
    }

    pub(super) fn word(&self, word: usize) -> &'a str {
        &self.text[self.range(word)]
    }

    /// The text without the words for which `is_removed` is true. White space after a removed word goes with it, unless it is all that
    /// separates the words around it: words that were apart stay apart.
    pub(super) fn without(&self, is_removed: impl Fn(usize) -> bool) -> String {
        let mut text = String::with_capacity(self.text.len());
        let mut before: Option<usize> = None;
        for word in (0..self.len()).filter(|&word| !is_removed(word)) {
            if let Some(before) = before {
                let mut gaps =
                    (before..word).map(|last| &self.text[self.ranges[last].end..self.ranges[last + 1].start]);
                let joins = before + 1 != word && !self.is_alone(before) && !self.is_alone(word);
                let gap = gaps.find(|gap| !gap.is_empty());
                text.push_str(gap.unwrap_or(if joins { " " } else { "" }));
            }
            text.push_str(self.word(word));
            before = Some(word);
        }
        text
    }

    fn is_alone(&self, word: usize) -> bool {
        self.word(word).chars().next().is_some_and(is_word_alone)
    }
}

/// Returns true for ideographs, kana, and the punctuation of these scripts. The ideographs are those that BERT's tokenizer separates.
fn is_word_alone(character: char) -> bool {
    matches!(u32::from(character),
        0x4E00..=0x9FFF | 0x3400..=0x4DBF | 0x20000..=0x2A6DF | 0x2A700..=0x2CEAF | 0xF900..=0xFAFF | 0x2F800..=0x2FA1F
        | 0x3001..=0x30FF | 0xFF01..=0xFF0F | 0xFF1A..=0xFF20 | 0xFF3B..=0xFF40 | 0xFF5B..=0xFF65)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<&str> {
        let words = Words::of(text);
        (0..words.len()).map(|word| &text[words.range(word)]).collect()
    }

    #[test]
    fn words_stand_between_spaces_and_ideographs_alone() {
        assert_eq!(words(" not  funny, at all!\n"), ["not", "funny,", "at", "all!"]);
        assert_eq!(words("我爱BERT模型。"), ["我", "爱", "BERT", "模", "型", "。"]);
        assert_eq!(words("naïve 🙂🙂 שלום"), ["naïve", "🙂🙂", "שלום"]);
        assert_eq!(words(" \t"), [""; 0]);
    }

    #[test]
    fn a_removed_word_takes_its_space_along() {
        let words = Words::of("not  very funny");
        assert_eq!(words.without(|_| false), "not  very funny");
        assert_eq!(words.without(|word| word == 0), "very funny");
        assert_eq!(words.without(|word| word == 1), "not  funny");
        assert_eq!(words.without(|word| word == 2), "not  very");
        assert_eq!(words.without(|_| true), "");
    }

    #[test]
    fn words_that_were_apart_stay_apart() {
        let words = Words::of("AB我CD");
        assert_eq!(words.without(|word| word == 1), "AB CD");
        assert_eq!(words.without(|word| word == 0), "我CD");
        assert_eq!(Words::of("我爱你").without(|word| word == 1), "我你");
        // The space after a removed ideograph is all that separates its neighbours.
        assert_eq!(Words::of("这部 good film").without(|word| word == 1), "这 good film");
        assert_eq!(Words::of("テキスト good").without(|word| word == 3), "テキス good");
        assert_eq!(Words::of("good 部这").without(|word| word == 1), "good 这");
        assert_eq!(Words::of("好  film 。").without(|word| word == 1), "好  。");
    }
}
