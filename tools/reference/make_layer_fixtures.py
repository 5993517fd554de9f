"""Writes the hidden states of transformers for every layer of the tiny checkpoints: `expected_layers.safetensors`.

    python tools/reference/make_layer_fixtures.py fixtures/transformers

`LAYER.cls` and `LAYER.mean` `[16, hidden_size]`: `hidden_states[LAYER]` of the first 16 sentences, pooled. Each goes
through the model alone, so that there is no padding.
"""

import argparse
import os
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

import torch
from safetensors.torch import save_file
from transformers import AutoModel, AutoTokenizer

from sentences import SENTENCES

CASES = ["bert", "distilbert", "mpnet", "electra", "roberta"]
N_SENTENCES = 16


def pooled(folder):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModel.from_pretrained(folder, dtype=torch.float32).eval()
    rows = {}
    for sentence in SENTENCES[:N_SENTENCES]:
        batch = tokenizer(sentence, truncation=True, max_length=512, return_tensors="pt")
        with torch.no_grad():
            states = model(**batch, output_hidden_states=True).hidden_states
        for layer, state in enumerate(states):
            rows.setdefault(f"{layer}.cls", []).append(state[0, 0])
            rows.setdefault(f"{layer}.mean", []).append(state[0].mean(0))
    return {name: torch.stack(tensors).contiguous() for name, tensors in rows.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    for case in CASES:
        folder = parser.parse_args().folder / case
        save_file(pooled(folder), folder / "expected_layers.safetensors")
        print(case)


if __name__ == "__main__":
    main()
