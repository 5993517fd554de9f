//! Text in both languages of the guide.

use serde::Serialize;

/// A language of the guide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lang {
    /// English.
    #[default]
    En,
    /// Simplified Chinese.
    Zh,
}

/// A text in English and in Simplified Chinese.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Words {
    pub(super) en: String,
    pub(super) zh: String,
}

/// The two forms of a text.
pub(super) fn words(en: impl Into<String>, zh: impl Into<String>) -> Words {
    Words { en: en.into(), zh: zh.into() }
}

/// A text that is the same in both languages, such as a number or a name.
pub(super) fn same(text: impl Into<String>) -> Words {
    let en = text.into();
    Words { zh: en.clone(), en }
}
