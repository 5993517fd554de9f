"""The settings of a peer, and the folder of its converted models."""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """The settings with which a peer runs an encoder."""

    encoder: str
    dtype: str
    threads: int
    # `throughput` for many sentences, `latency` for one.
    purpose: str
    # The folder of converted models of this encoder.
    models: Path
    # Token ids of sentences that are not measured, for calibrating static quantization.
    calibration: list[list[int]]

    def converted(self, name: str, convert: Callable[[Path], None]) -> Path:
        """The folder `name` of converted models, written by `convert` if it does not exist; it appears complete or not at all."""
        folder = self.models / name
        if not folder.exists():
            temporary = self.models / f".{name}.{os.getpid()}"
            temporary.mkdir(parents=True)
            try:
                convert(temporary)
                os.rename(temporary, folder)
            finally:
                shutil.rmtree(temporary, ignore_errors=True)
        return folder
