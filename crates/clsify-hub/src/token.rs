//! The access token: its sources, read only when a request needs it.

use std::fmt;
use std::path::PathBuf;

use clsify_base::error::{Error, ErrorKind, Result};
use clsify_base::files::read_file;

/// The variables that contain a token; the first that is set counts.
const VARIABLES: [&str; 2] = ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"];

/// A token has about 40 characters.
const MAX_BYTES: u64 = 1 << 16;

/// A secret that is never logged.
#[derive(Clone, PartialEq)]
pub(crate) struct Token(String);

impl Token {
    pub(crate) fn secret(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

/// The sources of a token.
#[derive(Debug, Clone)]
pub(crate) struct TokenSource {
    /// The variable that is set, with its content.
    variable: Option<(&'static str, Token)>,
    /// Read if no variable contains a token.
    file: PathBuf,
}

impl TokenSource {
    pub(crate) fn new(lookup: &dyn Fn(&str) -> Option<String>, file: PathBuf) -> Self {
        let set = |name: &'static str| Some((name, Token(lookup(name).filter(|text| !text.is_empty())?)));
        TokenSource { variable: VARIABLES.into_iter().find_map(set), file }
    }

    /// Reads the token and strips blanks around it and line breaks in it, as `huggingface_hub.get_token` does; `None`
    /// if there is none.
    ///
    /// # Errors
    /// The file cannot be read, or the token cannot be sent. The error names its source, never the token.
    pub(crate) fn read(&self) -> Result<Option<Token>> {
        if let Some((name, token)) = &self.variable
            && let Some(token) = cleaned(token.secret())
        {
            return check(token, name, &format!("unset {name}"));
        }
        let place = self.file.display().to_string();
        let remove = format!("remove {place}");
        let bytes = match self.file.symlink_metadata() {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            _ => read_file(&self.file, MAX_BYTES).map_err(|e| e.with_hint(hint(&remove)))?,
        };
        // A file that is not UTF-8 does not contain a token.
        match cleaned(&String::from_utf8_lossy(&bytes)) {
            Some(token) => check(token, &place, &remove),
            None => Ok(None),
        }
    }
}

fn cleaned(text: &str) -> Option<String> {
    let token = text.replace(['\r', '\n'], "").trim().to_string();
    (!token.is_empty()).then_some(token)
}

/// Checks that a token can be put into the header of a request.
fn check(token: String, place: &str, or: &str) -> Result<Option<Token>> {
    if token.chars().all(|c| c == ' ' || c.is_ascii_graphic()) {
        return Ok(Some(Token(token)));
    }
    let message = "expected an access token of ASCII characters, got other characters in it";
    Err(Error::new(ErrorKind::Fetch, message).at(place).with_hint(hint(or)))
}

fn hint(or: &str) -> String {
    format!("copy the token again from https://huggingface.co/settings/tokens, or {or}")
}

#[cfg(test)]
mod tests {
    use super::*;

    type Variables<'a> = &'a [(&'a str, &'a str)];

    fn read(variables: Variables<'_>, file: &str) -> std::result::Result<Option<String>, String> {
        let variables: Vec<(String, String)> =
            variables.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
        let lookup = |name: &str| variables.iter().find(|(k, _)| k == name).map(|(_, v)| v.clone());
        let token = TokenSource::new(&lookup, file.into()).read();
        token.map(|token| token.map(|token| token.0)).map_err(|error| error.to_string())
    }

    fn file(text: &[u8]) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        file
    }

    /// Oracle: `huggingface_hub.get_token()` of version 2.4 with the same variables and file.
    #[test]
    fn the_token_is_that_of_huggingface_hub() {
        let (new, legacy) = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN");
        let cases: [(Variables<'_>, &[u8], Option<&str>); 11] = [
            (&[], b"token\n", Some("token")),
            (&[], b"tok\nen", Some("token")),
            (&[], b"\r\n tok\r\nen \n", Some("token")),
            (&[], b" \n", None),
            (&[(new, "a\nb")], b"file", Some("ab")),
            (&[(new, " a b ")], b"file", Some("a b")),
            (&[(new, "a"), (legacy, "b")], b"file", Some("a")),
            (&[(new, ""), (legacy, "b")], b"file", Some("b")),
            (&[(new, " \n"), (legacy, "b")], b"file", Some("file")),
            (&[(legacy, "\n")], b"file", Some("file")),
            (&[(new, "\t\n")], b"", None),
        ];
        for (variables, text, expected) in cases {
            let file = file(text);
            let token = read(variables, &file.path().display().to_string());
            assert_eq!(token, Ok(expected.map(String::from)), "{variables:?} {text:?}");
        }
        assert_eq!(read(&[], "/absent/token"), Ok(None));
    }

    #[test]
    fn what_cannot_be_sent_is_an_error_that_names_its_source_and_not_the_token() {
        let expected = "expected an access token of ASCII characters, got other characters in it";
        for token in ["gehe\u{ed}m", "gehe\0im", "gehe\tim"] {
            for name in VARIABLES {
                assert_eq!(read(&[(name, token)], "/absent"), Err(format!("{name}: {expected}")));
            }
            let file = file(token.as_bytes());
            let place = file.path().display().to_string();
            assert_eq!(read(&[], &place), Err(format!("{place}: {expected}")));
        }
        let file = file(b"gehe\xffim");
        assert!(read(&[], &file.path().display().to_string()).unwrap_err().ends_with(expected));
        let source = TokenSource::new(&|_| Some("hidden".to_string()), PathBuf::new());
        assert!(!format!("{source:?}").contains("hidden"));
    }

    #[test]
    #[cfg(unix)]
    fn a_file_without_an_end_is_not_read() {
        assert_eq!(read(&[], "/dev/zero"), Err("/dev/zero: expected a file, got a device".to_string()));
        assert_eq!(read(&[("HF_TOKEN", "a")], "/dev/zero"), Ok(Some("a".to_string())));
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("token");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let place = pipe.display().to_string();
        assert_eq!(read(&[], &place), Err(format!("{place}: expected a file, got a pipe")));
    }
}
