//! Studies of labelled rows: what may be wrong with them, which encoder is worth its cost, whether more rows would help.

use clsify::classifier::Scaling;
use clsify::dataset::Dataset;
use clsify::encoder::EncoderConfig;
use clsify::evaluation::Scoring;
use clsify::features::Layers;
use clsify::model::SentenceEncoder;
use clsify::split::{SplitOptions, TestSize};
use clsify::studies::{
    AdviceOptions, CurveFeatures, DoctorOptions, LearningCurveOptions, advise, compare, diagnose,
    learning_curve, rank_advice, tuned_learning_curve,
};
use clsify::training::{TestRows, default_scoring};
use clsify_report::charts::{class_balance_svg, comparison_svg, learning_curve_svg, lengths_svg};
use clsify_report::summaries::{
    advice_chart, advice_summary, comparison_summary, doctor_summary, learning_curve_summary,
};
use pyo3::prelude::*;
use serde::Deserialize;

use crate::classifier::Classifier;
use crate::document::Document;
use crate::encoder_spec::EncoderSpec;
use crate::errors::parsed;
use crate::rows::Rows;
use crate::train_spec::{FitSpec, TuneSpec};
use crate::work;

/// The number of differing sentences that a summary shows.
const SHOWN: usize = 20;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DoctorSpec {
    #[serde(rename = "C")]
    c: f64,
    near_duplicate_threshold: f32,
    rank_all: bool,
}

