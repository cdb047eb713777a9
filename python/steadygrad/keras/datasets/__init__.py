"""Data sets: ``digits`` is part of the package; ``mnist`` and ``fashion_mnist`` are read from files, or fetched once."""

from . import digits, fashion_mnist, mnist

__all__ = ["digits", "fashion_mnist", "mnist"]
