//! The Content-Security-Policy of pages: nothing may be fetched, and only the page's own style and script may be used, which are known
//! by their hashes.

use sha2::{Digest, Sha256};

use crate::base64::base64;

/// The policy of a page with this style, and with this script if it has one. The texts are the exact contents of `<style>` and
/// `<script>`.
pub(crate) fn policy(style: &str, script: Option<&str>) -> String {
    let hash = |text: &str| format!("'sha256-{}'", base64(&Sha256::digest(text)));
    let script = script.map(|script| format!("; script-src {}", hash(script))).unwrap_or_default();
    format!("default-src 'none'; style-src {}{script}; img-src data:", hash(style))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Oracle: `printf 'alert(1)' | openssl dgst -sha256 -binary | base64`.
    #[test]
    fn a_policy_holds_the_hashes() {
        let alert = "bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI=";
        assert_eq!(
            policy("alert(1)", Some("alert(1)")),
            format!(
                "default-src 'none'; style-src 'sha256-{alert}'; script-src 'sha256-{alert}'; img-src data:"
            )
        );
        assert!(!policy("", None).contains("script-src"));
    }
}
