//! Finds out from the sources of a crate which file uses which.
//!
//! The input is the text of each file, by its path below `src`. The output is, for each file, the files that define
//! the items that it names in a `use` or in a path. Re-exports are followed to the file that defines the item, so a
//! facade (`mod.rs`) hides nothing. A re-export itself is not a use: a facade uses an item only if its own code names
//! it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The files that each file uses.
pub(crate) type Uses = BTreeMap<String, BTreeSet<String>>;

/// A path of modules from the crate's root.
type ModulePath = Vec<String>;

/// The contents of the sources before names are resolved.
#[derive(Default)]
struct Crate {
    /// The file of each module, including modules inside a file.
    files: BTreeMap<ModulePath, String>,
    /// The names that each module imports with `use`, and their paths.
    names: BTreeMap<ModulePath, BTreeMap<String, Vec<String>>>,
    /// Paths that count as uses, with their module.
    paths: Vec<(ModulePath, Vec<String>)>,
}

/// Reads all files of a crate.
pub(crate) fn uses(sources: &BTreeMap<String, String>) -> Uses {
    let mut all = Crate::default();
    for (file, text) in sources {
        all.read(file, text);
    }
    let mut uses: Uses = sources.keys().map(|file| (file.clone(), BTreeSet::new())).collect();
    for (module, path) in &all.paths {
        let user = &all.files[module];
        let Some(used) = all.file_of(module, path, 0) else { continue };
        assert!(path.last().unwrap() != "*" || used == *user, "{user}: {path:?} hides what is used");
        if used != *user {
            uses.get_mut(user).unwrap().insert(used);
        }
    }
    uses
}

/// The shortest cycle of files, each of which uses the next; the first file is repeated at the end.
pub(crate) fn circle(uses: &Uses) -> Option<Vec<String>> {
    uses.keys().filter_map(|file| way(uses, file, file)).min_by_key(Vec::len)
}

/// The shortest path of at least one use from one file to another.
fn way(uses: &Uses, from: &str, to: &str) -> Option<Vec<String>> {
    let mut before: BTreeMap<&str, &str> = BTreeMap::new();
    let mut next = VecDeque::from([from]);
    while let Some(file) = next.pop_front() {
        for used in &uses[file] {
            if used == to {
                let mut way = vec![to, file];
                while *way.last().unwrap() != from {
                    way.push(before[way.last().unwrap()]);
                }
                return Some(way.into_iter().rev().map(str::to_string).collect());
            }
            if !before.contains_key(used.as_str()) {
                before.insert(used, file);
                next.push_back(used);
            }
        }
    }
    None
}

impl Crate {
    fn read(&mut self, file: &str, text: &str) {
        let mut module: ModulePath = file.trim_end_matches(".rs").split('/').map(str::to_string).collect();
        module.pop_if(|last| *last == "mod" || *last == "lib");
        self.files.insert(module.clone(), file.to_string());
        let tokens = tokens(text);
        let token = |i: usize| tokens.get(i).map_or("", String::as_str);
        let mut inner: Vec<usize> = Vec::new(); // The depths of braces at which inner modules began.
        let (mut depth, mut i, mut is_public) = (0, 0, false);
        let mut words = BTreeSet::new();
        let mut exports: Vec<(ModulePath, String, Vec<String>)> = Vec::new();
        while i < tokens.len() {
            match token(i) {
                "pub" => {
                    is_public = true;
                    i += 1;
                    if token(i) == "(" {
                        i += tokens[i..].iter().position(|token| token == ")").unwrap() + 1;
                    }
                    continue;
                }
                "use" => {
                    let mut all = Vec::new();
                    i = tree(&tokens, i + 1, &[], &mut all);
                    for (name, path) in all {
                        self.names.entry(module.clone()).or_default().insert(name.clone(), path.clone());
                        match is_public {
                            true => exports.push((module.clone(), name, path)),
                            false => self.paths.push((module.clone(), path)),
                        }
                    }
                }
                "mod" if token(i + 2) == "{" => {
                    module.push(token(i + 1).to_string());
                    self.files.insert(module.clone(), file.to_string());
                    inner.push(depth);
                    depth += 1;
                    i += 2;
                }
                "mod" => i += 1,
                "{" => depth += 1,
                "}" => {
                    depth -= 1;
                    if inner.pop_if(|began| *began == depth).is_some() {
                        module.pop();
                    }
                }
                word if is_word(word) => {
                    words.insert(word.to_string());
                    let starts_path =
                        token(i + 1) == "::" && !["::", "."].contains(&token(i.wrapping_sub(1)));
                    if starts_path {
                        let mut path = vec![word.to_string()];
                        while token(i + 1) == "::" && is_word(token(i + 2)) {
                            path.push(token(i + 2).to_string());
                            i += 2;
                        }
                        self.paths.push((module.clone(), path));
                    }
                }
                _ => {}
            }
            is_public = false;
            i += 1;
        }
        let named = exports.into_iter().filter(|(_, name, _)| words.contains(name));
        self.paths.extend(named.map(|(module, _, path)| (module, path)));
    }

