//! Options for the feature cache.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::Args;
use clsify::features::{CacheOptions, FeatureCache};
use clsify_hub::Hub;

use crate::output::check_outside;

/// Options for the feature cache.
#[derive(Args)]
pub(crate) struct CacheArgs {
    /// Turn the feature cache off: neither read nor store features
    #[arg(long, conflicts_with_all = ["cache_dir", "cache_size"])]
    no_cache: bool,

    /// Keep the feature cache in this folder; the default is `features` in $CLSIFY_CACHE or ~/.cache/clsify
    #[arg(long, value_name = "DIR")]
    pub(crate) cache_dir: Option<PathBuf>,

    /// Limit the size of the feature cache, such as 500MB; the least recently used features are removed first
    #[arg(long, value_name = "SIZE", default_value = "2GB", allow_negative_numbers = true, value_parser = size_bytes)]
    cache_size: u64,
}

impl CacheArgs {
    /// Fails if the cache lies in the folder of a model.
    pub(crate) fn check_outside(&self, model: &Path) -> anyhow::Result<()> {
        self.cache_dir.iter().try_for_each(|folder| check_outside(folder, model, "--cache-dir"))
    }

    pub(crate) fn open(&self) -> Option<FeatureCache> {
        if self.no_cache {
            return None;
        }
        let default = || Hub::from_env().cache_folder().join("features");
        let folder = self.cache_dir.clone().unwrap_or_else(default);
        Some(FeatureCache::open(CacheOptions { folder, max_bytes: self.cache_size }))
    }
}

/// Parses a size such as `500MB`, `1.5 GB` or `4096` as bytes: by powers of 1000, or of 1024 for `MiB` and the like.
fn size_bytes(text: &str) -> Result<u64, String> {
    const UNITS: [(&str, f64); 9] = [
        ("", 1.0),
        ("b", 1.0),
        ("kb", 1e3),
        ("mb", 1e6),
        ("gb", 1e9),
        ("tb", 1e12),
        ("kib", 1024.0),
        ("mib", 1_048_576.0),
        ("gib", 1_073_741_824.0),
    ];
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let unit = unit.trim().to_ascii_lowercase();
    let factor = UNITS.iter().find(|(name, _)| *name == unit).map(|(_, factor)| *factor);
    match f64::from_str(number).ok().zip(factor) {
        Some((number, factor)) if number * factor < 1e18 => Ok((number * factor) as u64),
        _ => Err("expected a size such as 500MB or 2GB".to_string()),
    }
}
