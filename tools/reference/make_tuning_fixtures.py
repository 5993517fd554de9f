"""Writes what fine-tuning the tiny checkpoints gives in PyTorch: gradients of one batch, and the losses of a training run.

    python tools/reference/make_tuning_fixtures.py fixtures/transformers

`tuning.json` describes the cases of a checkpoint, `tuning_CASE.safetensors` contains their tensors. Sentences are indices into
`sentences.json`; their ids are in `expected_tokens.json`. Nothing is dropped out, and attention is eager.

**Gradients** (`gradients` in `tuning.json`) are computed in float64 and stored as float32. Logits are `pooled @ head.coef.T +
head.intercept`. The loss of class ids is the weighted mean of the cross-entropy: its sum, each row multiplied by its weight, divided
by the sum of the weights. The weight of a row is its sample weight multiplied by the weight of its class, and 1 without either. The
loss of label sets is the same mean over rows of a row's binary cross-entropy with logits, summed over its labels. `grad.NAME` is the gradient
of the checkpoint's tensor NAME, and `grad.hidden_states.LAYER` `[n_tokens, hidden_size]` that of the output of a layer; layer 0 is the embeddings,
after ELECTRA's projection. Tokens follow each other sentence by sentence, without padding. Of the tables of the embeddings there are
only the rows that have a gradient, and `rows.NAME` says which. Some cases contain only the vectors, not the matrices. The gradient of a key's bias is zero, because softmax does
not change when all scores of a row move by the same amount; the stored numbers are rounding errors.

**Runs** (`run` in `tuning.json`, `tuning_run.safetensors`) are computed in float32: `torch.optim.AdamW` and
`get_linear_schedule_with_warmup`. Weight decay applies to matrices, without the relative attention bias. Embeddings and their LayerNorm are
frozen. `losses` are those before each step; `float64_losses` are of the same run in float64, and show how far rounding alone moves them. `final.NAME` are tensors
after the last step. The biases of keys are not among them: AdamW divides their rounding errors by themselves.
"""

import argparse
import json
import os
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

import torch
import transformers
from safetensors import safe_open
from safetensors.torch import save_file
from torch.nn import functional
from transformers import AutoModel, get_linear_schedule_with_warmup

# From 2 to 26 word pieces: one sentence is the special tokens alone, and the longest reaches MPNet's logarithmic buckets.
SENTENCES = [0, 10, 2, 29, 3]
CLASS_IDS = [2, 0, 1, 0, 2]
CLASSES = dict(sentences=SENTENCES, class_ids=CLASS_IDS)
WEIGHTED = CLASSES | dict(sample_weights=[1.0, 0.25, 3.0, 0.0, 2.0], class_weights=[0.5, 2.0, 1.25])
LABEL_SETS = dict(sentences=SENTENCES, label_sets=[[1, 0], [1, 1], [0, 0], [0, 1], [1, 0]], sample_weights=[1.0, 0.5, 2.0, 1.0, 1.5])

GRADIENTS = {
    "bert": {
        "mean": dict(pooling="mean", **CLASSES),
        "cls": dict(pooling="cls", vectors_only=True, **CLASSES),
        "label_sets": dict(pooling="mean", vectors_only=True, **LABEL_SETS),
    },
    "distilbert": {"mean": dict(pooling="mean", **CLASSES), "max": dict(pooling="max", vectors_only=True, **CLASSES)},
    "mpnet": {"mean": dict(pooling="mean", **CLASSES)},
    "roberta": {"mean": dict(pooling="mean", **WEIGHTED)},
    "electra": {"mean": dict(pooling="mean", **CLASSES)},
    # Sizes that are no multiples of a vector's width.
    "bert_2_layers_eps": {"mean": dict(pooling="mean", **CLASSES)},
    "bert_gelu_new": {"mean": dict(pooling="mean", vectors_only=True, **CLASSES)},
    "bert_relu": {"mean": dict(pooling="mean", vectors_only=True, **CLASSES)},
    "bert_silu": {"mean": dict(pooling="mean", vectors_only=True, **CLASSES)},
}

