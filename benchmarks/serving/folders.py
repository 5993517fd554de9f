"""The folders that infinity serves: the encoder beside its ONNX graph, in f32 and in int8, as optimum's command line converts it."""

import os
import shutil
import subprocess
from pathlib import Path

import machine


def prepare(encoder: Path, infinity: Path, work: Path) -> dict[str, Path]:
    """The folder of each data type. What an earlier run converted is used again."""
    folders = {dtype: work / f"{encoder.name}-{dtype}" for dtype in ("f32", "int8")}
    optimum = infinity.with_name("optimum-cli")
    if not folders["f32"].exists():
        graph = work / "exported"
        run(optimum, "export", "onnx", "--model", encoder, "--task", "feature-extraction", "--library", "transformers", graph)
        complete(encoder, graph / "model.onnx", folders["f32"])
    if not folders["int8"].exists():
        graph = work / "quantized"
        instructions = "--avx512_vnni" if "avx512_vnni" in machine.cpu().get("instructions", "") else "--avx2"
        run(optimum, "onnxruntime", "quantize", "--onnx_model", work / "exported", instructions, "--per_channel", "-o", graph)
        complete(encoder, graph / "model_quantized.onnx", folders["int8"])
    return folders


def run(*command) -> None:
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    subprocess.run([str(part) for part in command], check=True, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def complete(encoder: Path, graph: Path, folder: Path) -> None:
    """Appears as a whole or not at all."""
    temporary = folder.with_name(f".{folder.name}.{os.getpid()}")
    shutil.copytree(encoder, temporary)
    shutil.copy(graph, temporary)
    os.rename(temporary, folder)
