"""Writes a checkpoint of DistilBERT's architecture (6 layers, hidden size 768) with random weights.

    python benchmarks/make_distilbert.py TOKENIZER_DIR OUT_DIR

Speed does not depend on the weights, so this can replace `distilbert-base-uncased` if that is not available. Its
vectors mean nothing; `"random_weights": true` in its configuration tells the suite. TOKENIZER_DIR is any uncased BERT
checkpoint, whose vocabulary is DistilBERT's.
"""

import json
import shutil
import sys
from pathlib import Path

import torch
from transformers import DistilBertConfig, DistilBertModel

TOKENIZER_FILES = ("tokenizer.json", "vocab.txt", "tokenizer_config.json", "special_tokens_map.json")


def main(tokenizer: Path, out: Path) -> None:
    torch.manual_seed(0)
    DistilBertModel(DistilBertConfig()).eval().save_pretrained(out)
    config = json.loads((out / "config.json").read_text(encoding="utf-8"))
    (out / "config.json").write_text(json.dumps(config | {"random_weights": True}, indent=2) + "\n", encoding="utf-8")
    for name in TOKENIZER_FILES:
        if (tokenizer / name).exists():
            shutil.copy(tokenizer / name, out)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
