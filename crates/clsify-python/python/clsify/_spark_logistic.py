"""Logistic regression on a DataFrame of Spark: the executors add up rows, the driver takes Newton steps."""

import warnings

import numpy as np
import pyarrow as pa

from clsify import _checks as checks
from clsify import _newton

# The sums of a partition travel in pieces of so many numbers, so that adding up partitions needs little memory at a time.
PIECE = 16_384


def fit_logistic(df, features, label, *, C=1.0, weight=None, tol=1e-10, max_iter=100):
    """Fit a logistic regression to the rows of a DataFrame.

    The optimum is that of `clsify.LogisticRegression` with the same `C`. Each Newton step reads all rows once, usually 5 to 10 times in all: call
    `df.persist()` before. Sums are float64 and added in the order of the partitions, so that the same partitions give the same bits.

    A task needs memory for the second derivatives, `8 * (K * (n_features + 1))**2` bytes at most for K classes (two classes count as one).

    Parameters
    ----------
    df : pyspark.sql.DataFrame
    features : str
        A column with arrays of floats, all of the same length.
    label : str
        A column with the class of each row.
    C : float, default=1.0
        Inverse of the strength of the penalty.
    weight : str, default=None
        A column with the weight of each row.
    tol : float, default=1e-10
        The fit ends when no element of the gradient of the mean loss is larger.
    max_iter : int, default=100
        The largest number of steps.

    Returns
    -------
    clsify.LogisticRegression
        Fitted.
    """
    from sklearn.exceptions import ConvergenceWarning

    from clsify import LogisticRegression

    C, tol, max_iter = checks.number("C", C, above=0), checks.number("tol", tol, above=0), checks.whole("max_iter", max_iter, 1)
    classes, n_features, total_weight = _facts(df, features, label, weight)
    shape = _newton.Shape(len(classes), n_features)
    rows = _rows(df, features, label, weight, classes)
    weights, n_iter, converged = _newton.minimise(shape, lambda weights: _sums(rows, shape, weights), C=C, total_weight=total_weight, tol=tol,
                                                  max_iter=max_iter)
    if not converged:
        warnings.warn(f"the fit has not converged after {n_iter} steps: increase max_iter, or scale the features", ConvergenceWarning, stacklevel=2)
    fitted = LogisticRegression(C, tol=tol, max_iter=max_iter)
    fitted.classes_ = np.array(classes)
    fitted.coef_ = np.ascontiguousarray(weights[:, :-1])
    fitted.intercept_ = weights[:, -1].copy()
    fitted.n_iter_ = np.array([n_iter])
    fitted.n_features_in_ = n_features
    return fitted


def _facts(df, features, label, weight):
    """The classes, the number of features and the sum of the weights, after checks that tasks could only answer with a traceback."""
    from pyspark.sql import functions as F
    from pyspark.sql.types import ArrayType, NumericType

    kind = df.schema[features].dataType
    if not (isinstance(kind, ArrayType) and isinstance(kind.elementType, NumericType)):
        raise ValueError(f"column {features!r}: expected arrays of floats, got {kind.simpleString()}: for vectors of Spark ML use vector_to_array")
    sizes = F.when(F.col(features).isNotNull(), F.size(features))
    of_row = F.lit(1.0) if weight is None else F.col(weight).cast("double")
    bad_weight = of_row.isNull() | F.isnan(of_row) | (of_row < 0)
    found = df.groupBy(F.col(label).alias("label")).agg(
        F.count("*").alias("n"), F.min(sizes).alias("least"), F.max(sizes).alias("most"), F.sum(F.col(features).isNull().cast("long")).alias("missing"),
        F.sum(bad_weight.cast("long")).alias("bad"), F.sum(of_row).alias("weight")).collect()
    n_rows = sum(row["n"] for row in found)
    for what, n in [(f"no {label!r}", sum(row["n"] for row in found if row["label"] is None)), (f"no {features!r}", sum(row["missing"] for row in found)),
                    (f"a missing or negative {weight!r}", sum(row["bad"] for row in found))]:
        if n:
            raise ValueError(f"{n} of {n_rows} rows have {what}: leave them out, for example with df.dropna")
    if len(found) < 2:
        raise ValueError(f"column {label!r}: expected at least 2 classes, got {len(found)}")
    lengths = sorted({row["least"] for row in found} | {row["most"] for row in found})
    if len(lengths) != 1:
        raise ValueError(f"column {features!r}: expected arrays of one length, got {lengths[0]} to {lengths[-1]}")
    ordered = sorted(found, key=lambda row: row["label"])
    return [row["label"] for row in ordered], lengths[0], sum(row["weight"] for row in ordered)


def _rows(df, features, label, weight, classes):
    from pyspark.sql import functions as F

    class_id = (F.array_position(F.array(*map(F.lit, classes)), F.col(label)) - 1).cast("int")
    of_row = F.lit(1.0) if weight is None else F.col(weight).cast("double")
    return df.select(F.col(features).cast("array<float>").alias("features"), class_id.alias("class_id"), of_row.alias("weight"))


def _sums(rows, shape, weights):
    """The sums of all rows: those of each partition, and then, piece by piece, over the partitions in their order."""

    def of_partition(batches):
        return _partition_sums(batches, shape, weights)

    def over_partitions(table):
        return _added(table)

    partial = rows.mapInArrow(of_partition, "piece int, partition int, sums binary")
    pieces = partial.groupBy("piece").applyInArrow(over_partitions, "piece int, sums binary").collect()
    sums = np.concatenate([np.frombuffer(row["sums"]) for row in sorted(pieces, key=lambda row: row["piece"])])
    return sums


def _partition_sums(batches, shape, weights):
    from pyspark import TaskContext

    sums = np.zeros(shape.n_sums)
    for batch in batches:
        features, class_ids, of_row = batch.columns
        X = features.flatten().to_numpy(zero_copy_only=False).reshape(len(features), shape.n_features)
        sums += shape.sums(X, class_ids.to_numpy(), of_row.to_numpy(), weights)
    partition = TaskContext.get().partitionId()
    pieces = [sums[start : start + PIECE].tobytes() for start in range(0, len(sums), PIECE)]
    for piece, values in enumerate(pieces):
        arrays = [pa.array([piece], pa.int32()), pa.array([partition], pa.int32()), pa.array([values], pa.binary())]
        yield pa.RecordBatch.from_arrays(arrays, ["piece", "partition", "sums"])


def _added(table):
    partitions = table.column("partition").to_pylist()
    sums = table.column("sums")
    total = 0.0
    for row in sorted(range(len(partitions)), key=partitions.__getitem__):
        total = total + np.frombuffer(sums[row].as_py())
    return pa.table({"piece": table.column("piece").slice(0, 1), "sums": pa.array([total.tobytes()], pa.binary())})
