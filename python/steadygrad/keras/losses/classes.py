"""Losses as classes, under Keras' names."""

from __future__ import annotations

from typing import Any

from .loss import Loss

__all__ = [
    "BinaryCrossentropy", "BinaryFocalCrossentropy", "CategoricalCrossentropy", "CategoricalFocalCrossentropy",
    "CategoricalGeneralizedCrossEntropy", "CategoricalHinge", "CosineSimilarity", "Dice", "Hinge", "Huber", "KLDivergence",
    "LogCosh", "MeanAbsoluteError", "MeanAbsolutePercentageError", "MeanSquaredError", "MeanSquaredLogarithmicError", "Poisson",
    "SparseCategoricalCrossentropy", "SquaredHinge", "Tversky",
]


class BinaryCrossentropy(Loss):
    """−y·ln p − (1 − y)·ln(1 − p)"""

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str = "sum_over_batch_size",
        name: str = "binary_crossentropy",
        dtype: Any = None,
    ) -> None:
        self._settle(locals())


class BinaryFocalCrossentropy(Loss):
    """Binary cross-entropy that looks at what is still wrong (Lin et al. 2017)."""

    def __init__(
        self,
        apply_class_balancing: bool = False,
        alpha: float = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str = "sum_over_batch_size",
        name: str = "binary_focal_crossentropy",
        dtype: Any = None,
    ) -> None:
        self._settle(locals())


class CategoricalCrossentropy(Loss):
    """−Σ y·ln p, with one number for each class in y."""

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str = "sum_over_batch_size",
        name: str = "categorical_crossentropy",
        dtype: Any = None,
    ) -> None:
        self._settle(locals())


class CategoricalFocalCrossentropy(Loss):
    """Categorical cross-entropy that looks at what is still wrong (Lin et al. 2017)."""

    def __init__(
        self,
        alpha: float = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str = "sum_over_batch_size",
        name: str = "categorical_focal_crossentropy",
        dtype: Any = None,
    ) -> None:
        self._settle(locals())


class CategoricalGeneralizedCrossEntropy(Loss):
    """(1 − p^q) / q of the true class (Zhang and Sabuncu 2018)."""

    def __init__(
        self,
        q: float = 0.5,
        reduction: str = "sum_over_batch_size",
        name: str = "categorical_generalized_cross_entropy",
        dtype: Any = None,
    ) -> None:
        self._settle(locals())


class CategoricalHinge(Loss):
    """max(0, 1 + the largest wrong − the right)"""

    def __init__(self, reduction: str = "sum_over_batch_size", name: str = "categorical_hinge", dtype: Any = None) -> None:
        self._settle(locals())


class CosineSimilarity(Loss):
    """Minus the cosine of the angle between y_true and y_pred."""

    def __init__(self, axis: int = -1, reduction: str = "sum_over_batch_size", name: str = "cosine_similarity", dtype: Any = None) -> None:
        self._settle(locals())


class Dice(Loss):
    """1 − 2·Σ y·p / (Σy + Σp)"""

    def __init__(self, reduction: str = "sum_over_batch_size", name: str = "dice", axis: Any = None, dtype: Any = None) -> None:
        self._settle(locals())


class Hinge(Loss):
    """max(0, 1 − y·p), with y of −1 and 1."""

    def __init__(self, reduction: str = "sum_over_batch_size", name: str = "hinge", dtype: Any = None) -> None:
        self._settle(locals())


class Huber(Loss):
    """Half the square up to ``delta``, linear beyond (Huber 1964)."""

    def __init__(self, delta: float = 1.0, reduction: str = "sum_over_batch_size", name: str = "huber_loss", dtype: Any = None) -> None:
        self._settle(locals())


class KLDivergence(Loss):
    """Σ y·ln(y / p)"""

    def __init__(self, reduction: str = "sum_over_batch_size", name: str = "kl_divergence", dtype: Any = None) -> None:
        self._settle(locals())


class LogCosh(Loss):
    """ln cosh(p − y)"""

    def __init__(self, reduction: str = "sum_over_batch_size", name: str = "log_cosh", dtype: Any = None) -> None:
        self._settle(locals())


class MeanAbsoluteError(Loss):
    """|p − y|"""

    def __init__(self, reduction: str = "sum_over_batch_size", name: str = "mean_absolute_error", dtype: Any = None) -> None:
        self._settle(locals())


class MeanAbsolutePercentageError(Loss):
    """100·|p − y| / |y|"""

    def __init__(self, reduction: str = "sum_over_batch_size", name: str = "mean_absolute_percentage_error", dtype: Any = None) -> None:
        self._settle(locals())


class MeanSquaredError(Loss):
    """(p − y)²"""

    def __init__(self, reduction: str = "sum_over_batch_size", name: str = "mean_squared_error", dtype: Any = None) -> None:
        self._settle(locals())


class MeanSquaredLogarithmicError(Loss):
    """(ln(1 + p) − ln(1 + y))²"""

    def __init__(self, reduction: str = "sum_over_batch_size", name: str = "mean_squared_logarithmic_error", dtype: Any = None) -> None:
        self._settle(locals())


class Poisson(Loss):
    """p − y·ln p"""

    def __init__(self, reduction: str = "sum_over_batch_size", name: str = "poisson", dtype: Any = None) -> None:
        self._settle(locals())


class SparseCategoricalCrossentropy(Loss):
    """−ln p of the true class, whose number y is."""

    def __init__(
        self,
        from_logits: bool = False,
        ignore_class: Any = None,
        reduction: str = "sum_over_batch_size",
        axis: int = -1,
        name: str = "sparse_categorical_crossentropy",
        dtype: Any = None,
    ) -> None:
        self._settle(locals())


class SquaredHinge(Loss):
    """max(0, 1 − y·p)²"""

    def __init__(self, reduction: str = "sum_over_batch_size", name: str = "squared_hinge", dtype: Any = None) -> None:
        self._settle(locals())


class Tversky(Loss):
    """1 − the Tversky index (Salehi et al. 2017)."""

    def __init__(
        self,
        alpha: float = 0.5,
        beta: float = 0.5,
        reduction: str = "sum_over_batch_size",
        name: str = "tversky",
        axis: Any = None,
        dtype: Any = None,
    ) -> None:
        self._settle(locals())
