//! Options that several commands share. `loading.rs` loads the files, encoders and models that they name.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::{Args, ValueEnum};
use clsify::classifier::{ClassWeight, LogisticRegressionOptions, Scaling};
use clsify::dataset::{Column, DatasetOptions, Delimiter, Format, Header, LabelSeparator, Quoting};
use clsify::decision::Calibration;
use clsify::encoder::Dtype;
use clsify::evaluation::linspace;
use clsify::features::{CacheOptions, FeatureCache, FeatureOptions, Layers, Pooling};
use clsify::model::Features;
use clsify::split::{SplitOptions, TestSize};
use clsify::training::selection_c_values;
use clsify_hub::Hub;

use crate::console::Console;
use crate::output::check_outside;

/// Options for reading the rows of a data file.
#[derive(Args)]
pub(crate) struct DataOptions {
    /// Read the data in this format: tsv, csv, jsonl (also a JSON array), fasttext or lines. The default follows the
    /// extension
    ///
    /// Data compressed with gzip is also read.
    #[arg(long, value_name = "FORMAT")]
    format: Option<Format>,

    /// Read sentences from this column: its name, or its number counted from 0
    #[arg(long, value_name = "COLUMN")]
    text_column: Option<Column>,

    /// Read labels from this column: its name, or its number counted from 0
    #[arg(long, value_name = "COLUMN")]
    label_column: Option<Column>,

    /// Read one label from each of these columns: 1 (or true) if the sentence has the label, 0 if not
    ///
    /// This replaces the label column. The rows are label sets, as with --multi-label.
    #[arg(long, value_name = "COLUMN,COLUMN,...", value_delimiter = ',', conflicts_with = "label_column")]
    label_columns: Vec<Column>,

    /// State whether the first row names the columns: auto, present or absent
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    header: Header,

    /// Separate the fields of a TSV or CSV file by this character, such as ";" or tab
    ///
    /// The default is tab for TSV and a comma for CSV, unless the header or a first line such as sep=; shows another
    /// one.
    #[arg(long, value_name = "CHAR")]
    delimiter: Option<Delimiter>,

    /// Read double quotes as CSV does (minimal), or as ordinary characters (none)
    ///
    /// `minimal` also reads TSV files that pandas has written. `auto` means minimal for CSV and none for TSV.
    #[arg(long, value_name = "QUOTING", default_value = "auto")]
    quoting: Quoting,
}

impl DataOptions {
    /// The options that were given, as command-line arguments.
    pub(crate) fn given(&self) -> Vec<(&'static str, String)> {
        let format = self.format.map(|format| match format {
            Format::Tsv => "tsv",
            Format::Csv => "csv",
            Format::Jsonl => "jsonl",
            Format::FastText => "fasttext",
            Format::Lines => "lines",
        });
        let header = match self.header {
            Header::Auto => None,
            Header::Present => Some("present"),
            Header::Absent => Some("absent"),
        };
        let quoting = match self.quoting {
            Quoting::Auto => None,
            Quoting::Minimal => Some("minimal"),
            Quoting::None => Some("none"),
        };
        let label_columns: Vec<String> = self.label_columns.iter().map(column_name).collect();
        let label_columns = (!label_columns.is_empty()).then(|| label_columns.join(","));
        let all = [
            ("--format", format.map(str::to_string)),
            ("--text-column", self.text_column.as_ref().map(column_name)),
            ("--label-column", self.label_column.as_ref().map(column_name)),
            ("--label-columns", label_columns),
            ("--header", header.map(str::to_string)),
            ("--delimiter", self.delimiter.map(|delimiter| delimiter.to_string())),
            ("--quoting", quoting.map(str::to_string)),
        ];
        all.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }

    pub(crate) fn with_limit(&self, limit: Option<usize>) -> DatasetOptions {
        DatasetOptions {
            format: self.format,
            text_column: self.text_column.clone(),
            label_column: self.label_column.clone(),
            label_columns: self.label_columns.clone(),
            multi_label: None,
            weight_column: None,
            group_column: None,
            group_duplicates: false,
            header: self.header,
            delimiter: self.delimiter,
            quoting: self.quoting,
            limit,
            skip_bad_rows: false,
            allow_one_class: false,
        }
    }

    /// Dataset options for labelled rows; label sets if `given` is a separator or if there are label columns.
    pub(crate) fn labelled(&self, limit: Option<usize>, given: Option<&LabelSeparator>) -> DatasetOptions {
        DatasetOptions { multi_label: self.separator(given), ..self.with_limit(limit) }
    }

