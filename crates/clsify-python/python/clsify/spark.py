"""Sentences in Spark DataFrames to vectors and labels; logistic regression on DataFrames.

Only the DataFrame API is used, so that everything also works through Spark Connect. clsify, numpy and pyarrow must be installed on the executors.
Every Python worker loads the encoder once; a task uses one thread.
"""

import logging
import os

import numpy as np
import pyarrow as pa

from clsify import arrow
from clsify._spark_logistic import fit_logistic

LOGGER = logging.getLogger("clsify")

KERNEL = "clsify_kernel"

__all__ = ["embed", "fit_logistic", "kernels"]


def embed(df, column, *, model, executor_model=None, output="embedding", threads=1, on_error="raise", key=None, error="error", kernel=KERNEL,
          **options):
    """Add the vectors of a column of sentences.

    The driver loads the encoder too. Its hash is sent to the executors, which refuse another encoder. The same rows have the same vectors, bit for
    bit, whichever executor encodes them and however often, as long as the executors have the same kernel.

    Parameters
    ----------
    df : pyspark.sql.DataFrame
    column : str
        The column of the sentences.
    model : str or path
        The folder of an encoder, a name that `clsify list` shows, or a model hub id.
    executor_model : str, default=None
        Where the executors find the encoder, if not at `model`: a path that they share, or the name of an archive from
        `spark.addArtifact("encoder.tar.gz#encoder", archive=True)`, here "encoder".
    output : str, default="embedding"
        The name of the new column, an array of floats.
    threads : int, default=1
        The number of threads per task; increase `spark.task.cpus` with it.
    on_error : {"raise", "null"}, default="raise"
        What happens to a row without a sentence or whose sentence cannot be encoded: the job fails, or the vector is null, the column `error` says
        why, and the executor logs it.
    key : str, default=None
        The column by which messages name a row.
    error : str, default="error"
        The name of the column with the messages, for `on_error="null"`.
    kernel : str, default="clsify_kernel"
        The name of a column with the executor's instruction set, the data type, and the encoder; None leaves it out. `kernels` compares them.
    **options
        `pooling`, `layers`, `max_length`, `prompt`, `dtype`, as for `clsify.SentenceEncoder`.

    Returns
    -------
    pyspark.sql.DataFrame
        Evaluated when it is used. The metadata of the new column have the encoder's hash.
    """
    from pyspark.sql.types import ArrayType, FloatType

    here = arrow.Embed(model, threads=None, **options)
    encoder = here.encoder()
    step = arrow.Embed(executor_model or model, column, output, threads=threads, on_error=on_error, key=key, error=error, kernel=kernel,
                       encoder_sha256=arrow.digest(encoder), **options)
    metadata = {"clsify": {"encoder": step.encoder_sha256, "name": encoder.name, "n_features": encoder.n_features}}
    return _mapped(df, step, [(output, ArrayType(FloatType(), False), metadata)], here.kernel_name())


def kernels(df, column=KERNEL):
    """The distinct kernels of a result, and a warning if there are several: the last bits of the vectors may then depend on the executor.

    Parameters
    ----------
    df : pyspark.sql.DataFrame
        What `embed` returned, better read back from where it was written, because a DataFrame is computed again for each use.
    column : str, default="clsify_kernel"

    Returns
    -------
    list of str
        Sorted.
    """
    found = sorted(row[0] for row in df.select(column).distinct().collect() if row[0] is not None)
    if len(found) > 1:
        import warnings

        warnings.warn(f"{len(found)} kernels computed these rows, which may differ in their last bits: {'; '.join(found)}", UserWarning, stacklevel=2)
    return found


def _mapped(df, step, columns, kernel):
    from pyspark.sql.types import StringType, StructField, StructType

    added = [StructField(name, kind, True, metadata) for name, kind, metadata in columns]
    if step.on_error == "null":
        added.append(StructField(step.error, StringType()))
    if step.kernel is not None:
        added.append(StructField(step.kernel, StringType()))
    taken = [field.name for field in added if field.name in df.columns]
    if taken:
        raise ValueError(f"expected new columns, got {', '.join(map(repr, taken))}, which the DataFrame has: give the result another name")

    # Only this small function travels; what it calls is imported on the executors.
    def run(batches):
        return _on_executor(step, kernel, batches)

    return df.mapInArrow(run, StructType([*df.schema.fields, *added]))


def _on_executor(step, kernel, batches):
    step = step.with_model(_executor_path(step.model))
    for number, batch in enumerate(batches):
        if number == 0 and step.kernel_name() != kernel:
            LOGGER.warning("this executor computes with %s, the driver with %s: the last bits may differ", step.kernel_name(), kernel)
        yield _with_lists(step(batch))


def _executor_path(model):
    """An archive of `addArtifact` is below the folder of Spark's files; everything else is where it says."""
    if os.path.exists(model) or os.path.isabs(model):
        return model
    from pyspark import SparkFiles

    below = SparkFiles.get(model)
    return below if os.path.exists(below) else model


def _with_lists(batch):
    """Spark reads no lists of a fixed size. The values are not copied."""
    arrays, fields = list(batch.columns), list(batch.schema)
    for place, (array, field) in enumerate(zip(arrays, fields)):
        if pa.types.is_fixed_size_list(field.type):
            size, n_rows = field.type.list_size, len(array)
            offsets = pa.py_buffer(np.arange(0, size * n_rows + 1, size, dtype=np.int32))
            kind = pa.list_(pa.field("element", pa.float32(), nullable=False))
            arrays[place] = pa.Array.from_buffers(kind, n_rows, [array.buffers()[0], offsets], children=[array.values])
            fields[place] = pa.field(field.name, kind)
    return pa.RecordBatch.from_arrays(arrays, schema=pa.schema(fields))
