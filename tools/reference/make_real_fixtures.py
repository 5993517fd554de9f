"""Writes the vectors of transformers and sentence-transformers for `fixtures/transformers/sentences.json`, with a real encoder.

    python tools/reference/make_real_fixtures.py ENCODER_FOLDER fixtures/real/all-MiniLM-L6-v2

The weights are not in the repository: a test that needs them takes their folder from a variable (see `fixtures/README.md`).
"""
import json
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from sentence_transformers import SentenceTransformer
from transformers import AutoModel, AutoTokenizer

encoder, out = Path(sys.argv[1]), Path(sys.argv[2])
sentences = json.loads(Path("fixtures/transformers/sentences.json").read_text(encoding="utf-8"))
torch.set_num_threads(1)
tokenizer = AutoTokenizer.from_pretrained(encoder)
model = AutoModel.from_pretrained(encoder, dtype=torch.float32, attn_implementation="eager").eval()
pooled, tokens = {"cls": [], "mean": [], "max": []}, []
for sentence in sentences:
    ids = tokenizer(sentence, truncation=True, max_length=512)["input_ids"]
    with torch.inference_mode():
        hidden = model(input_ids=torch.tensor([ids])).last_hidden_state[0]
    pooled["cls"].append(hidden[0])
    pooled["mean"].append(hidden.mean(0))
    pooled["max"].append(hidden.max(0).values)
    tokens.append(ids)
out.mkdir(parents=True, exist_ok=True)
expected = {name: torch.stack(rows).contiguous() for name, rows in pooled.items()}
whole = SentenceTransformer(str(encoder), device="cpu", model_kwargs={"attn_implementation": "eager"})
expected["sentence_embedding"] = torch.stack([whole.encode(sentence, convert_to_tensor=True).clone() for sentence in sentences])
save_file(expected, out / "expected.safetensors")
(out / "expected_tokens.json").write_text(json.dumps(tokens), encoding="utf-8")
