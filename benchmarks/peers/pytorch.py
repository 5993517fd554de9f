"""PyTorch with transformers, as the article runs it: the reference of all vectors."""

import numpy as np
import torch
from transformers import AutoModel

from peers.settings import Settings

VERSION = torch.__version__
DTYPES = {"f32": torch.float32, "bf16": torch.bfloat16}


def load(settings: Settings):
    return first_token_of(load_model(settings))


def load_model(settings: Settings) -> torch.nn.Module:
    torch.set_num_threads(settings.threads)
    return AutoModel.from_pretrained(settings.encoder, dtype=DTYPES[settings.dtype]).eval()


def first_token_of(model):
    def encode_batch(input_ids: np.ndarray, attention_mask: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            hidden = model(input_ids=torch.from_numpy(input_ids), attention_mask=torch.from_numpy(attention_mask))[0]
            return hidden[:, 0].float().numpy()

    return encode_batch
