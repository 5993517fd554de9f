#!/usr/bin/env python3
"""Writes heads of scikit-learn, with their probabilities of a few rows, for the import: `make_head_fixtures.py fixtures/heads`.

Run it once with each version of scikit-learn whose files are to be read; each writes `skVERSION-*` and `skVERSION.json`. The JSON
has `features [n, d]`, `cases` (files, labels in the order of the columns, form, probabilities by `predict_proba`) and `refused`
(file, the words that the error must contain). Version 1.9 also writes `setfit/`. skops is optional; without it there are no files of skops.
"""

import gzip
import json
import pickle
import sys
import tempfile
import warnings
import zipfile
from pathlib import Path

import joblib
import numpy as np
import sklearn
from scipy.stats import loguniform
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, LogisticRegressionCV, RidgeClassifier
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, Normalizer, StandardScaler

warnings.filterwarnings("ignore")
N, D = 90, 6
VERSION = tuple(int(part) for part in sklearn.__version__.split(".")[:2])
PREFIX = "sk" + "".join(sklearn.__version__.split(".")[:2])
rng = np.random.default_rng(15)
CENTRES = rng.normal(size=(3, D))
IDS = np.arange(N) % 3
X = (CENTRES[IDS] + rng.normal(size=(N, D))).astype(np.float32).astype(np.float64)
TEST = rng.normal(size=(7, D)).astype(np.float32).astype(np.float64)
TWO = (IDS > 0).astype(int)
THREE = np.array(["sport", "art", "news \u00e9"])[IDS]
SETS = np.stack([IDS != 1, IDS != 2, X[:, 0] > 0], axis=1).astype(int)


def fitted(estimator, y, x=X):
    return estimator.fit(x, y)


def mapped(head):
    """The head as joblib loads it with `mmap_mode`."""
    with tempfile.TemporaryDirectory() as folder:
        joblib.dump(head, Path(folder) / "head")
        return joblib.load(Path(folder) / "head", mmap_mode="r")


def changed(estimator, **attributes):
    for name, value in attributes.items():
        setattr(estimator, name, value)
    return estimator


