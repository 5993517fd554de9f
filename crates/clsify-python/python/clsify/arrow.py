"""Sentences in Arrow tables to vectors and labels, for engines that hand out rows in batches: Spark, Ray Data, Daft, Dask.

The objects hold parameters only, so that they travel to other processes in a few hundred bytes. Each process loads its encoder once, when the first
batch arrives. scikit-learn is not imported.
"""

import copy
import hashlib
import json
import logging
import os
from pathlib import Path

import numpy as np
import pyarrow as pa

from clsify import _columns
from clsify._core import __version__
from clsify._encoders import loaded_classifier, loaded_encoder
from clsify.exceptions import DataError, EncoderError, ModelError

LOGGER = logging.getLogger("clsify")

ON_ERROR = ("raise", "null")
# The number of rows that one log message names.
MOST_NAMED = 5
# The hashes of what this process has loaded, which it keeps, so that an id stays that of its object.
_SHA256 = {}


class _Step:
    """What `Embed` and `Predict` share: rows without a result, messages, and the record of what computed them."""

    def __init__(self, model, column, threads, on_error, key, error, kernel, sha256):
        if on_error not in ON_ERROR:
            raise ValueError(f"on_error: expected 'raise' or 'null', got {on_error!r}")
        self.model = os.fspath(model)
        self.column = column
        self.threads = threads
        self.on_error = on_error
        self.key = key
        self.error = error
        self.kernel = kernel
        self.sha256 = sha256

    def __call__(self, batch):
        """The batch with the results.

        Parameters
        ----------
        batch : pyarrow.RecordBatch or pyarrow.Table

        Returns
        -------
        pyarrow.RecordBatch or pyarrow.Table
            The same rows in the same order.
        """
        self.load()
        texts, errors = _columns.sentences(batch, self.column)
        self._refuse(batch, errors)
        rows = [row for row in range(len(texts)) if row not in errors]
        parts = _columns.by_halves(self._results, texts, rows, errors)
        self._refuse(batch, errors)
        columns = self._columns(parts, len(texts))
        if self.on_error == "null":
            self._report(batch, errors)
            columns.append(_columns.strings([errors.get(row) for row in range(len(texts))]))
        if self.kernel is not None:
            columns.append(_columns.strings([self.kernel_name()] * len(texts)))
        return _columns.with_columns(batch, list(zip(self.fields(), columns, strict=True)))

    def fields(self):
        """The new columns.

        Returns
        -------
        list of pyarrow.Field
            The metadata of the first have `clsify.kernel` and `clsify.encoder`.
        """
        first, *rest = self._fields()
        metadata = {"clsify.kernel": self.kernel_name(), "clsify.encoder": self.loaded_sha256(), **(first.metadata or {})}
        names = [self.error] * (self.on_error == "null") + [self.kernel] * (self.kernel is not None)
        return [first.with_metadata(metadata), *rest, *(pa.field(name, pa.string()) for name in names)]

    def load(self):
        """Load what the step needs, unless this process has it already.

        Returns
        -------
        clsify._core.Encoder or clsify._core.Classifier
        """
        loaded = self._loaded()
        if self.sha256 not in (None, self.loaded_sha256()):
            raise self._mismatch(f"{self.model}: expected the {self._what} with sha256 {self.sha256[:12]}..., got {self.loaded_sha256()[:12]}...")
        return loaded

    def loaded_sha256(self):
        """A hash of the files: for encoders weights, tokenizer and settings; for classifiers those of the folder, which have the encoder's hashes.

        Returns
        -------
        str
            64 hexadecimal digits.
        """
        loaded = self._loaded()
        if id(loaded) not in _SHA256:
            lines = "".join(f"{sha256}  {name}\n" for name, sha256 in sorted(self._file_hashes(loaded)))
            _SHA256[id(loaded)] = hashlib.sha256(lines.encode()).hexdigest()
        return _SHA256[id(loaded)]

    def kernel_name(self):
        """What determines the bits of the results beside the options: instruction set, data type, version, and the start of the hash.

        Returns
        -------
        str
            Such as "x86_64 avx512 f32, clsify 0.1.0, encoder 53b3a9c2f1d0".
        """
        return f"{self._loaded().kernel}, clsify {__version__}, {self._what} {self.loaded_sha256()[:12]}"

    def with_model(self, model):
        """The same step with the files of another folder."""
        other = copy.copy(self)
        other.model = os.fspath(model)
        return other

    def __repr__(self):
        return f"{type(self).__name__}({self.model!r}, {self.column!r})"

    def _named(self, batch, rows):
        if self.key is None:
            return [f"row {row} of its batch" for row in rows]
        keys = _columns.only(batch, self.key)
        return [f"{self.key} {keys[row].as_py()!r}" for row in rows]

    def _refuse(self, batch, errors):
        if errors and self.on_error == "raise":
            row = min(errors)
            raise DataError(f"{self._named(batch, [row])[0]}: {errors[row]}", "remove the row, or give on_error='null'")

    def _report(self, batch, errors):
        if not errors:
            return
        rows = sorted(errors)
        lines = [f"{name}: {errors[row]}" for name, row in zip(self._named(batch, rows[:MOST_NAMED]), rows)]
        rest = f"; and {len(rows) - MOST_NAMED} more" if len(rows) > MOST_NAMED else ""
        LOGGER.warning("%s of %s rows have no result: %s%s", len(rows), batch.num_rows, "; ".join(lines), rest)