N_STEPS, WARMUP_STEPS, BATCH = 20, 2, 4
ADAMW = dict(lr=1e-3, betas=(0.9, 0.999), eps=1e-8)
WEIGHT_DECAY = 0.01
# Sentences of at most 31 tokens; the classes have no meaning.
RUN_SENTENCES = [*range(0, 17), 18, 23, 27]
RUN_CLASS_IDS = [(number + number // 4) % 3 for number in range(len(RUN_SENTENCES))]
FINAL = {
    "bert": ["encoder.layer.0.attention.self.query.weight", "encoder.layer.0.output.LayerNorm.weight",
             "encoder.layer.2.intermediate.dense.weight", "encoder.layer.2.output.dense.bias"],
    "mpnet": ["encoder.layer.0.attention.attn.q.weight", "encoder.layer.0.output.LayerNorm.weight",
              "encoder.layer.2.intermediate.dense.weight", "encoder.layer.2.output.dense.bias",
              "encoder.relative_attention_bias.weight"],
}  # fmt: skip


class Tuned:
    """An encoder and its head; parameters have the names that the checkpoint gives them."""

    def __init__(self, folder, dtype, n_outputs):
        self.model = AutoModel.from_pretrained(folder, dtype=dtype, attn_implementation="eager").eval()
        self.hidden_size = self.model.config.hidden_size
        generator = torch.Generator().manual_seed(14)
        # Of a size at which the classes are neither certain nor alike.
        coef = 0.3 * torch.randn(n_outputs, self.hidden_size, generator=generator)
        intercept = 0.3 * torch.randn(n_outputs, generator=generator)
        self.coef, self.intercept = (tensor.to(dtype).requires_grad_() for tensor in (coef, intercept))
        with safe_open(folder / "model.safetensors", "pt") as file:
            stored = list(file.keys())

        def name_of(parameter):
            [found] = [name for name in stored if name == parameter or name.endswith("." + parameter)]
            return found

        # The pooler takes no part.
        self.parameters = {name_of(name): value for name, value in self.model.named_parameters() if not name.startswith("pooler.")}
        self.parameters |= {"head.coef": self.coef, "head.intercept": self.intercept}

    def forward(self, input_ids, pooling):
        """The logits, and the hidden states of every layer with their mask."""
        longest = max(map(len, input_ids))
        pad = self.model.config.pad_token_id
        ids = torch.tensor([row + [pad] * (longest - len(row)) for row in input_ids])
        mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in input_ids])
        layers = self.model(ids, attention_mask=mask, output_hidden_states=True).hidden_states
        hidden, kept = layers[-1], mask.unsqueeze(-1).bool()
        if pooling == "mean":
            pooled = hidden.masked_fill(~kept, 0).sum(1) / kept.sum(1)
        elif pooling == "max":
            pooled = hidden.masked_fill(~kept, -torch.inf).amax(1)
        else:
            pooled = hidden[:, 0]
        return pooled @ self.coef.T + self.intercept, layers, mask.bool()


def loss_of(logits, case):
    weights = torch.ones(len(logits), dtype=logits.dtype)
    if "sample_weights" in case:
        weights = weights * torch.tensor(case["sample_weights"], dtype=logits.dtype)
    if "label_sets" in case:
        labels = torch.tensor(case["label_sets"], dtype=logits.dtype)
        rows = functional.binary_cross_entropy_with_logits(logits, labels, reduction="none").sum(1)
    else:
        class_ids = torch.tensor(case["class_ids"])
        if "class_weights" in case:
            weights = weights * torch.tensor(case["class_weights"], dtype=logits.dtype)[class_ids]
        rows = functional.cross_entropy(logits, class_ids, reduction="none")
    return (rows * weights).sum() / weights.sum()


def gradients(folder, dtype, input_ids, case):
    """The tensors of a case, by name."""
    tuned = Tuned(folder, dtype, 2 if "label_sets" in case else 3)
    logits, layers, mask = tuned.forward(input_ids, case["pooling"])
    for layer in layers:
        layer.retain_grad()
    loss = loss_of(logits, case)
    loss.backward()
    found = {"logits": logits.detach(), "head.coef": tuned.coef.detach().clone(), "head.intercept": tuned.intercept.detach().clone()}
    for number, layer in enumerate(layers):
        found[f"grad.hidden_states.{number}"] = layer.grad[mask]
    for name, parameter in tuned.parameters.items():
        if "embeddings.weight" in name:
            found[f"rows.{name}"] = rows = parameter.grad.abs().sum(1).nonzero().flatten()
            found[f"grad.{name}"] = parameter.grad[rows]
        else:
            found[f"grad.{name}"] = parameter.grad
    if dtype == torch.float64:
        check_derivative(tuned, loss, input_ids, case)
    return loss.item(), found


def check_derivative(tuned, loss, input_ids, case):
    """Compares the gradient with the difference quotient along a random direction, to see that float64 is used throughout."""
    generator = torch.Generator().manual_seed(0)
    step = 1e-6
    with torch.no_grad():
        directions = [torch.randn(p.shape, dtype=p.dtype, generator=generator) for p in tuned.parameters.values()]
        slope = sum((p.grad * d).sum() for p, d in zip(tuned.parameters.values(), directions)).item()

        def moved(by):
            for parameter, direction in zip(tuned.parameters.values(), directions):
                parameter += by * direction
            return loss_of(tuned.forward(input_ids, case["pooling"])[0], case).item()

        quotient = (moved(step) - moved(-2 * step)) / (2 * step)
    assert abs(quotient - slope) <= 1e-5 * abs(slope), f"slope {slope}, difference quotient {quotient}"


def relative_error(measured, exact):
    return ((measured - exact).norm() / exact.norm()).item()


