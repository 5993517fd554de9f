"""The parts of `serve.py`: `clsify serve` beside infinity on the same sentences."""

# The jobs in the record: requests per second under load, one request to an idle server, the library itself, and load for minutes.
LOAD, IDLE, LIBRARY, SOAK = "serve load", "serve idle", "serve library", "serve soak"
# The participants.
OURS, TORCH, ONNX = "clsify", "infinity torch", "infinity optimum"
# Each participant with its data type. ONNX Runtime is the fastest engine of infinity on a processor.
PARTICIPANTS = ((OURS, "f32"), (TORCH, "f32"), (ONNX, "f32"), (OURS, "int8"), (ONNX, "int8"))
# The route that all of them have, with the same request and the same answer.
PATH = "/embeddings"
