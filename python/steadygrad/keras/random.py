"""The seed of everything random."""

from ._base.seeds import set_random_seed as set_seed

__all__ = ["set_seed"]