    /// The separator of labels in a cell if sentences may have several labels; label columns have a default
    /// separator.
    fn separator(&self, given: Option<&LabelSeparator>) -> Option<LabelSeparator> {
        let of_columns = || if self.label_columns.is_empty() { None } else { ";".parse().ok() };
        given.cloned().or_else(of_columns)
    }
}

/// Options for reading labelled rows, where bad rows may be skipped.
#[derive(Args)]
pub(crate) struct RowArgs {
    #[command(flatten)]
    data: DataOptions,

    /// Leave out rows that cannot be used, such as those with an empty cell, instead of ending with an error
    ///
    /// The number of these rows and the first ten of them are shown.
    #[arg(long)]
    skip_bad_rows: bool,
}

impl RowArgs {
    pub(crate) fn with_limit(&self, limit: Option<usize>) -> DatasetOptions {
        DatasetOptions { skip_bad_rows: self.skip_bad_rows, ..self.data.with_limit(limit) }
    }

    /// Dataset options for labelled rows; label sets if `given` is a separator or if there are label columns.
    pub(crate) fn labelled(&self, limit: Option<usize>, given: Option<&LabelSeparator>) -> DatasetOptions {
        DatasetOptions { skip_bad_rows: self.skip_bad_rows, ..self.data.labelled(limit, given) }
    }

    /// The options that were given, as command-line arguments; a switch has an empty value.
    pub(crate) fn given(&self) -> Vec<(&'static str, String)> {
        let mut given = self.data.given();
        if self.skip_bad_rows {
            given.push(("--skip-bad-rows", String::new()));
        }
        given
    }
}

/// A column as a command-line argument.
fn column_name(column: &Column) -> String {
    match column {
        Column::Name(name) => name.clone(),
        Column::Index(index) => index.to_string(),
    }
}

/// The option for sample weights.
#[derive(Args)]
pub(crate) struct WeightArgs {
    /// Weight each row by the number in this column of --data, at least 0: its name, or its number counted from 0
    #[arg(long, value_name = "COLUMN")]
    weight_column: Option<Column>,
}

impl WeightArgs {
    pub(crate) fn of(&self, options: DatasetOptions) -> DatasetOptions {
        DatasetOptions { weight_column: self.weight_column.clone(), ..options }
    }

    /// The option as a command-line argument, if it was given.
    pub(crate) fn given(&self) -> Option<(&'static str, String)> {
        self.weight_column.as_ref().map(|column| ("--weight-column", column_name(column)))
    }
}

/// Options for the layers and the pooling of features.
#[derive(Args)]
pub(crate) struct PooledArgs {
    /// Pool the hidden states of these layers: last (the default), one such as 9 (0 is the embeddings), a range such
    /// as 9-12, or all
    ///
    /// The vectors of several layers are put side by side.
    #[arg(long, value_name = "LAYERS")]
    pub(crate) layers: Option<Layers>,

    /// Pool the hidden states of each sentence to one vector: cls (the default), mean, max, auto, or several side by
    /// side such as cls+mean
    ///
    /// `auto` does what the encoder's sentence-transformers folder asks for: its pooling, dense layers and
    /// normalisation, `truncate_dim`, `max_seq_length`, `do_lower_case`, and the default prompt. With any other value
    /// only the pooling that you name applies.
    #[arg(long, value_name = "POOLING")]
    pub(crate) pooling: Option<PoolingArg>,
}

impl PooledArgs {
    /// Returns true if the encoder's folder determines the pooling.
    pub(crate) fn is_auto(&self) -> bool {
        self.pooling == Some(PoolingArg(None))
    }

    pub(crate) fn layers(&self) -> Layers {
        self.layers.unwrap_or_default()
    }

    pub(crate) fn features(&self) -> Features {
        let layers = self.layers();
        match self.pooling.clone() {
            Some(PoolingArg(None)) => Features::SentenceTransformer { layers },
            Some(PoolingArg(Some(poolings))) => FeatureOptions::from(poolings).of_layers(layers).into(),
            None => FeatureOptions::default().of_layers(layers).into(),
        }
    }

    /// The first of its options that was given.
    pub(crate) fn given(&self) -> Option<&'static str> {
        let layers = self.layers.as_ref().map(|_| "--layers");
        layers.or(self.pooling.as_ref().map(|_| "--pooling"))
    }
}

/// Options for encoding sentences.
#[derive(Clone, Args)]
pub(crate) struct EncodingArgs {
    /// Cut sentences off after N tokens, including special tokens; the default is the encoder's limit
    ///
    /// With --pooling auto the default is the folder's `max_seq_length`.
    #[arg(long, value_name = "N")]
    pub(crate) max_length: Option<usize>,

