"""CTranslate2: f32, and int8 with its own weight-only conversion and scales taken at run time."""

from pathlib import Path

import ctranslate2
import numpy as np

from peers.settings import Settings

VERSION = ctranslate2.__version__
DTYPES = {"f32": "float32", "int8": "int8"}


def prepare(settings: Settings) -> None:
    def convert(folder: Path) -> None:
        # The converter must create its folder itself.
        converter = ctranslate2.converters.TransformersConverter(settings.encoder)
        converter.convert(str(folder), quantization=DTYPES[settings.dtype], force=True)

    settings.converted(folder_name(settings), convert)


def folder_name(settings: Settings) -> str:
    return f"ctranslate2-{VERSION}.{settings.dtype}"


def load(settings: Settings):
    encoder = ctranslate2.Encoder(str(settings.models / folder_name(settings)), device="cpu", inter_threads=1,
                                  compute_type=DTYPES[settings.dtype], intra_threads=settings.threads)

    def encode_batch(input_ids: np.ndarray, attention_mask: np.ndarray) -> np.ndarray:
        # The library takes lists, and pads them itself.
        sentences = [row[:length].tolist() for row, length in zip(input_ids, attention_mask.sum(1))]
        return np.array(encoder.forward_batch(sentences).last_hidden_state)[:, 0]

    return encode_batch
