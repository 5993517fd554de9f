"""The encoder as an ONNX graph, from which ONNX Runtime and OpenVINO start."""

from pathlib import Path

import torch
import transformers
from transformers import AutoModel

from peers.settings import Settings

NAME = f"onnx.torch-{torch.__version__}.transformers-{transformers.__version__}"


class LastHiddenState(torch.nn.Module):
    """The encoder with one output; `eager` attention, whose pattern the optimiser of ONNX Runtime fuses."""

    def __init__(self, encoder: str):
        super().__init__()
        self.inner = AutoModel.from_pretrained(encoder, attn_implementation="eager").eval()

    def forward(self, input_ids, attention_mask):
        return self.inner(input_ids=input_ids, attention_mask=attention_mask)[0]


def exported(settings: Settings) -> Path:
    """`model.onnx` with batch and sequence left open."""

    def convert(folder: Path) -> None:
        one = torch.ones(2, 8, dtype=torch.long)
        axes = {name: {0: "batch", 1: "sequence"} for name in ("input_ids", "attention_mask", "hidden")}
        torch.onnx.export(LastHiddenState(settings.encoder).eval(), (one, one), folder / "model.onnx",
                          input_names=["input_ids", "attention_mask"], output_names=["hidden"], dynamic_axes=axes,
                          opset_version=17, dynamo=False)

    return settings.converted(NAME, convert) / "model.onnx"