def write_gradients(folder, tokens):
    described = {}
    for name, case in GRADIENTS[folder.name].items():
        input_ids = [tokens[sentence] for sentence in case["sentences"]]
        loss, exact = gradients(folder, torch.float64, input_ids, case)
        _, single = gradients(folder, torch.float32, input_ids, case)
        errors = {key: relative_error(single[key], exact[key]) for key in exact if not (is_key_bias(key) or key.startswith("rows."))}
        worst = max(errors, key=errors.get)
        stored = {key: tensor.float().contiguous() for key, tensor in exact.items()}  # Numbers of rows are exact in float32.
        if case.get("vectors_only"):
            stored = {key: tensor for key, tensor in stored.items()
                      if (tensor.dim() == 1 and not key.startswith("rows.")) or key in ("logits", "head.coef", "grad.head.coef", "grad.hidden_states.0")}  # fmt: skip
        path = folder / f"tuning_{name}.safetensors"
        save_file(stored, path)
        described[name] = {key: value for key, value in case.items() if key != "vectors_only"} | {"loss": loss}
        print(f"{folder.name} {name}: loss {loss:.4f}, {path.stat().st_size / 1e3:.0f} kB; float32 differs by {errors[worst]:.1e} in {worst}")
    return described


def is_key_bias(name):
    return name.endswith(("key.bias", "k_lin.bias", "attn.k.bias"))


def train(folder, dtype, batches, with_relative_bias=True):
    """The losses of a run and the parameters after it."""
    tuned = Tuned(folder, dtype, 3)
    decayed, others = [], []
    for name, parameter in tuned.parameters.items():
        relative_bias = "relative_attention_bias" in name
        if "embeddings." in name or (relative_bias and not with_relative_bias):
            parameter.requires_grad_(False)
        else:
            (decayed if parameter.dim() == 2 and not relative_bias else others).append(parameter)
    groups = [dict(params=decayed, weight_decay=WEIGHT_DECAY), dict(params=others, weight_decay=0.0)]
    optimizer = torch.optim.AdamW(groups, **ADAMW)
    schedule = get_linear_schedule_with_warmup(optimizer, WARMUP_STEPS, N_STEPS)
    losses = []
    for step in range(N_STEPS):
        input_ids, class_ids = batches[step % len(batches)]
        loss = loss_of(tuned.forward(input_ids, "mean")[0], dict(class_ids=class_ids))
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return losses, {name: parameter.detach() for name, parameter in tuned.parameters.items()}


def write_run(folder, tokens):
    rows = list(zip(RUN_SENTENCES, RUN_CLASS_IDS))
    parts = [rows[start : start + BATCH] for start in range(0, len(rows), BATCH)]
    batches = [([tokens[sentence] for sentence, _ in part], [class_id for _, class_id in part]) for part in parts]
    start = Tuned(folder, torch.float32, 3)
    losses, final = train(folder, torch.float32, batches)
    exact_losses, exact = train(folder, torch.float64, batches)
    stored = {"head.coef": start.coef.detach(), "head.intercept": start.intercept.detach()}
    stored |= {f"final.{name}": final[name] for name in [*FINAL[folder.name], "head.coef", "head.intercept"]}
    save_file({name: tensor.contiguous() for name, tensor in stored.items()}, folder / "tuning_run.safetensors")
    run = dict(
        pooling="mean",
        batches=[dict(sentences=[s for s, _ in part], class_ids=[c for _, c in part]) for part in parts],
        n_steps=N_STEPS,
        warmup_steps=WARMUP_STEPS,
        learning_rate=ADAMW["lr"],
        betas=ADAMW["betas"],
        eps=ADAMW["eps"],
        weight_decay=WEIGHT_DECAY,
        losses=losses,
        float64_losses=exact_losses,
    )
    if folder.name == "mpnet":
        run["losses_with_fixed_relative_attention_bias"], _ = train(folder, torch.float32, batches, with_relative_bias=False)
    moved = max(abs(loss / other - 1) for loss, other in zip(losses, exact_losses))
    worst = max(relative_error(final[name], exact[name]) for name in FINAL[folder.name])
    print(f"{folder.name} run: loss {losses[0]:.4f} to {losses[-1]:.4f}; float32 moves losses by {moved:.1e}, tensors by {worst:.1e}")
    return run


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    root = parser.parse_args().folder
    # Each load would report the pooler, which takes no part.
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    for name in GRADIENTS:
        folder = root / name
        tokens = [row["input_ids"] for row in json.loads((folder / "expected_tokens.json").read_text(encoding="utf-8"))]
        described = {"gradients": write_gradients(folder, tokens)}
        if name in FINAL:
            described["run"] = write_run(folder, tokens)
        # One case, batch or list of losses per line.
        text = json.dumps(described, separators=(",", ":")).replace("},", "},\n").replace(',"losses', ',\n"losses').replace(',"float64', ',\n"float64')
        (folder / "tuning.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
