//! Detects the scripts of a text by the ranges of Unicode's blocks for the most common scripts.
//!
//! Source: Unicode 16, Blocks.txt. Only letters are classified, so signs and digits within a block are ignored.

/// The first and last code point of each range and its script, sorted.
const SCRIPTS: [(u32, u32, &str); 34] = [
    (0x0041, 0x024f, "Latin"),
    (0x0250, 0x02af, "Latin"),
    (0x0370, 0x03ff, "Greek"),
    (0x0400, 0x052f, "Cyrillic"),
    (0x0530, 0x058f, "Armenian"),
    (0x0590, 0x05ff, "Hebrew"),
    (0x0600, 0x06ff, "Arabic"),
    (0x0750, 0x077f, "Arabic"),
    (0x08a0, 0x08ff, "Arabic"),
    (0x0900, 0x097f, "Devanagari"),
    (0x0980, 0x09ff, "Bengali"),
    (0x0a00, 0x0a7f, "Gurmukhi"),
    (0x0a80, 0x0aff, "Gujarati"),
    (0x0b80, 0x0bff, "Tamil"),
    (0x0c00, 0x0c7f, "Telugu"),
    (0x0c80, 0x0cff, "Kannada"),
    (0x0d00, 0x0d7f, "Malayalam"),
    (0x0e00, 0x0e7f, "Thai"),
    (0x10a0, 0x10ff, "Georgian"),
    (0x1100, 0x11ff, "Hangul"),
    (0x1200, 0x137f, "Ethiopic"),
    (0x1e00, 0x1eff, "Latin"),
    (0x1f00, 0x1fff, "Greek"),
    (0x2de0, 0x2dff, "Cyrillic"),
    (0x3040, 0x30ff, "Japanese"),
    (0x31f0, 0x31ff, "Japanese"),
    (0x3400, 0x4dbf, "Han"),
    (0x4e00, 0x9fff, "Han"),
    (0xa640, 0xa69f, "Cyrillic"),
    (0xac00, 0xd7af, "Hangul"),
    (0xf900, 0xfaff, "Han"),
    (0xff21, 0xff5a, "Latin"),
    (0xff66, 0xff9f, "Japanese"),
    (0x20000, 0x323af, "Han"),
];

/// Scripts with letters that look like those of another script.
const LOOK_ALIKE: [&str; 4] = ["Latin", "Greek", "Cyrillic", "Armenian"];

/// The script of a letter; `None` for other characters, for signs such as `ª`, `º` and `µ`, and for letters of other
/// scripts.
fn letter_script(c: char) -> Option<&'static str> {
    if !c.is_alphabetic() || matches!(c, 'ª' | 'º' | 'µ') {
        return None;
    }
    let code = u32::from(c);
    let after = SCRIPTS.partition_point(|&(first, _, _)| first <= code);
    let &(_, last, script) = SCRIPTS[..after].last()?;
    (code <= last).then_some(script)
}

/// The most frequent script among the letters of a text; `None` for a text without known letters.
///
/// Every text with a kana is Japanese, because half of its letters may be Han.
///
/// ```
/// use clsify::dataset::script_of;
/// assert_eq!(script_of("a treat"), Some("Latin"));
/// assert_eq!(script_of("отличный film"), Some("Cyrillic"));
/// assert_eq!((script_of("東京は大都市"), script_of("北京")), (Some("Japanese"), Some("Han")));
/// assert_eq!(script_of("10 / 10 !"), None);
/// ```
pub fn script_of(text: &str) -> Option<&'static str> {
    let is_japanese = text.chars().any(|c| letter_script(c) == Some("Japanese"));
    let mut counts: Vec<(&'static str, usize)> = Vec::new();
    for script in text.chars().filter_map(letter_script) {
        let script = if is_japanese && script == "Han" { "Japanese" } else { script };
        match counts.iter_mut().find(|(known, _)| *known == script) {
            Some((_, n)) => *n += 1,
            None => counts.push((script, 1)),
        }
    }
    // Of equally frequent scripts, the first in the text is used.
    let most = counts.iter().map(|(_, n)| *n).max()?;
    counts.iter().find(|(_, n)| *n == most).map(|(script, _)| *script)
}

/// The first word of at least three letters that mixes scripts that look alike, such as a Cyrillic `а` in a Latin
/// word: for an encoder it is another word.
///
/// ```
/// use clsify::dataset::mixed_word;
/// assert_eq!(mixed_word("a gre\u{430}t film"), Some("gre\u{430}t"));
/// assert_eq!(mixed_word("великий film, 5 μm"), None);
/// ```
pub fn mixed_word(text: &str) -> Option<&str> {
    if text.is_ascii() {
        return None;
    }
    let is_mixed = |word: &&str| {
        let mut scripts = word.chars().filter_map(letter_script).filter(|s| LOOK_ALIKE.contains(s));
        let first = scripts.next();
        word.chars().count() >= 3 && scripts.any(|script| Some(script) != first)
    };
    text.split(|c: char| !c.is_alphabetic()).find(is_mixed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_sorted_and_do_not_overlap() {
        assert!(SCRIPTS.iter().all(|(first, last, _)| first <= last));
        assert!(SCRIPTS.windows(2).all(|pair| pair[0].1 < pair[1].0));
    }

    /// Oracle: Unicode's Scripts.txt for these letters.
    #[test]
    fn letters_of_each_script_are_known() {
        for (text, script) in [
            ("ŵéß", "Latin"),
            ("αώ", "Greek"),
            ("жѝ", "Cyrillic"),
            ("ռ", "Armenian"),
            ("ש", "Hebrew"),
            ("عپ", "Arabic"),
            ("हिन्दी", "Devanagari"),
            ("বাংলা", "Bengali"),
            ("தமிழ்", "Tamil"),
            ("ไทย", "Thai"),
            ("ქართული", "Georgian"),
            ("한국어", "Hangul"),
            ("ひらカタ", "Japanese"),
            ("漢字", "Han"),
            ("ｗｉｄｅ", "Latin"),
        ] {
            assert_eq!(script_of(text), Some(script), "{text}");
        }
        assert_eq!(script_of("½ ° ª 😀 ×"), None);
    }

    #[test]
    fn only_words_of_scripts_that_look_alike_are_mixed() {
        for text in ["Tシャツを買う", "α-helix", "kΩ", "日本語text", "naïve", "привет"] {
            assert_eq!(mixed_word(text), None, "{text}");
        }
        assert_eq!(mixed_word("the pаypal site"), Some("pаypal"));
        assert_eq!(mixed_word("Αthens"), Some("Αthens"));
    }
}
