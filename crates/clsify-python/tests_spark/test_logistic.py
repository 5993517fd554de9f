"""Logistic regression on a DataFrame. Oracle: the optimum of `clsify.LogisticRegression`, whose oracle is scikit-learn."""

import unittest

import numpy as np
from pyspark.sql import functions as F

import clsify
import clsify.spark
from support import BERT, REAL, rows, session


class Fits(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        spark = session()
        weight = 0.5 + F.col("id") % 3
        cls.df = clsify.spark.embed(rows(spark), "text", model=BERT).withColumn("weight", weight).persist()
        table = cls.df.toArrow()
        cls.X = np.stack(table["embedding"].to_numpy())
        cls.columns = {name: np.array(table[name].to_pylist()) for name in ("answer", "topic", "weight")}

    @classmethod
    def tearDownClass(cls):
        cls.df.unpersist()

    def test_the_local_optimum(self):
        for label, n_classes in (("answer", 2), ("topic", 6)):
            for C, weight in ((1.0, None), (0.1, "weight")):
                with self.subTest(label=label, C=C):
                    found = clsify.spark.fit_logistic(self.df, "embedding", label, C=C, weight=weight, tol=1e-12)
                    # 1e-8 is what is asked for; the local tolerance must not use it up.
                    local = clsify.LogisticRegression(C=C, tol=1e-13).fit(self.X, self.columns[label], None if weight is None else self.columns[weight])
                    self.assertEqual(found.classes_.tolist(), local.classes_.tolist())
                    self.assertEqual(found.coef_.shape, (1 if n_classes == 2 else n_classes, self.X.shape[1]))
                    self.assertLessEqual(np.abs(found.coef_ - local.coef_).max(), 1e-8)
                    self.assertLessEqual(np.abs(found.intercept_ - local.intercept_).max(), 1e-8)
                    self.assertTrue(np.array_equal(found.predict(self.X), local.predict(self.X)))

    def test_the_same_partitions_give_the_same_bits(self):
        one, other = (clsify.spark.fit_logistic(self.df, "embedding", "answer") for _ in range(2))
        self.assertTrue(np.array_equal(one.coef_, other.coef_) and np.array_equal(one.intercept_, other.intercept_))

    @unittest.skipUnless(REAL, "needs CLSIFY_REAL_ENCODER")
    def test_dimensions_that_are_constant(self):
        """all-MiniLM-L6-v2 has three, which make Spark ML's own logistic regression fail without an error."""
        df = clsify.spark.embed(rows(self.df.sparkSession).where("id < 400").repartition(2, "id"), "text", model=REAL).persist()
        table = df.toArrow()
        X = np.stack(table["embedding"].to_numpy())
        for label in ("answer", "topic"):
            found = clsify.spark.fit_logistic(df, "embedding", label)
            local = clsify.LogisticRegression(tol=1e-13).fit(X, np.array(table[label].to_pylist()))
            self.assertLessEqual(np.abs(found.coef_ - local.coef_).max(), 1e-8)
        df.unpersist()

    def test_what_is_refused(self):
        for df, label, message in [(self.df.withColumn("answer", F.lit("yes")), "answer", "expected at least 2 classes, got 1"),
                                   (self.df.withColumn("answer", F.when(F.col("id") != 7, F.col("answer"))), "answer", "1 of 4000 rows have no 'answer'"),
                                   (self.df.withColumn("embedding", F.when(F.col("id") > 1, F.col("embedding"))), "answer", "2 of 4000 rows have no 'emb"),
                                   (self.df.withColumn("embedding", F.when(F.col("id") > 1, F.col("embedding")).otherwise(F.array(F.lit(1.0)))), "answer",
                                    "expected arrays of one length, got 1 to 32"),
                                   (self.df.withColumn("embedding", F.col("text")), "answer", "expected arrays of floats, got string")]:
            with self.subTest(message), self.assertRaisesRegex(ValueError, message):
                clsify.spark.fit_logistic(df, "embedding", label)
        negative = self.df.withColumn("weight", -F.col("weight"))
        with self.assertRaisesRegex(ValueError, "4000 of 4000 rows have a missing or negative 'weight'"):
            clsify.spark.fit_logistic(negative, "embedding", "answer", weight="weight")
        infinite = self.df.withColumn("embedding", F.transform("embedding", lambda value: F.lit(float("inf"))))
        with self.assertRaisesRegex(ValueError, "expected finite features"):
            clsify.spark.fit_logistic(infinite, "embedding", "answer")


if __name__ == "__main__":
    unittest.main()