    /// Put this text, or the prompt of this name in the encoder's folder, before every sentence; it is saved with a
    /// model
    ///
    /// Encoders such as e5 were trained with prompts: --prompt "query: ". A name is looked up in
    /// `config_sentence_transformers.json`. The default is no prompt, or with --pooling auto the folder's default
    /// prompt; "" always means no prompt.
    #[arg(long, value_name = "NAME|TEXT")]
    pub(crate) prompt: Option<String>,

    /// Compute the encoder in this data type: f32 is exact; bf16 and int8 are faster on processors that support them
    ///
    /// `auto` selects bf16 if the processor supports it, otherwise f32.
    #[arg(long, value_enum, default_value_t = DtypeArg::F32)]
    pub(crate) dtype: DtypeArg,
}

/// Options for turning sentences into features.
#[derive(Args)]
pub(crate) struct FeatureArgs {
    #[command(flatten)]
    pub(crate) pooled: PooledArgs,

    #[command(flatten)]
    pub(crate) encoding: EncodingArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DtypeArg {
    F32,
    Bf16,
    Int8,
    Auto,
}

impl From<DtypeArg> for Dtype {
    fn from(arg: DtypeArg) -> Self {
        match arg {
            DtypeArg::F32 => Dtype::F32,
            DtypeArg::Bf16 => Dtype::Bf16,
            DtypeArg::Int8 => Dtype::Int8,
            DtypeArg::Auto => Dtype::auto(),
        }
    }
}

/// Poolings side by side; `None` follows the encoder's folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PoolingArg(Option<Vec<Pooling>>);

impl FromStr for PoolingArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "auto" {
            return Ok(PoolingArg(None));
        }
        let wrong = || "expected cls, mean, max, several joined by +, or auto".to_string();
        let poolings: Vec<Pooling> =
            text.split('+').map(|name| name.parse().map_err(|_| wrong())).collect::<Result<_, _>>()?;
        if (1..poolings.len()).any(|i| poolings[..i].contains(&poolings[i])) {
            return Err("expected every pooling once".to_string());
        }
        Ok(PoolingArg(Some(poolings)))
    }
}

/// The scaling of features before a fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ScalingArg {
    Auto,
    None,
    Standard,
}

impl ScalingArg {
    /// `auto` scales features of other layers than the last, because their magnitudes differ more; the last layer's
    /// features stay as they are, as in the article.
    pub(crate) fn of(self, layers: Layers) -> Scaling {
        match self {
            ScalingArg::Auto if layers != Layers::Last => Scaling::Standard,
            ScalingArg::Auto | ScalingArg::None => Scaling::None,
            ScalingArg::Standard => Scaling::Standard,
        }
    }
}

/// The calibration of probabilities after a fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CalibrationArg {
    None,
    Temperature,
    Platt,
}

impl From<CalibrationArg> for Calibration {
    fn from(calibration: CalibrationArg) -> Self {
        match calibration {
            CalibrationArg::None => Calibration::None,
            CalibrationArg::Temperature => Calibration::Temperature,
            CalibrationArg::Platt => Calibration::Platt,
        }
    }
}

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

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ClassWeightArg {
    None,
    Balanced,
}

impl From<ClassWeightArg> for ClassWeight {
    fn from(arg: ClassWeightArg) -> Self {
        match arg {
            ClassWeightArg::None => ClassWeight::None,
            ClassWeightArg::Balanced => ClassWeight::Balanced,
        }
    }
}

/// Options for the test rows.
#[derive(Debug, Clone, Args)]
pub(crate) struct SplitArgs {
    /// Hold out this share of the rows for testing, or this number of rows
    #[arg(long, value_name = "SIZE", default_value = "0.25", allow_negative_numbers = true, value_parser = test_size, conflicts_with = "test_data")]
    test_size: TestSize,

    /// Test on the rows of this file and train on all of --data
    #[arg(long, value_name = "FILE")]
    pub(crate) test_data: Option<PathBuf>,

    /// Set the random seed; the split is that of scikit-learn with the same random_state
    #[arg(long, default_value_t = 0, allow_negative_numbers = true)]
    pub(crate) seed: u32,

    /// Keep the share of each class, or of each label, in the split; it has no effect with --test-data
    #[arg(long)]
    stratify: bool,
}

impl SplitArgs {
    /// The split, if there is no test file.
    pub(crate) fn options(&self) -> SplitOptions {
        SplitOptions { seed: self.seed, test_size: self.test_size, stratify: self.stratify }
    }
}

