"""OpenVINO: f32 and bf16 by its precision hint, int8 quantized by NNCF with calibration sentences."""

import hashlib
import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
import openvino

from peers.settings import Settings

VERSION = version("openvino")
CALIBRATION_SENTENCES = 200


def prepare(settings: Settings) -> None:
    settings.converted(folder_name(settings, "plain"), lambda folder: convert(settings, folder))
    if settings.dtype == "int8":
        settings.converted(folder_name(settings, "int8"), lambda folder: quantise(settings, folder))


def folder_name(settings: Settings, form: str) -> str:
    if form == "plain":
        return f"openvino-{VERSION}"
    # Static scales depend on the calibration sentences.
    sentences = hashlib.sha256(json.dumps(settings.calibration).encode()).hexdigest()[:12]
    return f"openvino-{VERSION}.nncf-{version('nncf')}.{sentences}"


def model_path(settings: Settings, form: str) -> Path:
    return settings.models / folder_name(settings, form) / "model.xml"


def convert(settings: Settings, folder: Path) -> None:
    from peers.onnx_export import exported

    model = openvino.Core().read_model(exported(settings))
    openvino.save_model(model, folder / "model.xml", compress_to_fp16=False)


def quantise(settings: Settings, folder: Path) -> None:
    import nncf

    def inputs(ids: list[int]) -> dict[str, np.ndarray]:
        return {"input_ids": np.array([ids], np.int64), "attention_mask": np.ones((1, len(ids)), np.int64)}

    calibration = nncf.Dataset(settings.calibration, inputs)
    model = openvino.Core().read_model(model_path(settings, "plain"))
    quantised = nncf.quantize(model, calibration, model_type=nncf.ModelType.TRANSFORMER, subset_size=CALIBRATION_SENTENCES)
    openvino.save_model(quantised, folder / "model.xml")


def load(settings: Settings):
    form = "int8" if settings.dtype == "int8" else "plain"
    # Operations that are not quantized in the int8 model stay f32.
    precision = "bf16" if settings.dtype == "bf16" else "f32"
    options = {"INFERENCE_PRECISION_HINT": precision, "INFERENCE_NUM_THREADS": settings.threads}
    if settings.purpose == "latency":
        options["PERFORMANCE_HINT"] = "LATENCY"
    compiled = openvino.Core().compile_model(model_path(settings, form), "CPU", options)
    request, output = compiled.create_infer_request(), compiled.output(0)

    def encode_batch(input_ids: np.ndarray, attention_mask: np.ndarray) -> np.ndarray:
        return np.array(request.infer({"input_ids": input_ids, "attention_mask": attention_mask})[output][:, 0])

    return encode_batch
