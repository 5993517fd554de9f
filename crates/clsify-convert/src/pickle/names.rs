//! The names that a file may mention. Mentioning is all that it can do: nothing is imported and nothing is called.

use clsify_base::error::Result;

use crate::error::bad;

/// Names outside of scikit-learn that genuine classifiers mention, as module and names.
const KNOWN: [(&str, &[&str]); 19] = [
    (
        "numpy",
        &[
            "ndarray", "dtype", "float64", "float32", "int64", "int32", "bool_", "bool", "str_", "object_",
            "memmap",
        ],
    ),
    ("numpy.core.multiarray", &["_reconstruct", "scalar"]),
    ("numpy._core.multiarray", &["_reconstruct", "scalar"]),
    ("numpy.core.numeric", &["_frombuffer"]),
    ("numpy._core.numeric", &["_frombuffer"]),
    ("numpy.ma", &["MaskedArray"]),
    ("numpy.ma.core", &["_mareconstruct", "MaskedArray"]),
    ("joblib.numpy_pickle", &["NumpyArrayWrapper", "NDArrayWrapper", "ZNDArrayWrapper"]),
    ("sklearn.externals.joblib.numpy_pickle", &["NumpyArrayWrapper", "NDArrayWrapper", "ZNDArrayWrapper"]),
    ("_codecs", &["encode"]),
    ("copyreg", &["_reconstructor"]),
    ("copy_reg", &["_reconstructor"]),
    ("builtins", NEUTRAL),
    ("__builtin__", NEUTRAL),
    ("collections", &["OrderedDict", "defaultdict"]),
    ("scipy.sparse", &["csr_matrix", "csc_matrix", "csr_array", "csc_array"]),
    ("scipy.sparse.csr", &["csr_matrix"]),
    ("scipy.sparse._csr", &["csr_matrix", "csr_array"]),
    ("scipy.sparse._csc", &["csc_matrix", "csc_array"]),
];

/// Types of Python.
const NEUTRAL: &[&str] = &[
    "object",
    "bytes",
    "bytearray",
    "set",
    "frozenset",
    "list",
    "dict",
    "tuple",
    "str",
    "unicode",
    "int",
    "long",
    "float",
    "bool",
    "complex",
    "slice",
    "range",
];

/// Checks that a file may mention a name.
///
/// # Errors
/// If no classifier of scikit-learn mentions it.
pub(crate) fn check(module: &str, name: &str) -> Result<()> {
    let is_of = |package: &str| {
        module.strip_prefix(package).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    let is_known = KNOWN.iter().any(|(known, names)| *known == module && names.contains(&name));
    // The distributions of a RandomizedSearchCV.
    let is_distribution = match module {
        "scipy.stats._distn_infrastructure" => matches!(name, "rv_frozen" | "rv_continuous_frozen"),
        "scipy.stats._continuous_distns" => name.ends_with("_gen") && !name.contains('.'),
        _ => false,
    };
    // A dotted name would reach through a module for another one that it has imported.
    if is_known || is_distribution || (is_of("sklearn") || is_of("numpy.random")) && !name.contains('.') {
        return Ok(());
    }
    let full = format!("{module}.{name}");
    if is_of("torch") || is_of("setfit") {
        return Err(bad(format!("expected a head of scikit-learn, got {full}, a part of a torch model"))
            .with_hint("train it again with a LogisticRegression head, which is the default of SetFit"));
    }
    Err(bad(format!("expected only names of scikit-learn and numpy in the file, got {full}")).with_hint(
        "nothing of it was run; if you do not know why the file names it, do not load it in Python either",
    ))
}
