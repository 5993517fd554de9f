//! Reports for Python: as JSON, as text, and as charts.

use clsify::error::{Error, ErrorKind, Result};
use clsify::evaluation::{LabelPrecisionRecall, Metrics, ProbabilityScores};
use clsify_report::charts::{ReliabilityChart, class_scores_svg, confusion_svg, precision_recall_svg};
use pyo3::prelude::*;
use serde::Serialize;

/// A report.
#[pyclass(frozen, get_all, module = "clsify._core")]
pub(crate) struct Document {
    /// All numbers.
    json: String,
    /// A summary in words.
    text: String,
    /// Names and drawings (SVG).
    charts: Vec<(String, String)>,
    /// A page (HTML) of its own, if there is one.
    page: Option<String>,
}

impl Document {
    /// A report of serializable numbers.
    pub(crate) fn of(report: &impl Serialize, text: String, charts: Vec<(&str, String)>) -> Result<Self> {
        let json = serde_json::to_string(report)
            .map_err(|error| Error::new(ErrorKind::InvalidArgument, error.to_string()).at("report"))?;
        let charts = charts.into_iter().map(|(name, svg)| (name.to_string(), svg)).collect();
        Ok(Document { json, text, charts, page: None })
    }

    pub(crate) fn with_page(self, page: String) -> Self {
        Document { page: Some(page), ..self }
    }
}

/// The charts of scores on rows.
pub(crate) fn score_charts(
    title: &str,
    test: &Metrics,
    probabilities: &ProbabilityScores,
    precision_recall: &[LabelPrecisionRecall],
) -> Vec<(&'static str, String)> {
    let (confusion, per_label) = match test {
        Metrics::Classes(test) => (Some(confusion_svg(title, test)), &test.per_class),
        Metrics::LabelSets(test) => (None, &test.per_label),
    };
    let reliability = ReliabilityChart::of_evaluation(title, probabilities).svg();
    let mut charts = vec![("reliability", reliability)];
    charts.extend(confusion.map(|svg| ("confusion", svg)));
    charts.push(("class_scores", class_scores_svg(title, per_label)));
    charts.push(("precision_recall", precision_recall_svg(title, precision_recall, per_label)));
    charts
}