    /// The file that defines the item of a path in a module; `None` if it is in another crate.
    fn file_of(&self, module: &[String], path: &[String], n_followed: usize) -> Option<String> {
        if n_followed > 20 {
            return None; // A crate and something in it have the same name.
        }
        let (mut at, mut rest) = (module.to_vec(), path);
        match path.first()?.as_str() {
            "crate" => (at, rest) = (Vec::new(), &path[1..]),
            "self" => rest = &path[1..],
            "super" => {}
            name if self.is_module(&at, name) || self.name(&at, name).is_some() => {}
            _ => return None,
        }
        while let Some((first, after)) = rest.split_first() {
            if first == "super" {
                at.pop();
            } else if self.is_module(&at, first) {
                at.push(first.clone());
            } else if let Some(target) = self.name(&at, first) {
                let whole: Vec<String> = target.iter().chain(after).cloned().collect();
                return self.file_of(&at, &whole, n_followed + 1);
            } else {
                break;
            }
            rest = after;
        }
        self.files.get(&at).cloned()
    }

    fn is_module(&self, at: &[String], name: &str) -> bool {
        self.files.contains_key(&[at, &[name.to_string()]].concat())
    }

    fn name(&self, at: &[String], name: &str) -> Option<&Vec<String>> {
        self.names.get(at)?.get(name)
    }
}

/// Reads the names and paths of a `use` from token `i` on, and returns the position of the token after them.
fn tree(tokens: &[String], mut i: usize, before: &[String], all: &mut Vec<(String, Vec<String>)>) -> usize {
    let mut path = before.to_vec();
    if tokens[i] == "::" {
        path.push("::".to_string()); // Another crate.
        i += 1;
    }
    loop {
        match tokens[i].as_str() {
            "{" => {
                i += 1;
                while tokens[i] != "}" {
                    i = tree(tokens, i, &path, all);
                    i += usize::from(tokens[i] == ",");
                }
                return i + 1;
            }
            "self" if !before.is_empty() => {}
            segment => path.push(segment.to_string()),
        }
        i += 1;
        if tokens[i] != "::" {
            break;
        }
        i += 1;
    }
    let mut name = path.last().unwrap().clone();
    if tokens[i] == "as" {
        name.clone_from(&tokens[i + 1]);
        i += 2;
    }
    all.push((name, path));
    i
}

fn is_word(token: &str) -> bool {
    token.chars().next().is_some_and(|c| c.is_alphanumeric() || c == '_')
}

/// Splits code into words, `::` and single characters, without comments, strings, characters and lifetimes.
fn tokens(text: &str) -> Vec<String> {
    let text: Vec<char> = text.chars().collect();
    let at = |i: usize| text.get(i).copied().unwrap_or('\0');
    // The position after the next occurrence of `end`; if `escapes`, a backslash escapes the next character.
    let after = |mut i: usize, end: &str, escapes: bool| {
        let end: Vec<char> = end.chars().collect();
        while i < text.len() && !text[i..].starts_with(&end) {
            i += if escapes && text[i] == '\\' { 2 } else { 1 };
        }
        i + end.len()
    };
    let mut tokens = Vec::new();
    let mut i = 0;
    while i < text.len() {
        let start = i;
        match (at(i), at(i + 1)) {
            ('/', '/') => i = after(i, "\n", false),
            ('/', '*') => i = after(i, "*/", false),
            ('"', _) => i = after(i + 1, "\"", true),
            ('\'', '\\') => i = after(i + 1, "'", true),
            ('\'', _) if at(i + 2) == '\'' => i += 3,
            ('\'', _) => i += 2, // // A lifetime; the rest of its name is an ordinary word.
            (':', ':') => i += 2,
            (c, _) if c.is_alphanumeric() || c == '_' => {
                while at(i).is_alphanumeric() || at(i) == '_' {
                    i += 1;
                }
                let n_hashes = (i..text.len()).take_while(|&i| text[i] == '#').count();
                if at(i - 1) == 'r' && i - start <= 2 && at(i + n_hashes) == '"' {
                    i = after(i + n_hashes + 1, &format!("\"{}", "#".repeat(n_hashes)), false);
                    continue;
                }
            }
            _ => i += 1,
        }
        let token: String = text[start..i.min(text.len())].iter().collect();
        if !token.trim().is_empty()
            && !token.starts_with(['"', '\''])
            && !token.starts_with("//")
            && !token.starts_with("/*")
        {
            tokens.push(token);
        }
    }
    tokens
}

