"""Metrics, under Keras' names."""

from __future__ import annotations

from typing import Any

from .metric import Metric

__all__ = [
    "AUC", "Accuracy", "BinaryAccuracy", "BinaryCrossentropy", "BinaryIoU", "CategoricalAccuracy", "CategoricalCrossentropy",
    "CategoricalHinge", "ConcordanceCorrelation", "CosineSimilarity", "F1Score", "FBetaScore", "FalseNegatives", "FalsePositives",
    "Hinge", "IoU", "KLDivergence", "LogCoshError", "Mean", "MeanAbsoluteError", "MeanAbsolutePercentageError", "MeanIoU",
    "MeanMetricWrapper", "MeanSquaredError", "MeanSquaredLogarithmicError", "OneHotIoU", "OneHotMeanIoU", "PearsonCorrelation",
    "Poisson", "Precision", "PrecisionAtRecall", "R2Score", "Recall", "RecallAtPrecision", "RootMeanSquaredError",
    "SensitivityAtSpecificity", "SparseCategoricalAccuracy", "SparseCategoricalCrossentropy", "SparseTopKCategoricalAccuracy",
    "SpecificityAtSensitivity", "SquaredHinge", "Sum", "TopKCategoricalAccuracy", "TrueNegatives", "TruePositives",
]


class AUC(Metric):
    """The area under the curve of rates, by thresholds."""

    def __init__(
        self,
        num_thresholds: int = 200,
        curve: str = "ROC",
        summation_method: str = "interpolation",
        name: Any = None,
        dtype: Any = None,
        thresholds: Any = None,
        multi_label: bool = False,
        num_labels: Any = None,
        label_weights: Any = None,
        from_logits: bool = False,
    ) -> None:
        self._settle(locals())


class Accuracy(Metric):
    """How many of the predictions are equal to the targets."""

    def __init__(self, name: str = "accuracy", dtype: Any = None) -> None:
        self._settle(locals())


class BinaryAccuracy(Metric):
    """How often a prediction lies on the right side of ``threshold``."""

    def __init__(self, name: str = "binary_accuracy", dtype: Any = None, threshold: float = 0.5) -> None:
        self._settle(locals())


class BinaryCrossentropy(Metric):
    """The mean of the loss of this name."""

    def __init__(self, name: str = "binary_crossentropy", dtype: Any = None, from_logits: bool = False, label_smoothing: float = 0) -> None:
        self._settle(locals())


class BinaryIoU(Metric):
    """Intersection over union of two classes by a threshold."""

    def __init__(self, target_class_ids: Any = (0, 1), threshold: float = 0.5, name: Any = None, dtype: Any = None) -> None:
        self._settle(locals())


class CategoricalAccuracy(Metric):
    """How often the largest prediction is the true class."""

    def __init__(self, name: str = "categorical_accuracy", dtype: Any = None) -> None:
        self._settle(locals())


class CategoricalCrossentropy(Metric):
    """The mean of the loss of this name."""

    def __init__(
        self,
        name: str = "categorical_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        label_smoothing: float = 0,
        axis: int = -1,
    ) -> None:
        self._settle(locals())


class CategoricalHinge(Metric):
    """The mean of the loss of this name."""

    def __init__(self, name: str = "categorical_hinge", dtype: Any = None) -> None:
        self._settle(locals())


class ConcordanceCorrelation(Metric):
    """How near targets and predictions are to the line y = x (Lin 1989)."""

    def __init__(self, name: str = "concordance_correlation", dtype: Any = None, axis: int = -1) -> None:
        self._settle(locals())


class CosineSimilarity(Metric):
    """The mean of the loss of this name."""

    def __init__(self, name: str = "cosine_similarity", dtype: Any = None, axis: int = -1) -> None:
        self._settle(locals())


class F1Score(Metric):
    """The harmonic mean of precision and recall."""

    def __init__(self, average: Any = None, threshold: Any = None, name: str = "f1_score", dtype: Any = None) -> None:
        self._settle(locals())


class FBetaScore(Metric):
    """The weighted harmonic mean of precision and recall."""

    def __init__(self, average: Any = None, beta: float = 1.0, threshold: Any = None, name: str = "fbeta_score", dtype: Any = None) -> None:
        self._settle(locals())


class FalseNegatives(Metric):
    """How many positives were called negative."""

    def __init__(self, thresholds: Any = None, name: Any = None, dtype: Any = None) -> None:
        self._settle(locals())


class FalsePositives(Metric):
    """How many negatives were called positive."""

    def __init__(self, thresholds: Any = None, name: Any = None, dtype: Any = None) -> None:
        self._settle(locals())


class Hinge(Metric):
    """The mean of the loss of this name."""

    def __init__(self, name: str = "hinge", dtype: Any = None) -> None:
        self._settle(locals())