class Embed(_Step):
    """Adds the vectors of a column of sentences to a batch of rows.

    A vector does not depend on the batch, the number of threads or the process, to the last bit, as long as the processors have the same kernel.

    Parameters
    ----------
    model : str or path
        The folder of an encoder, a name that `clsify list` shows, or a model hub id. Every process must find it.
    column : str, default="text"
        The column of the sentences.
    output : str, default="embedding"
        The name of the new column, a fixed-size list of float32.
    threads : int, default=1
        The number of threads. Engines start one task per core, so that one thread per task is right.
    on_error : {"raise", "null"}, default="raise"
        What happens to a row without a sentence (null, not UTF-8) or whose sentence cannot be encoded: an error, or a null and a log message. With
        "null", the column `error` says what is wrong with the row.
    key : str, default=None
        The column by which messages name a row; by default they give its number within its batch.
    error : str, default="error"
        The name of the column with the messages, for `on_error="null"`.
    kernel : str, default=None
        The name of a column with the kernel and the encoder, for engines that drop the metadata of columns.
    sha256 : str, default=None
        What `loaded_sha256` returned for the encoder that is meant; another encoder is refused.
    pooling, layers, max_length, prompt, dtype
        As for `clsify.SentenceEncoder`.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from clsify.arrow import Embed
    >>> rows = pa.table({"text": ["a visually stunning rumination on love", "a bore"]})
    >>> Embed("all-MiniLM-L6-v2")(rows).schema.names
    ['text', 'embedding']
    """

    _what = "encoder"
    _mismatch = EncoderError

    def __init__(self, model, column="text", output="embedding", *, threads=1, on_error="raise", key=None, error="error", kernel=None, sha256=None,
                 pooling="auto", layers="last", max_length=None, prompt=None, dtype="f32"):
        super().__init__(model, column, threads, on_error, key, error, kernel, sha256)
        self.output = output
        self.options = {"pooling": pooling, "layers": layers, "max_length": max_length, "prompt": prompt, "dtype": dtype}

    def _file_hashes(self, encoder):
        return encoder.file_hashes()

    def _loaded(self):
        return loaded_encoder(self.model, threads=self.threads, report=_log_notes, **self.options)

    def _results(self, texts):
        return self._loaded().encode(texts, self.threads, _log_notes)

    def _fields(self):
        return [pa.field(self.output, pa.list_(pa.float32(), self._loaded().n_features))]

    def _columns(self, parts, n_rows):
        return [_columns.vectors(parts, n_rows, self._loaded().n_features, np.float32)]