fn crate_of(files: &[(&str, &str)]) -> BTreeMap<String, String> {
    files.iter().map(|(file, text)| (file.to_string(), text.to_string())).collect()
}

#[test]
fn a_planted_circle_is_found_also_through_facades() {
    let lib = ("lib.rs", "pub mod a;");
    let facade =
        ("a/mod.rs", "//! crate::a::b\nmod b;\nmod c;\nmod deep;\npub use self::c::C;\npub use deep::D;");
    let deep = ("a/deep/mod.rs", "mod d;\npub use self::d::Inner as D;");
    let b = ("a/b.rs", "use crate::a::{self as a, C};\npub(in crate::a) struct B(C);");
    for (name, c, d) in [
        ("directly", "use super::b::B;\npub struct C(B);", "pub struct Inner;"),
        ("by a path", "pub struct C(super::b::B);", "pub struct Inner;"),
        (
            "by two facades",
            "use super::{D};\npub struct C(D);",
            "use crate::a::{b::{B}};\npub struct Inner(B);",
        ),
        ("by an inner module", "mod inner { use super::super::b::B; }\npub struct C;", "pub struct Inner;"),
    ] {
        let files = [lib, facade, deep, b, ("a/c.rs", c), ("a/deep/d.rs", d)];
        let found = circle(&uses(&crate_of(&files))).unwrap_or_else(|| panic!("{name}: no circle"));
        let expected = match name {
            "by two facades" => &["a/b.rs", "a/c.rs", "a/deep/d.rs", "a/b.rs"][..],
            _ => &["a/b.rs", "a/c.rs", "a/b.rs"],
        };
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn a_facade_uses_what_its_own_code_names() {
    let files = |code: &str| {
        let facade = format!("mod b;\npub use self::b::{{B, b}};\npub struct A;\n{code}");
        crate_of(&[
            ("lib.rs", "mod a;"),
            ("a/mod.rs", &facade),
            ("a/b.rs", "use super::A;\npub struct B(A);"),
        ])
    };
    assert_eq!(circle(&uses(&files(""))), None);
    let expected = Some(["a/b.rs", "a/mod.rs", "a/b.rs"].map(String::from).to_vec());
    assert_eq!(circle(&uses(&files("fn of(b: B) {}"))), expected);
    assert_eq!(circle(&uses(&files("fn of(b: b::B) {}"))), expected);
}

#[test]
fn what_is_no_import_is_passed_over() {
    let quiet = "// use super::b::B;\n/* super::b::B */\nconst TEXT: &str = \"{ super::b::B \\\" super::b\";\n\
                 const RAW: &str = r#\"\" super::b::B\"#;\nconst BRACE: char = '{';\nconst QUOTE: char = '\\'';\n\
                 use ::b::B;\nuse std::fmt::{self as f, Display};\nuse same::same;\nfn g<'a>(b: &'a B) { b.b::<u8>(); same::g(); x.super_b(); }";
    let files = crate_of(&[
        ("lib.rs", "mod a;"),
        ("a/mod.rs", "mod b;\nmod c;"),
        ("a/b.rs", "use super::c::g;"),
        ("a/c.rs", quiet),
    ]);
    let uses = uses(&files);
    assert_eq!(uses["a/c.rs"], BTreeSet::new());
    assert_eq!(uses["a/b.rs"], BTreeSet::from(["a/c.rs".to_string()]));
}