/// Options for fitting a classifier.
#[derive(Debug, Clone, Args)]
pub(crate) struct FitArgs {
    /// Set the inverse of the regularisation strength: smaller values regularise more; the default is 1
    ///
    /// A grid search chooses C itself.
    #[arg(long, value_name = "C", allow_negative_numbers = true, value_parser = positive)]
    c: Option<f64>,

    /// Weight classes equally (none) or inversely to their frequency (balanced)
    #[arg(long, value_enum, default_value_t = ClassWeightArg::None)]
    class_weight: ClassWeightArg,

    /// Standardise features to zero mean and unit variance before fitting; the default is auto, which does so with
    /// --layers
    #[arg(long, value_enum)]
    scaling: Option<ScalingArg>,
}

impl FitArgs {
    pub(crate) fn options(&self) -> LogisticRegressionOptions {
        let class_weight = self.class_weight.into();
        let default = LogisticRegressionOptions::default();
        LogisticRegressionOptions { c: self.c.unwrap_or(default.c), class_weight, ..default }
    }

    /// The first option that was given of those that `--features auto` chooses.
    pub(crate) fn given(&self) -> Option<&'static str> {
        self.c.map(|_| "--c").or(self.scaling.map(|_| "--scaling"))
    }

    /// Notes that --c has no effect if a search chooses C.
    pub(crate) fn note_unused_c(&self, grid: &GridArgs, console: &Console) {
        if let (Some(c), Some(option)) = (self.c, grid.given()) {
            console.say(&format!("note: --c {c} has no effect: {option} chooses C"));
        }
    }

    /// The scaling for features of these layers.
    pub(crate) fn scaling(&self, features: &FeatureArgs) -> Scaling {
        self.scaling.unwrap_or(ScalingArg::Auto).of(features.pooled.layers())
    }
}

/// Options for the search for C.
#[derive(Debug, Clone, Args)]
pub(crate) struct GridArgs {
    /// Choose C by cross-validation in five folds, over 20 values, by accuracy or with --multi-label by micro F1
    ///
    /// The values are the article's, from 0.0001 to 100. For scaled features they are those of --features auto, from
    /// 0.00001 to 0.56.
    #[arg(long)]
    grid_search: bool,

    /// Choose C from these values by cross-validation in five folds
    #[arg(long, value_name = "C,C,...", value_delimiter = ',', allow_negative_numbers = true, value_parser = positive)]
    c_grid: Vec<f64>,
}

impl GridArgs {
    /// The first of its options that was given.
    pub(crate) fn given(&self) -> Option<&'static str> {
        let values = (!self.c_grid.is_empty()).then_some("--c-grid");
        self.grid_search.then_some("--grid-search").or(values)
    }

    /// The values of C if a search was asked for. Scaled features need values between 0.0001 and 5, which the
    /// article's grid lacks.
    pub(crate) fn c_values(&self, scaling: Scaling) -> Option<Vec<f64>> {
        match (self.c_grid.as_slice(), scaling) {
            ([], _) if !self.grid_search => None,
            ([], Scaling::None) => Some(article_grid()),
            ([], Scaling::Standard) => Some(selection_c_values()),
            (given, _) => Some(given.to_vec()),
        }
    }
}

/// The article's values of C: `np.linspace(0.0001, 100, 20)`.
pub(crate) fn article_grid() -> Vec<f64> {
    linspace(0.0001, 100.0, 20)
}

/// Parses a share of the rows below 1, or a number of rows.
pub(crate) fn test_size(text: &str) -> Result<TestSize, String> {
    if let Ok(rows @ 1..) = usize::from_str(text) {
        return Ok(TestSize::Count(rows));
    }
    match f64::from_str(text) {
        Ok(share) if share > 0.0 && share < 1.0 => Ok(TestSize::Fraction(share)),
        _ => Err("expected a share between 0 and 1, or a number of rows".to_string()),
    }
}

/// Parses a positive, finite number.
pub(crate) fn positive(text: &str) -> Result<f64, String> {
    match f64::from_str(text) {
        Ok(number) if number > 0.0 && number.is_finite() => Ok(number),
        _ => Err("expected a positive number".to_string()),
    }
}

/// Parses a whole number of at least 1.
pub(crate) fn at_least_one(text: &str) -> Result<usize, String> {
    usize::from_str(text)
        .ok()
        .filter(|&n| n > 0)
        .ok_or_else(|| "expected a whole number of at least 1".to_string())
}
