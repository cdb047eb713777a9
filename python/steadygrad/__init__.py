"""Deep networks whose gradients stay steady, and a doctor for the ones that do not."""

from ._native import __version__

__all__ = ["__version__"]