class Predict(_Step):
    """Adds the labels of a column of sentences to a batch of rows.

    Parameters
    ----------
    model : str or path
        The folder of a saved classifier. `save(folder, bundle_encoder=True)` makes one that can be copied to other machines.
    column : str, default="text"
        The column of the sentences.
    output : str, default="label"
        The name of the column of labels: strings, null where the classifier abstains; for label sets, lists of strings.
    probability : str, default="probability"
        The name of the column with the probability of the label, and of the best guess where the classifier abstains; for label sets, of each label
        of the list. None leaves it out.
    probabilities : str, default=None
        The name of a column with the probabilities of all labels, in the order of `clsify.classes` in the metadata of the column of labels.
    threads, on_error, key, error, kernel
        As for `Embed`.
    sha256 : str, default=None
        What `loaded_sha256` returned for the classifier that is meant; another one is refused.
    encoder : str or path, default=None
        The encoder, if it is not where it was at the training. One with other files is refused.
    dtype : {"f32", "bf16", "int8", "auto"}, default=None
        The data type of the encoder's products; by default that of the training.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from clsify import SentenceClassifier
    >>> from clsify.arrow import Predict
    >>> reviews = ["a treat", "a stunning film", "funny and warm", "a bore", "a dull mess", "flat and long"]
    >>> model = SentenceClassifier(pooling="auto").fit(reviews, ["good"] * 3 + ["bad"] * 3).save("reviews-model")
    >>> Predict("reviews-model")(pa.table({"text": ["warm and funny"]}))["label"].to_pylist()
    ['good']
    """

    _what = "classifier"
    _mismatch = ModelError

    def __init__(self, model, column="text", output="label", *, probability="probability", probabilities=None, threads=1, on_error="raise", key=None,
                 error="error", kernel=None, sha256=None, encoder=None, dtype=None):
        super().__init__(model, column, threads, on_error, key, error, kernel, sha256)
        self.output = output
        self.probability = probability
        self.probabilities = probabilities
        self.options = {"encoder": None if encoder is None else os.fspath(encoder), "dtype": dtype}

    def _file_hashes(self, _classifier):
        return [(path.name, hashlib.sha256(path.read_bytes()).hexdigest()) for path in Path(self.model).iterdir() if path.is_file()]

    def _loaded(self):
        return loaded_classifier(self.model, threads=self.threads, report=_log_notes, **self.options)

    def _results(self, texts):
        return self._loaded().predict(texts, self.threads, _log_notes)

    def _fields(self):
        classifier = self._loaded()
        of_label = (lambda kind: pa.list_(kind)) if classifier.is_multi_label else (lambda kind: kind)
        fields = [pa.field(self.output, of_label(pa.string()), metadata={"clsify.classes": json.dumps(classifier.classes)})]
        if self.probability is not None:
            fields.append(pa.field(self.probability, of_label(pa.float64())))
        if self.probabilities is not None:
            fields.append(pa.field(self.probabilities, pa.list_(pa.float64(), len(classifier.classes))))
        return fields

    def _columns(self, parts, n_rows):
        classifier = self._loaded()
        classes, is_multi_label = classifier.classes, classifier.is_multi_label
        labels, probability = [None] * n_rows, [None] * n_rows
        for rows, (ids, abstained, probabilities) in parts:
            for row, of_row, abstains, of_labels in zip(rows, ids, abstained, probabilities.tolist(), strict=True):
                names, values = [classes[i] for i in of_row], [of_labels[i] for i in of_row]
                if is_multi_label:
                    labels[row], probability[row] = names, values
                else:
                    labels[row], probability[row] = None if abstains else names[0], values[0]
        made = [_columns.lists(labels, _columns.strings) if is_multi_label else _columns.strings(labels)]
        if self.probability is not None:
            made.append(_columns.lists(probability, _columns.numbers) if is_multi_label else _columns.numbers(probability))
        if self.probabilities is not None:
            made.append(_columns.vectors([(rows, result[2]) for rows, result in parts], n_rows, len(classes), np.float64))
        return made


def _log_notes(what, of, _number):
    # Every batch has its own notes, so that warnings would be too many.
    if what in ("warning", "note"):
        LOGGER.info(of)
