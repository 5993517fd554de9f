//! Spellings of earlier versions that clap would read otherwise.

use std::ffi::OsString;

/// The commands whose `--json` was followed by a file without an equals sign.
const JSON_FILE: [&str; 3] = ["train", "evaluate", "tutorial"];

/// The arguments in today's spelling.
pub(crate) fn translate(args: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut translated: Vec<OsString> = Vec::new();
    let mut is_json_file = false;
    let mut args = args.into_iter().peekable();
    while let Some(mut arg) = args.next() {
        is_json_file |= JSON_FILE.iter().any(|command| arg == *command);
        let is_value = |next: &OsString| next == "-" || !next.as_encoded_bytes().starts_with(b"-");
        if is_json_file
            && arg == "--json"
            && let Some(file) = args.next_if(is_value)
        {
            arg.push("=");
            arg.push(file);
        }
        translated.push(arg);
    }
    translated
}

#[cfg(test)]
mod tests {
    use super::*;

    fn translated(args: &str) -> String {
        let args = translate(args.split(' ').map(OsString::from));
        args.iter().map(|arg| arg.to_str().expect("ASCII")).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_file_after_json_belongs_to_it_where_it_did() {
        assert_eq!(
            translated("clsify -q train --json out.json --data a"),
            "clsify -q train --json=out.json --data a"
        );
        assert_eq!(translated("clsify evaluate m --json -"), "clsify evaluate m --json=-");
        for same in
            ["clsify train --json --data a", "clsify doctor --json a.tsv", "clsify train --data a --json"]
        {
            assert_eq!(translated(same), same);
        }
    }
}
