"""A training that outlives its process."""

from __future__ import annotations

import os
from typing import Any

from .callback import Callback

__all__ = ["BackupAndRestore"]


class BackupAndRestore(Callback):
    """Keeps a training in a folder while it runs, and goes on from there when ``fit`` is called again.

    Weights, optimizer, history, order of the samples, noise and the other callbacks of this package go on as if there had been no stop:
    the numbers are the same to the last bit. So the same script, started again, ends where it would have ended. A callback of your own
    begins anew, as nobody knows what in it is to be remembered. The samples must be the same; ``epochs`` may be more.

    A checkpoint is made after every epoch, or with ``save_freq=100`` after every hundred batches; Ctrl-C makes one, too, after the batch or
    the validation that runs; asked a second time, a validation is not waited for. The newest one that holds is used: one that was not
    written to its end, or was changed, is passed over with a warning. Two are kept, so ``double_checkpoint`` changes nothing. When the
    training has come to its end they are deleted, unless ``delete_checkpoint`` is False.
    """

    def __init__(self, backup_dir: Any, save_freq: Any = "epoch", double_checkpoint: bool = False, delete_checkpoint: bool = True) -> None:
        super().__init__()
        folder = backup_dir.__fspath__() if hasattr(backup_dir, "__fspath__") else backup_dir
        if not isinstance(folder, str) or not folder:
            raise ValueError(f"BackupAndRestore: `backup_dir` must be the path of a folder, got {backup_dir!r}")
        whole = isinstance(save_freq, int) and not isinstance(save_freq, bool)
        if save_freq != "epoch" and not (whole and save_freq > 0):
            raise ValueError(f'BackupAndRestore: `save_freq` must be "epoch" or a number of batches, got {save_freq!r}')
        self.backup_dir = folder
        self.save_freq = save_freq
        self.double_checkpoint = double_checkpoint
        self.delete_checkpoint = delete_checkpoint

    def _asked(self) -> tuple[str, int | None, bool]:
        every = None if self.save_freq == "epoch" else int(self.save_freq)
        return os.path.abspath(self.backup_dir), every, bool(self.delete_checkpoint)


def backup_of(callbacks: list[Any]) -> tuple[str, int | None, bool] | None:
    """Where a training with these callbacks is kept, if it is."""
    found = [callback for callback in callbacks if isinstance(callback, BackupAndRestore)]
    if len(found) > 1:
        raise ValueError("`callbacks`: a training is kept in one folder, and there are several BackupAndRestore")
    return found[0]._asked() if found else None
