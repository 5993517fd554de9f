"""Writes what a trace shows of the tiny checkpoints, from transformers: attention probabilities and the places of tokens.

    python tools/reference/make_trace_fixtures.py fixtures/transformers

`expected_attentions.safetensors`: `SENTENCE.LAYER` `[num_attention_heads * n_tokens, n_tokens]`, `attentions[LAYER]` of
sentences that go through the model alone, with eager attention. `expected_offsets.json`: for each of the first
sentences `offset_mapping`, the characters of the sentence that each token stands for.
"""

import argparse
import json
import os
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

import torch
from safetensors.torch import save_file
from transformers import AutoModel, AutoTokenizer

from sentences import SENTENCES

ATTENTION_CASES = ["bert", "bert_2_layers_eps", "distilbert", "mpnet", "electra", "roberta", "xlm_roberta", "ernie"]
ATTENTION_SENTENCES = [0, 10, 11]
OFFSET_CASES = ["bert", "bert_vocab_txt_cased", "mpnet", "roberta", "xlm_roberta"]
N_OFFSET_SENTENCES = 40


def attentions(folder):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModel.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    expected = {}
    for sentence in ATTENTION_SENTENCES:
        batch = tokenizer(SENTENCES[sentence], return_tensors="pt")
        with torch.no_grad():
            layers = model(**batch, output_attentions=True).attentions
        assert len(layers) == model.config.num_hidden_layers
        for layer, probs in enumerate(layers):
            expected[f"{sentence}.{layer}"] = probs[0].flatten(0, 1).contiguous()
    return expected


def write_offsets(folder):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    rows = [tokenizer(sentence, return_offsets_mapping=True)["offset_mapping"] for sentence in SENTENCES[:N_OFFSET_SENTENCES]]
    # One sentence per line.
    lines = ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows)
    (folder / "expected_offsets.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    root = parser.parse_args().folder
    for case in ATTENTION_CASES:
        expected = attentions(root / case)
        save_file(expected, root / case / "expected_attentions.safetensors")
        # Far from uniform, so that an error in the scores shows.
        print(case, [tuple(probs.shape) for probs in expected.values()], f"largest {max(p.max() for p in expected.values()):.3f}")
    for case in OFFSET_CASES:
        write_offsets(root / case)


if __name__ == "__main__":
    main()