def heads():
    """Names, fitted heads, labels in the order of the columns."""
    lr = LogisticRegression
    two, three = ["0", "1"], sorted(set(THREE))
    yield "lr2", fitted(lr(), TWO), two
    yield "lr2_bool", fitted(lr(), TWO == 1), ["False", "True"]
    yield "lr2_swapped", fitted(lr(), np.where(TWO == 1, 10, 9)), ["9", "10"]
    yield "lr3", fitted(lr(), THREE), three
    yield "lr3_object", fitted(lr(), THREE.astype(object)), three
    yield "lr3_float", fitted(lr(), IDS.astype(float)), ["0.0", "1.0", "2.0"]
    yield "lr3_f32", fitted(lr(), IDS, X.astype(np.float32)), ["0", "1", "2"]
    big = fitted(lr(), THREE)
    yield "lr3_big_endian_fortran", changed(big, coef_=np.asfortranarray(big.coef_.astype(">f8"))), three
    sliced = fitted(lr(), THREE)
    yield "lr3_sliced", changed(sliced, coef_=np.asfortranarray(np.repeat(sliced.coef_, 2, axis=0))[::2]), three
    yield "lr3_no_intercept", fitted(lr(fit_intercept=False), THREE), three
    yield "lr3_cv", fitted(LogisticRegressionCV(Cs=3, cv=3, scoring="accuracy"), THREE), three
    yield "lr2_liblinear", fitted(lr(solver="liblinear"), TWO), two
    if VERSION < (1, 8):
        yield "lr3_liblinear", fitted(lr(solver="liblinear"), THREE), three
        yield "lr3_ovr", fitted(lr(multi_class="ovr"), THREE), three
        yield "lr2_multinomial", fitted(lr(multi_class="multinomial"), TWO), two
        yield "lr3_cv_ovr", fitted(LogisticRegressionCV(Cs=3, cv=3, multi_class="ovr"), THREE), three
    yield "ovr3", fitted(OneVsRestClassifier(lr()), THREE), three
    yield "ovr2", fitted(OneVsRestClassifier(lr()), TWO), two
    yield "ovr_sets", fitted(OneVsRestClassifier(lr()), SETS), ["0", "1", "2"]
    constant = np.column_stack([SETS, np.ones(N, int), np.zeros(N, int)])
    yield "ovr_sets_constant", fitted(OneVsRestClassifier(lr()), constant), ["0", "1", "2", "3", "4"]
    yield "ovr_sets_scaled", fitted(OneVsRestClassifier(make_pipeline(StandardScaler(), lr())), SETS), ["0", "1", "2"]
    yield "multi_output", fitted(MultiOutputClassifier(lr()), SETS), ["0", "1", "2"]
    yield "pipe", fitted(make_pipeline(StandardScaler(), lr()), THREE), three
    yield "pipe_no_mean", fitted(make_pipeline(StandardScaler(with_mean=False), "passthrough", lr()), TWO), two
    yield "pipe_normalizer", fitted(make_pipeline(Normalizer(), StandardScaler(with_std=False), lr()), THREE), three
    yield "calibrated2", fitted(CalibratedClassifierCV(lr(), ensemble=False, cv=3), TWO), two
    yield "calibrated3", fitted(CalibratedClassifierCV(lr(), ensemble=False, cv=3), THREE), three
    yield "calibrated_pipe", fitted(CalibratedClassifierCV(make_pipeline(StandardScaler(), lr()), ensemble=False, cv=3), THREE), three
    yield "pipe_calibrated", fitted(make_pipeline(StandardScaler(), CalibratedClassifierCV(lr(), ensemble=False, cv=3)), TWO), two
    if VERSION >= (1, 8):
        yield "temperature2", fitted(CalibratedClassifierCV(lr(), method="temperature", ensemble=False, cv=3), TWO), two
        yield "temperature3", fitted(CalibratedClassifierCV(lr(), method="temperature", ensemble=False, cv=3), THREE), three
    if VERSION >= (1, 6):
        from sklearn.frozen import FrozenEstimator

        yield "calibrated_frozen", fitted(CalibratedClassifierCV(FrozenEstimator(fitted(lr(), THREE)), ensemble=False), THREE), three
    else:
        yield "calibrated_prefit", fitted(CalibratedClassifierCV(fitted(lr(), THREE), cv="prefit"), THREE), three
    if VERSION >= (1, 8):
        yield "ovr_temperature", fitted(OneVsRestClassifier(CalibratedClassifierCV(lr(), method="temperature", ensemble=False, cv=3)), THREE), three
        yield "calibrated_ovr", fitted(CalibratedClassifierCV(OneVsRestClassifier(lr()), method="temperature", ensemble=False, cv=3), THREE), three
        yield "random_search", fitted(RandomizedSearchCV(lr(), {"C": loguniform(0.1, 10.0)}, n_iter=2, cv=3, random_state=0), THREE), three
        yield "lr3_memmap", mapped(fitted(lr(), THREE)), three
        # The deviation after the division is a tenth to a third, which amplifies rounding.
        yield "pipe_normalizer_scaled", fitted(make_pipeline(Normalizer(), StandardScaler(), lr()), THREE), three
    yield "grid", fitted(GridSearchCV(lr(), {"C": [0.1, 1.0]}, cv=3), THREE), three


def refused():
    lr = LogisticRegression
    yield "forest", fitted(RandomForestClassifier(1, max_depth=1), TWO), "RandomForestClassifier, which is not a linear classifier"
    yield "ridge", fitted(RidgeClassifier(), TWO), "RidgeClassifier, which has no probabilities"
    yield "chain", fitted(ClassifierChain(lr()), SETS), "ClassifierChain"
    yield "minmax", fitted(make_pipeline(MinMaxScaler(), lr()), TWO), "MinMaxScaler"
    yield "scaled_then_normalized", fitted(make_pipeline(StandardScaler(), Normalizer(), lr()), TWO), "Normalizer before a StandardScaler"
    yield "l1", fitted(make_pipeline(Normalizer("l1"), lr()), TWO), "the norm l2"
    yield "ensemble", fitted(CalibratedClassifierCV(lr(), cv=3), TWO), "the mean of 3"
    yield "isotonic", fitted(CalibratedClassifierCV(lr(), method="isotonic", ensemble=False, cv=3), TWO), "IsotonicRegression"
    yield "sparse", fitted(lr(), THREE).sparsify(), "csr_matrix"
    yield "unfitted", lr(), "classes_"
    yield "outputs_of_three", fitted(MultiOutputClassifier(lr()), np.stack([IDS, TWO], axis=1)), "the classes 0, 1, 2"
    yield "scaler", fitted(StandardScaler(), TWO), "StandardScaler, which is not a classifier"
    yield "numbers", [1.0, 2.0], "a list"
    yield "function", sum, "builtins.sum"
    once = CalibratedClassifierCV(lr(), ensemble=False, cv=3)
    for name, inner in [("twice", once), ("pipe", make_pipeline(StandardScaler(), once)), ("ovr", OneVsRestClassifier(once)),
                        ("grid", GridSearchCV(once, {"estimator__C": [1.0]}, cv=3))]:
        yield f"calibrated_{name}", fitted(CalibratedClassifierCV(inner, ensemble=False, cv=3), THREE), "whose calibrated predict_proba is not linear"
    half = fitted(lr(), THREE)
    yield "f16", changed(half, coef_=half.coef_.astype(np.float16)), "coef_: expected an array of integers, f4, f8 or texts, got the type f2"


