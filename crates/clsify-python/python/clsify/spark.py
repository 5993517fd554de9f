"""Sentences in Spark DataFrames to vectors and labels; logistic regression on DataFrames.

Only the DataFrame API is used, so that everything also works through Spark Connect. clsify, numpy and pyarrow must be installed on the executors.
Every Python worker loads the encoder once; a task uses one thread.
"""

import logging
import os

import pyarrow as pa

from clsify import _columns, arrow
from clsify._spark_logistic import fit_logistic

LOGGER = logging.getLogger("clsify")

KERNEL = "clsify_kernel"

__all__ = ["embed", "fit_logistic", "kernels", "predict"]


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
    step = arrow.Embed(model, column, output, threads=threads, on_error=on_error, key=key, error=error, kernel=kernel, **options)
    return _mapped(df, step, executor_model)


def predict(df, column, *, model, executor_model=None, output="label", probability="probability", probabilities=None, threads=1, on_error="raise",
            key=None, error="error", kernel=KERNEL, **options):
    """Add the labels of a column of sentences.

    The driver loads the classifier too, and the executors refuse one with other files.

    Parameters
    ----------
    df : pyspark.sql.DataFrame
    column : str
        The column of the sentences.
    model : str or path
        The folder of a saved classifier; with `save(folder, bundle_encoder=True)` the encoder is in it.
    executor_model : str, default=None
        Where the executors find it, as for `embed`.
    output, probability, probabilities
        The names of the new columns, as for `clsify.arrow.Predict`.
    threads, on_error, key, error, kernel
        As for `embed`.
    **options
        `encoder`, `dtype`, as for `clsify.arrow.Predict`.

    Returns
    -------
    pyspark.sql.DataFrame
        Evaluated when it is used. The metadata of the column of labels have the classifier's hash and its labels.
    """
    step = arrow.Predict(model, column, output, probability=probability, probabilities=probabilities, threads=threads, on_error=on_error, key=key,
                         error=error, kernel=kernel, **options)
    return _mapped(df, step, executor_model)


def kernels(df, column=KERNEL):
    """The distinct kernels of a result, and a warning if there are several: the last bits may then depend on the executor.

    Parameters
    ----------
    df : pyspark.sql.DataFrame
        What `embed` or `predict` returned, better read back from where it was written, because a DataFrame is computed again for each use.
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


def _mapped(df, step, executor_model):
    from pyspark.sql.types import StructField, StructType

    # The driver has a model of its own, from which it knows the columns and the hash.
    kernel, added = step.kernel_name(), []
    for field in step.fields():
        metadata = {name.decode(): value.decode() for name, value in (field.metadata or {}).items()}
        # That is the driver's, and executors have their own.
        metadata.pop("clsify.kernel", None)
        added.append(StructField(field.name, _spark_type(field.type), True, metadata))
    taken = [field.name for field in added if field.name in df.columns]
    if taken:
        raise ValueError(f"expected new columns, got {', '.join(map(repr, taken))}, which the DataFrame has: give the result another name")
    # Executors work in other folders.
    shared = os.path.abspath(step.model) if os.path.exists(step.model) else step.model
    remote = step.with_model(executor_model or shared)
    remote.sha256 = step.loaded_sha256()

    # Only this small function travels; what it calls is imported on the executors.
    def run(batches):
        return _on_executor(remote, kernel, batches)

    return df.mapInArrow(run, StructType([*df.schema.fields, *added]))


def _spark_type(kind):
    from pyspark.sql import types

    if pa.types.is_list(kind) or pa.types.is_fixed_size_list(kind):
        return types.ArrayType(_spark_type(kind.value_type))
    return {pa.string(): types.StringType(), pa.float32(): types.FloatType(), pa.float64(): types.DoubleType()}[kind]


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
    """Spark reads no lists of a fixed size, and gives none."""
    arrays = [_columns.with_list_sizes(array) if pa.types.is_fixed_size_list(array.type) else array for array in batch.columns]
    return pa.RecordBatch.from_arrays(arrays, names=batch.schema.names)
