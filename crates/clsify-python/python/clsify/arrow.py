"""Sentences in Arrow tables to vectors, for engines that hand out rows in batches: Spark, Ray Data, Daft, Dask.

The objects hold parameters only, so that they travel to other processes in a few hundred bytes. Each process loads its encoder once, when the first
batch arrives. scikit-learn is not imported.
"""

import copy
import hashlib
import logging

import pyarrow as pa

from clsify import _columns
from clsify._core import __version__
from clsify._encoders import loaded_encoder
from clsify.exceptions import EncoderError

LOGGER = logging.getLogger("clsify")

ON_ERROR = ("raise", "null")


class Embed:
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
    encoder_sha256 : str, default=None
        What `encoder_sha256` returned for the encoder that is meant; another encoder is refused.
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

    def __init__(self, model, column="text", output="embedding", *, threads=1, on_error="raise", key=None, error="error", kernel=None,
                 encoder_sha256=None, pooling="auto", layers="last", max_length=None, prompt=None, dtype="f32"):
        if on_error not in ON_ERROR:
            raise ValueError(f"on_error: expected 'raise' or 'null', got {on_error!r}")
        self.model = str(model)
        self.column = column
        self.output = output
        self.threads = threads
        self.on_error = on_error
        self.key = key
        self.error = error
        self.kernel = kernel
        self.encoder_sha256 = encoder_sha256
        self.options = {"pooling": pooling, "layers": layers, "max_length": max_length, "prompt": prompt, "dtype": dtype}

    def __call__(self, batch):
        """The batch with the vectors.

        Parameters
        ----------
        batch : pyarrow.RecordBatch or pyarrow.Table

        Returns
        -------
        pyarrow.RecordBatch or pyarrow.Table
            The same rows in the same order. The metadata of the new column have `clsify.kernel` and `clsify.encoder`.
        """
        encoder = self.encoder()
        texts, errors = _columns.sentences(batch, self.column)
        if errors and self.on_error == "raise":
            _columns.refuse(batch, errors, self.key)
        rows = [row for row in range(len(texts)) if row not in errors]
        parts = _columns.by_halves(lambda part: encoder.encode(part, self.threads, _log_notes), texts, rows, errors)
        if errors and self.on_error == "raise":
            _columns.refuse(batch, errors, self.key)
        array = _columns.vectors(parts, len(texts), encoder.n_features)
        kernel = self.kernel_name()
        metadata = {"clsify.kernel": kernel, "clsify.encoder": digest(encoder)}
        columns = [(pa.field(self.output, array.type, metadata=metadata), array)]
        if self.on_error == "null":
            if errors:
                _columns.report(batch, errors, self.key)
            columns.append((pa.field(self.error, pa.string()), _columns.strings([errors.get(row) for row in range(len(texts))])))
        if self.kernel is not None:
            columns.append((pa.field(self.kernel, pa.string()), _columns.strings([kernel] * len(texts))))
        return _columns.with_columns(batch, columns)

    def encoder(self):
        """The encoder of this process, loaded if necessary.

        Returns
        -------
        clsify._core.Encoder
        """
        loaded = loaded_encoder(self.model, threads=self.threads, report=_log_notes, **self.options)
        if self.encoder_sha256 is not None and digest(loaded) != self.encoder_sha256:
            raise EncoderError(f"{loaded.folder}: expected the encoder with sha256 {self.encoder_sha256[:12]}..., got {digest(loaded)[:12]}...",
                               "copy the same encoder to every machine")
        return loaded

    def kernel_name(self):
        """What determines the bits of the vectors beside the options: instruction set, data type, version, and the start of the encoder's hash.

        Returns
        -------
        str
            Such as "x86_64 avx512 f32, clsify 0.1.0, encoder 53b3a9c2f1d0".
        """
        encoder = self.encoder()
        return f"{encoder.kernel}, clsify {__version__}, encoder {digest(encoder)[:12]}"

    def with_model(self, model):
        """The same work with the encoder of another folder.

        Returns
        -------
        Embed
        """
        other = copy.copy(self)
        other.model = str(model)
        return other

    def __repr__(self):
        return f"Embed({self.model!r}, {self.column!r}, {self.output!r})"


def encoder_sha256(model, **options):
    """A hash of all files of an encoder: weights, tokenizer and settings.

    Parameters
    ----------
    model : str or path
        As for `Embed`.
    **options
        `pooling`, `layers`, `max_length`, `prompt`, `dtype`, as for `Embed`.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    return digest(Embed(model, **options).encoder())


def digest(encoder):
    """The hash of `encoder_sha256`, for a loaded encoder."""
    lines = "".join(f"{sha256}  {name}\n" for name, sha256 in sorted(encoder.file_hashes()))
    return hashlib.sha256(lines.encode()).hexdigest()


def _log_notes(what, of, _number):
    # Every batch has its own notes, so that warnings would be too many.
    if what == "note":
        LOGGER.info(of)