def writers():
    """Formats: the end of a file's name, and the function that writes it."""
    yield "joblib", joblib.dump
    for method in ["zlib", "gzip", "bz2", "lzma", "xz"]:
        yield f"joblib.{method}", lambda head, path, method=method: joblib.dump(head, path, compress=(method, 3))
    for protocol in range(6):
        yield f"{protocol}.pickle", lambda head, path, protocol=protocol: path.write_bytes(pickle.dumps(head, protocol))
    yield "pickle.gz", lambda head, path: path.write_bytes(gzip.compress(pickle.dumps(head), mtime=0))
    try:
        import skops.io

        yield "skops", lambda head, path: skops.io.dump(head, path, compression=zipfile.ZIP_DEFLATED, compresslevel=9)
    except ImportError:
        pass


def probabilities(head):
    if isinstance(head, MultiOutputClassifier):
        return np.stack([of_label[:, 1] for of_label in head.predict_proba(TEST)], axis=1)
    return head.predict_proba(TEST)


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    all_writers = dict(writers())
    cases = []
    for name, head, labels in heads():
        # All formats of a few heads; otherwise the usual one.
        is_whole = name == "lr3_object" and VERSION != (1, 3) or name == "lr3_big_endian_fortran" and VERSION >= (1, 8)
        files = []
        for end, write in all_writers.items():
            as_skops = end == "skops" and (is_whole or name in ("multi_output", "pipe", "calibrated3"))
            sliced = end == "5.pickle" and name in ("lr3_sliced", "lr3_memmap")
            others = is_whole and end != "skops"
            if end != "joblib" and not (as_skops or sliced or others) or end == "skops" and "big_endian" in name:
                continue
            path = folder / f"{PREFIX}-{name}.{end}"
            write(head, path)
            files.append(path.name)
        form = "sets" if "sets" in name or name == "multi_output" else "classes"
        cases.append({"files": files, "labels": labels, "form": form, "normalize": "normalizer" in name,
                      "probabilities": probabilities(head).tolist()})
    wrong = []
    for name, head, words in refused() if VERSION >= (1, 8) else []:
        path = folder / f"{PREFIX}-refused_{name}.joblib"
        joblib.dump(head, path)
        wrong.append({"file": path.name, "error": words})
    versions = {"scikit-learn": sklearn.__version__, "numpy": np.__version__, "joblib": joblib.__version__}
    text = json.dumps({"versions": versions, "features": TEST.tolist(), "cases": cases, "refused": wrong}, ensure_ascii=False)
    (folder / f"{PREFIX}.json").write_text(text + "\n")


def setfit(folder):
    """The files that SetFit adds to the sentence-transformers folder `max_v6`: a head per form, trained on normalised vectors."""
    from safetensors.numpy import load_file

    fixtures = Path(__file__).resolve().parents[2] / "fixtures"
    x = load_file(fixtures / "sentence_transformers/max_v6/expected.safetensors")["sentence_embedding"]
    sentences = json.loads((fixtures / "transformers/sentences.json").read_text())
    rows = [i for i, sentence in enumerate(sentences) if sentence.strip() and sentence.isascii() and sentence.isprintable() and len(sentence) < 200]
    x, sentences = x[rows], [sentences[i] for i in rows]
    x = x / np.linalg.norm(x, axis=1, keepdims=True)
    ids = np.arange(len(x)) % 3
    sets = np.stack([ids != 0, ids != 1], axis=1).astype(int)
    folder.mkdir(exist_ok=True)
    head, of_sets = LogisticRegression(C=30.0).fit(x, ids), OneVsRestClassifier(LogisticRegression(C=30.0)).fit(x, sets)
    joblib.dump(head, folder / "model_head.pkl")
    joblib.dump(of_sets, folder / "model_head_sets.pkl")
    config = {"normalize_embeddings": True, "labels": ["negative", "neutral", "positive"]}
    (folder / "config_setfit.json").write_text(json.dumps(config) + "\n")
    n = 8
    expected = {"sentences": sentences[:n], "probabilities": head.predict_proba(x[:n]).tolist(), "sets": of_sets.predict_proba(x[:n]).tolist()}
    (folder / "expected.json").write_text(json.dumps(expected) + "\n")


main()
if VERSION >= (1, 9):
    setfit(Path(sys.argv[1]) / "setfit")