/// Checks labelled rows; `encoder` and `options` are JSON. Without an encoder, the checks that need one are left out.
#[pyfunction]
#[allow(clippy::too_many_arguments, reason = "rows, options, and how to work")]
pub(crate) fn doctor(
    py: Python<'_>,
    rows: Rows,
    test: Option<Rows>,
    encoder: Option<&str>,
    options: &str,
    threads: Option<usize>,
    report: Option<&Bound<'_, PyAny>>,
) -> PyResult<Document> {
    let encoder: Option<EncoderSpec> = encoder.map(|json| parsed(py, json)).transpose()?;
    let spec: DoctorSpec = parsed(py, options)?;
    work::run(py, threads, report, |observer| {
        let (data, test) = (rows.inspected()?, test.map(|test| test.inspected()).transpose()?);
        let encoder = match encoder {
            None => Err("model=None was given".to_string()),
            Some(encoder) => {
                let (folder, mut options) = encoder.find(observer)?;
                if encoder.layers.is_none() {
                    let depth = EncoderConfig::load(&folder)?.num_hidden_layers;
                    options.features = options.features.of_layers(Layers::one((3 * depth).div_ceil(4)));
                }
                Ok(SentenceEncoder::load_with(&folder, options)?)
            }
        };
        let options = DoctorOptions {
            c: spec.c,
            near_duplicate_threshold: spec.near_duplicate_threshold,
            rank_all: spec.rank_all,
            ..DoctorOptions::default()
        };
        let report = diagnose(encoder.as_ref().map_err(String::clone), &data, test.as_ref(), &options)?;
        let lengths: Vec<usize> = data.dataset.sentences().iter().map(|text| text.chars().count()).collect();
        let charts = vec![
            ("class_balance", class_balance_svg("the rows", &report)),
            ("lengths", lengths_svg("the rows", &lengths)),
        ];
        Document::of(&report, doctor_summary(&report, data.dataset.separator()), charts)
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AdviceSpec {
    fit: FitSpec,
    scoring: Option<Scoring>,
    test_size: SizeSpec,
    seed: u32,
    tune: Option<TuneSpec>,
}

/// A share or a number of rows.
#[derive(Deserialize)]
#[serde(untagged)]
enum SizeSpec {
    Rows(usize),
    Share(f64),
}

impl SizeSpec {
    fn size(&self) -> TestSize {
        match *self {
            SizeSpec::Rows(rows) => TestSize::Count(rows),
            SizeSpec::Share(share) => TestSize::Fraction(share),
        }
    }
}

/// Compares encoders, layers, poolings and values of C; `encoders` and `options` are JSON.
#[pyfunction(name = "advise")]
pub(crate) fn advise_rows(
    py: Python<'_>,
    rows: Rows,
    encoders: Vec<String>,
    options: &str,
    threads: Option<usize>,
    report: Option<&Bound<'_, PyAny>>,
) -> PyResult<Document> {
    let encoders = encoders.iter().map(|json| parsed(py, json));
    let encoders = encoders.collect::<PyResult<Vec<EncoderSpec>>>()?;
    let spec: AdviceSpec = parsed(py, options)?;
    work::run(py, threads, report, |observer| {
        let dataset = rows.dataset(false)?;
        let scoring = spec.scoring.unwrap_or(default_scoring(&dataset));
        let options = AdviceOptions {
            scoring: Some(scoring),
            split: SplitOptions { seed: spec.seed, test_size: spec.test_size.size(), stratify: false },
            classifier: spec.fit.options(),
            tune: spec.tune.as_ref().map(TuneSpec::options),
        };
        let mut found = Vec::new();
        for encoder in &encoders {
            let (folder, encoder_options) = encoder.find(observer.clone())?;
            found.push(advise(&encoder.model, folder, encoder_options, &dataset, &options)?);
        }
        rank_advice(&mut found);
        let call = |advice: &clsify::studies::Advice, candidate: Option<&clsify::training::Candidate>| {
            call(&advice.encoder, candidate)
        };
        let chart = advice_chart(&found, scoring).svg();
        Document::of(&found, advice_summary(&found, scoring, call), vec![("score_by_speed", chart)])
    })
}

/// The estimator that a candidate is, as Python; without a candidate, with a tuned encoder.
fn call(encoder: &str, candidate: Option<&clsify::training::Candidate>) -> String {
    // JSON texts are Python texts.
    let model = serde_json::Value::from(encoder);
    match candidate {
        None => format!("SentenceClassifier({model}, tune=True)"),
        Some(candidate) => format!(
            "SentenceClassifier({model}, layers=\"{}\", pooling=\"{}\", scaling=\"standard\", C={})",
            candidate.features.layers,
            clsify::features::pooling_names(&candidate.features.poolings),
            candidate.c
        ),
    }
}

/// Compares two classifiers on the same rows.
#[pyfunction(name = "compare")]
pub(crate) fn compare_classifiers(
    py: Python<'_>,
    a: &Classifier,
    b: &Classifier,
    rows: Rows,
    names: (String, String),
    threads: Option<usize>,
    report: Option<&Bound<'_, PyAny>>,
) -> PyResult<Document> {
    work::run(py, threads, report, |observer| {
        let dataset = rows.dataset(true)?;
        let [a, b] = [a, b].map(|one| one.0.clone().with_observer(observer.clone()));
        let report = compare(&a, &b, &dataset)?;
        let names = [names.0.as_str(), names.1.as_str()];
        let text = comparison_summary(&report, names, dataset.separator(), SHOWN);
        Document::of(&report, text, vec![("comparison", comparison_svg(&report, names))])
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CurveSpec {
    fit: FitSpec,
    scaling: Scaling,
    #[serde(rename = "Cs")]
    c_values: Option<Vec<f64>>,
    sizes: Vec<usize>,
    n_repeats: usize,
    test_size: SizeSpec,
    stratify: bool,
    seed: u32,
    tune: Option<TuneSpec>,
    /// True if the features of the frozen encoder are chosen, when it is compared with the tuned one.
    chosen: bool,
}

/// Scores by the number of training rows; `encoder` and `options` are JSON. Without test rows, some rows are held out.
#[pyfunction(name = "learning_curve")]
#[allow(clippy::too_many_arguments, reason = "rows, options, and how to work")]
pub(crate) fn learning_curve_of_rows(
    py: Python<'_>,
    rows: Rows,
    test: Option<Rows>,
    encoder: &str,
    options: &str,
    threads: Option<usize>,
    report: Option<&Bound<'_, PyAny>>,
) -> PyResult<Document> {
    let (encoder, spec): (EncoderSpec, CurveSpec) = (parsed(py, encoder)?, parsed(py, options)?);
    work::run(py, threads, report, |observer| {
        let dataset = rows.dataset(false)?;
        let test: Option<Dataset> = test.map(|test| test.dataset(true)).transpose()?;
        let split = || {
            TestRows::Split(SplitOptions {
                seed: spec.seed,
                test_size: spec.test_size.size(),
                stratify: spec.stratify,
            })
        };
        let options = LearningCurveOptions {
            test: test.map_or_else(split, TestRows::Dataset),
            scaling: spec.scaling,
            classifier: spec.fit.options(),
            grid_search: spec.c_values.clone(),
            sizes: spec.sizes.clone(),
            n_repeats: spec.n_repeats,
            seed: spec.seed,
        };
        let (folder, encoder_options) = encoder.find(observer)?;
        let curve = match &spec.tune {
            Some(tune) => {
                let features = if spec.chosen { CurveFeatures::Chosen } else { CurveFeatures::Given };
                tuned_learning_curve(folder, encoder_options, &dataset, options, features, &tune.options())?
            }
            None => {
                learning_curve(&SentenceEncoder::load_with(&folder, encoder_options)?, &dataset, &options)?
            }
        };
        let text = learning_curve_summary(&curve, dataset.separator());
        Document::of(&curve, text, vec![("learning_curve", learning_curve_svg(&curve))])
    })
}
