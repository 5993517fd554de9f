//! Settings from environment variables: caches, tokens and the network.
//!
//! Source: the hub's documentation of its cache and environment variables (`HF_*`). The variables for proxies
//! (`ALL_PROXY`, `HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`) are read by the HTTP client from the process itself.

use std::path::PathBuf;
use std::time::Duration;

use crate::encoder_name::expand_home;
use crate::private_folder;
use crate::token::TokenSource;

/// The model hub's own address.
pub(crate) const DEFAULT_ENDPOINT: &str = "https://huggingface.co";

/// The resolved settings.
#[derive(Debug, Clone)]
pub(crate) struct Environment {
    /// The user's home folder, for `~`.
    pub(crate) home: Option<PathBuf>,
    /// The folder of the hub's libraries, with their `models--org--name` folders.
    pub(crate) hub_cache: PathBuf,
    /// The folder for downloads from the package index and example data.
    pub(crate) own_cache: PathBuf,
    /// Without a slash at its end.
    pub(crate) endpoint: String,
    pub(crate) token: TokenSource,
    /// A file of certificates to trust instead of the built-in ones.
    pub(crate) certificates: Option<PathBuf>,
    /// The variable that forbids all network access.
    pub(crate) offline: Option<&'static str>,
    /// The variable that forbids downloading example data.
    pub(crate) data_offline: Option<&'static str>,
    pub(crate) limits: TimeLimits,
}

/// Time limits for a network that does not answer.
///
/// ```
/// let limits = clsify_hub::TimeLimits::default();
/// assert!(limits.hub_answer < limits.first_contact);
/// ```
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct TimeLimits {
    /// The time limit for the hub, or the article's address, to answer a first small request: 4 s, or
    /// `HF_HUB_ETAG_TIMEOUT`.
    pub hub_answer: Duration,
    /// The time limit, from the start of a call, for the first answer of the last fallback: 9 s.
    pub first_contact: Duration,
    /// The longest time without data, after which a download from the hub fails: 10 s, or `HF_HUB_DOWNLOAD_TIMEOUT`.
    pub stall: Duration,
    /// The longest time without any output, after which the package index fails once it has answered: 60 s.
    pub index_stall: Duration,
}

impl Default for TimeLimits {
    fn default() -> Self {
        TimeLimits {
            hub_answer: Duration::from_secs(4),
            first_contact: Duration::from_secs(9),
            stall: Duration::from_secs(10),
            index_stall: Duration::from_secs(60),
        }
    }
}

impl Environment {
    /// Resolves the variables that `lookup` returns; an empty variable is treated as not set.
    pub(crate) fn new(lookup: &dyn Fn(&str) -> Option<String>) -> Self {
        let variable = |name: &str| lookup(name).map(|v| v.trim().to_string()).filter(|v| !v.is_empty());
        let home = variable("HOME").or_else(|| variable("USERPROFILE")).map(PathBuf::from);
        let folder = |name: &str| variable(name).map(|text| expand_home(&text, home.as_deref()));
        let user_cache = folder("XDG_CACHE_HOME").unwrap_or_else(|| {
            home.as_ref().map_or_else(private_folder::of_user, |home| home.join(".cache"))
        });

        let hub_home = folder("HF_HOME").unwrap_or_else(|| user_cache.join("huggingface"));
        let hub_cache = folder("HF_HUB_CACHE")
            .or_else(|| folder("HUGGINGFACE_HUB_CACHE"))
            .unwrap_or_else(|| hub_home.join("hub"));
        let own_cache = folder("CLSIFY_CACHE").unwrap_or_else(|| user_cache.join("clsify"));
        let endpoint = variable("HF_ENDPOINT").unwrap_or_else(|| DEFAULT_ENDPOINT.to_string());
        let token_file = folder("HF_TOKEN_PATH").unwrap_or_else(|| hub_home.join("token"));
        let token = TokenSource::new(lookup, token_file);

        // The first variable that is set decides, whatever its value, as in the hub's own libraries.
        let first_set = |names: &[&'static str]| {
            let (name, value) = names.iter().find_map(|name| Some((*name, variable(name)?)))?;
            Some(is_true(&value).then_some(name))
        };
        let offline = first_set(&["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"]).flatten();

        let mut limits = TimeLimits::default();
        let seconds = |name: &str| {
            let seconds = variable(name)?.parse::<f64>().ok()?;
            Duration::try_from_secs_f64(seconds).ok().filter(|d| !d.is_zero())
        };
        if let Some(answer) = seconds("HF_HUB_ETAG_TIMEOUT") {
            limits.hub_answer = answer;
            limits.first_contact = limits.first_contact.max(answer + Duration::from_secs(5));
        }
        limits.stall = seconds("HF_HUB_DOWNLOAD_TIMEOUT").unwrap_or(limits.stall);

        Environment {
            hub_cache,
            own_cache,
            endpoint: endpoint.trim_end_matches('/').to_string(),
            token,
            certificates: ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "PIP_CERT"]
                .iter()
                .find_map(|name| folder(name)),
            offline,
            data_offline: first_set(&["HF_DATASETS_OFFLINE"]).unwrap_or(offline),
            limits,
            home,
        }
    }
}