class IoU(Metric):
    """Intersection over union of the classes ``target_class_ids``."""

    def __init__(
        self,
        num_classes: Any,
        target_class_ids: Any,
        name: Any = None,
        dtype: Any = None,
        ignore_class: Any = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        self._settle(locals())


class KLDivergence(Metric):
    """The mean of the loss of this name."""

    def __init__(self, name: str = "kl_divergence", dtype: Any = None) -> None:
        self._settle(locals())


class LogCoshError(Metric):
    """The mean of the loss of this name."""

    def __init__(self, name: str = "logcosh", dtype: Any = None) -> None:
        self._settle(locals())


class Mean(Metric):
    """The mean of the values it is shown."""

    def __init__(self, name: str = "mean", dtype: Any = None) -> None:
        self._settle(locals())


class MeanAbsoluteError(Metric):
    """The mean of the loss of this name."""

    def __init__(self, name: str = "mean_absolute_error", dtype: Any = None) -> None:
        self._settle(locals())


class MeanAbsolutePercentageError(Metric):
    """The mean of the loss of this name."""

    def __init__(self, name: str = "mean_absolute_percentage_error", dtype: Any = None) -> None:
        self._settle(locals())


class MeanIoU(Metric):
    """The mean of intersection over union, of all classes."""

    def __init__(
        self,
        num_classes: Any,
        name: Any = None,
        dtype: Any = None,
        ignore_class: Any = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        self._settle(locals())


class MeanMetricWrapper(Metric):
    """The mean of a function of targets and predictions."""

    def __init__(self, fn: Any, name: Any = None, dtype: Any = None, **kwargs: Any) -> None:
        self._settle(locals())


class MeanSquaredError(Metric):
    """The mean of the loss of this name."""

    def __init__(self, name: str = "mean_squared_error", dtype: Any = None) -> None:
        self._settle(locals())


class MeanSquaredLogarithmicError(Metric):
    """The mean of the loss of this name."""

    def __init__(self, name: str = "mean_squared_logarithmic_error", dtype: Any = None) -> None:
        self._settle(locals())


class OneHotIoU(Metric):
    """Intersection over union, with one number for each class in the targets."""

    def __init__(
        self,
        num_classes: Any,
        target_class_ids: Any,
        name: Any = None,
        dtype: Any = None,
        ignore_class: Any = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        self._settle(locals())


class OneHotMeanIoU(Metric):
    """The mean of it over all classes."""

    def __init__(
        self,
        num_classes: Any,
        name: Any = None,
        dtype: Any = None,
        ignore_class: Any = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        self._settle(locals())


class PearsonCorrelation(Metric):
    """The correlation of targets and predictions (Pearson 1895)."""

    def __init__(self, name: str = "pearson_correlation", dtype: Any = None, axis: int = -1) -> None:
        self._settle(locals())


class Poisson(Metric):
    """The mean of the loss of this name."""

    def __init__(self, name: str = "poisson", dtype: Any = None) -> None:
        self._settle(locals())


class Precision(Metric):
    """True positives / all that was called positive."""

    def __init__(self, thresholds: Any = None, top_k: Any = None, class_id: Any = None, name: Any = None, dtype: Any = None) -> None:
        self._settle(locals())


class PrecisionAtRecall(Metric):
    """The best precision with at least this recall."""

    def __init__(self, recall: Any, num_thresholds: int = 200, class_id: Any = None, name: Any = None, dtype: Any = None) -> None:
        self._settle(locals())


class R2Score(Metric):
    """1 − squared error / variance of the targets."""

    def __init__(
        self,
        class_aggregation: str = "uniform_average",
        num_regressors: int = 0,
        name: str = "r2_score",
        dtype: Any = None,
    ) -> None:
        self._settle(locals())


class Recall(Metric):
    """True positives / all that is positive."""

    def __init__(self, thresholds: Any = None, top_k: Any = None, class_id: Any = None, name: Any = None, dtype: Any = None) -> None:
        self._settle(locals())


class RecallAtPrecision(Metric):
    """The best recall with at least this precision."""

    def __init__(self, precision: Any, num_thresholds: int = 200, class_id: Any = None, name: Any = None, dtype: Any = None) -> None:
        self._settle(locals())


class RootMeanSquaredError(Metric):
    """√ of the mean of (p − y)²"""

    def __init__(self, name: str = "root_mean_squared_error", dtype: Any = None) -> None:
        self._settle(locals())


class SensitivityAtSpecificity(Metric):
    """The best sensitivity with at least this specificity."""

    def __init__(self, specificity: Any, num_thresholds: int = 200, class_id: Any = None, name: Any = None, dtype: Any = None) -> None:
        self._settle(locals())


class SparseCategoricalAccuracy(Metric):
    """How often the largest prediction is the class whose number is the target."""

    def __init__(self, name: str = "sparse_categorical_accuracy", dtype: Any = None) -> None:
        self._settle(locals())


class SparseCategoricalCrossentropy(Metric):
    """The mean of the loss of this name."""

    def __init__(
        self,
        name: str = "sparse_categorical_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        ignore_class: Any = None,
        axis: int = -1,
    ) -> None:
        self._settle(locals())


class SparseTopKCategoricalAccuracy(Metric):
    """How often the class whose number is the target is among the ``k`` largest predictions."""

    def __init__(
        self,
        k: int = 5,
        name: str = "sparse_top_k_categorical_accuracy",
        dtype: Any = None,
        from_sorted_ids: bool = False,
    ) -> None:
        self._settle(locals())


class SpecificityAtSensitivity(Metric):
    """The best specificity with at least this sensitivity."""

    def __init__(self, sensitivity: Any, num_thresholds: int = 200, class_id: Any = None, name: Any = None, dtype: Any = None) -> None:
        self._settle(locals())


class SquaredHinge(Metric):
    """The mean of the loss of this name."""

    def __init__(self, name: str = "squared_hinge", dtype: Any = None) -> None:
        self._settle(locals())


class Sum(Metric):
    """The sum of the values it is shown."""

    def __init__(self, name: str = "sum", dtype: Any = None) -> None:
        self._settle(locals())


class TopKCategoricalAccuracy(Metric):
    """How often the true class is among the ``k`` largest predictions."""

    def __init__(self, k: int = 5, name: str = "top_k_categorical_accuracy", dtype: Any = None) -> None:
        self._settle(locals())


class TrueNegatives(Metric):
    """How many negatives were called negative."""

    def __init__(self, thresholds: Any = None, name: Any = None, dtype: Any = None) -> None:
        self._settle(locals())


class TruePositives(Metric):
    """How many positives were called positive."""

    def __init__(self, thresholds: Any = None, name: Any = None, dtype: Any = None) -> None:
        self._settle(locals())
