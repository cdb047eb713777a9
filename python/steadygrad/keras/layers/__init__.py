"""Layers, under Keras' names."""

from __future__ import annotations

from typing import Any

from .._base.layer import Layer
from . import activation, convolution, core, merging, noise, normalization, pooling, preprocessing, reshaping
from .activation import *  # noqa: F403
from .convolution import *  # noqa: F403
from .core import *  # noqa: F403
from .merging import *  # noqa: F403
from .noise import *  # noqa: F403
from .normalization import *  # noqa: F403
from .pooling import *  # noqa: F403
from .preprocessing import *  # noqa: F403
from .reshaping import *  # noqa: F403

__all__ = [
    "Layer", *activation.__all__, *convolution.__all__, *core.__all__, *merging.__all__, *noise.__all__, *normalization.__all__,
    *pooling.__all__, *preprocessing.__all__, *reshaping.__all__,
]

#: What Keras has and this does not, by what it is.
ABSENT = {
    "recurrent layers": ("RNN", "LSTM", "GRU", "SimpleRNN", "LSTMCell", "GRUCell", "SimpleRNNCell", "Bidirectional", "TimeDistributed", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D", "StackedRNNCells"),
    "attention": ("Attention", "AdditiveAttention", "MultiHeadAttention", "GroupQueryAttention"),
    "masks": ("Masking",),
    "layers of texts and categories": ("TextVectorization", "StringLookup", "IntegerLookup", "Hashing", "HashedCrossing", "CategoryEncoding", "Discretization"),
    "formulas of your own": ("Lambda",),
}


def __getattr__(name: str) -> Any:
    for what, classes in ABSENT.items():
        if name in classes:
            help = " (a function on arrays can stand in the place of an `activation`)" if name == "Lambda" else ""
            raise AttributeError(f"there is no `{name}` here: {what} are not part of steadygrad{help}")
    import difflib

    near = difflib.get_close_matches(name, __all__, 1)
    raise AttributeError(f"there is no layer `{name}` here" + (f"; did you mean `{near[0]}`?" if near else ""))