/// The hub's rule for a switch: all other values are false.
fn is_true(value: &str) -> bool {
    ["1", "ON", "YES", "TRUE"].iter().any(|yes| value.eq_ignore_ascii_case(yes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    type Variables<'a> = &'a [(&'a str, &'a str)];

    fn resolve(variables: Variables<'_>) -> Environment {
        let variables: Vec<(String, String)> =
            variables.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
        Environment::new(&|name| variables.iter().find(|(k, _)| k == name).map(|(_, v)| v.clone()))
    }

    #[test]
    fn caches_by_precedence() {
        let cases: [(Variables<'_>, &str, &str); 8] = [
            (&[("HOME", "/h")], "/h/.cache/huggingface/hub", "/h/.cache/clsify"),
            (&[("HOME", "/h"), ("XDG_CACHE_HOME", "/x")], "/x/huggingface/hub", "/x/clsify"),
            (&[("HOME", "/h"), ("HF_HOME", "/f")], "/f/hub", "/h/.cache/clsify"),
            (&[("HOME", "/h"), ("HF_HOME", "~/f")], "/h/f/hub", "/h/.cache/clsify"),
            (&[("HOME", "/h"), ("HF_HOME", "")], "/h/.cache/huggingface/hub", "/h/.cache/clsify"),
            (&[("HOME", "/h"), ("HF_HOME", "/f"), ("HUGGINGFACE_HUB_CACHE", "/l")], "/l", "/h/.cache/clsify"),
            (
                &[("HOME", "/h"), ("HF_HUB_CACHE", "/c"), ("HUGGINGFACE_HUB_CACHE", "/l")],
                "/c",
                "/h/.cache/clsify",
            ),
            (&[("HOME", "/h"), ("CLSIFY_CACHE", "/o")], "/h/.cache/huggingface/hub", "/o"),
        ];
        for (variables, hub_cache, own_cache) in cases {
            let environment = resolve(variables);
            assert_eq!(environment.hub_cache, Path::new(hub_cache), "{variables:?}");
            assert_eq!(environment.own_cache, Path::new(own_cache), "{variables:?}");
        }
    }

    /// If no variable names a cache, it lies in the user's home, or in a folder that only this user can enter.
    #[test]
    #[cfg(unix)]
    fn without_a_home_no_cache_is_shared() {
        use std::os::unix::fs::MetadataExt;
        let environment = resolve(&[]);
        let home = private_folder::home_of_user();
        for cache in [&environment.own_cache, &environment.hub_cache] {
            match &home {
                Some(home) => assert!(cache.starts_with(home.join(".cache")), "{}", cache.display()),
                None => {
                    let below = cache.strip_prefix(std::env::temp_dir()).unwrap();
                    let folder = std::env::temp_dir().join(below.components().next().unwrap());
                    assert_eq!(std::fs::metadata(folder).unwrap().mode() & 0o777, 0o700);
                }
            }
        }
    }

    #[test]
    fn offline_is_true_for_four_words_only() {
        for (value, expected) in [
            ("1", true),
            ("on", true),
            ("Yes", true),
            ("TRUE", true),
            ("0", false),
            ("2", false),
            ("", false),
        ] {
            for name in ["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"] {
                let offline = resolve(&[(name, value)]).offline;
                assert_eq!(offline, expected.then_some(name), "{name}={value:?}");
            }
        }
        assert_eq!(resolve(&[]).offline, None);
    }

    /// Oracle: `huggingface_hub.constants.HF_HUB_OFFLINE` and `datasets.config.HF_HUB_OFFLINE`.
    #[test]
    fn the_first_variable_that_is_set_decides_on_offline() {
        let offline = |hub: &str, transformers: &str| {
            resolve(&[("HF_HUB_OFFLINE", hub), ("TRANSFORMERS_OFFLINE", transformers)]).offline
        };
        assert_eq!(offline("0", "1"), None);
        assert_eq!(offline("", "1"), Some("TRANSFORMERS_OFFLINE"));
        assert_eq!(offline("1", "0"), Some("HF_HUB_OFFLINE"));
        let data = |datasets: &str, hub: &str| {
            resolve(&[("HF_DATASETS_OFFLINE", datasets), ("HF_HUB_OFFLINE", hub)]).data_offline
        };
        assert_eq!(data("1", "0"), Some("HF_DATASETS_OFFLINE"));
        assert_eq!(data("0", "1"), None);
        assert_eq!(data("", "1"), Some("HF_HUB_OFFLINE"));
        assert_eq!(resolve(&[("HF_DATASETS_OFFLINE", "1")]).offline, None);
    }

    #[test]
    fn endpoint_and_time_limits() {
        assert_eq!(resolve(&[]).endpoint, "https://huggingface.co");
        assert_eq!(resolve(&[("HF_ENDPOINT", "http://mirror/")]).endpoint, "http://mirror");
        let limits = resolve(&[("HF_HUB_ETAG_TIMEOUT", "30"), ("HF_HUB_DOWNLOAD_TIMEOUT", "2.5")]).limits;
        assert_eq!((limits.hub_answer.as_secs(), limits.stall.as_millis()), (30, 2500));
        let limits = resolve(&[("HF_HUB_ETAG_TIMEOUT", "-1")]).limits;
        assert_eq!(limits.hub_answer, TimeLimits::default().hub_answer);
    }
}
