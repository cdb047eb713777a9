"""What programs ask of ``keras.backend``."""

from __future__ import annotations

from ._base import names

__all__ = ["backend", "clear_session", "epsilon", "floatx", "image_data_format"]


def backend() -> str:
    return "steadygrad"


def clear_session(free_memory: bool = True) -> None:
    """Names of layers are counted anew."""
    names.clear()


def epsilon() -> float:
    return 1e-7


def floatx() -> str:
    return "float32"


def image_data_format() -> str:
    return "channels_last"
