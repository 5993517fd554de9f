"""ONNX Runtime: its transformer optimiser's fused graph in f32, and the same graph quantized dynamically, per channel."""

import json
from pathlib import Path

import numpy as np
import onnxruntime

from peers.settings import Settings

VERSION = onnxruntime.__version__


def prepare(settings: Settings) -> None:
    fused = settings.converted(folder_name("f32"), lambda folder: fuse(settings, folder)) / "model.onnx"
    if settings.dtype == "int8":
        settings.converted(folder_name("int8"), lambda folder: quantise(fused, folder))


def folder_name(dtype: str) -> str:
    return f"onnxruntime-{VERSION}.{dtype}"


def fuse(settings: Settings, folder: Path) -> None:
    from onnxruntime.transformers import optimizer

    from peers.onnx_export import exported

    config = json.loads((Path(settings.encoder) / "config.json").read_text(encoding="utf-8"))
    heads = config.get("num_attention_heads") or config["n_heads"]
    hidden = config.get("hidden_size") or config["dim"]
    model = optimizer.optimize_model(str(exported(settings)), model_type="bert", num_heads=heads, hidden_size=hidden)
    model.save_model_to_file(str(folder / "model.onnx"))


def quantise(fused: Path, folder: Path) -> None:
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    # The outputs of fused nodes have no declared type; they are f32.
    quantize_dynamic(fused, folder / "model.onnx", weight_type=QuantType.QInt8, per_channel=True,
                     extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT})


def load(settings: Settings):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = settings.threads
    path = settings.models / folder_name(settings.dtype) / "model.onnx"
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def encode_batch(input_ids: np.ndarray, attention_mask: np.ndarray) -> np.ndarray:
        return session.run(None, {"input_ids": input_ids, "attention_mask": attention_mask})[0][:, 0]

    return encode_batch
