"""AMD's plugin for PyTorch; it needs its own version of PyTorch, hence a separate environment (`--zentorch-python`)."""

from importlib.metadata import version

import torch
import zentorch  # noqa: F401  registers the backend

from peers import pytorch
from peers.settings import Settings

VERSION = version("zentorch")


def load(settings: Settings):
    return pytorch.first_token_of(torch.compile(pytorch.load_model(settings), backend="zentorch", dynamic=True))
