#!/usr/bin/env python3
"""Exports classifiers of every family, pooling and form of labels, and compares onnxruntime with `clsify predict`.

    check.py CLSIFY WORK

Oracle of the graph: `clsify predict`, whose vectors are compared with transformers elsewhere. Oracle of the file: `onnx.checker`.
Each case leaves its folder in WORK, with `cases.json` for `check.mjs`, which asks transformers.js the same.
"""

import json
import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from tokenizers import Tokenizer

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
# The graph and the library add in another order, in f32: measured at most 6e-6 with these tiny encoders.
TOLERANCE = 1e-5
FAMILIES = ["bert", "distilbert", "mpnet", "roberta", "xlm_roberta", "camembert", "electra", "electra_same", "ernie"]
# The same blocks with another activation, other names or another format of the weights.
VARIANTS = ["bert_2_layers_eps", "bert_bf16", "bert_f16", "bert_gamma_beta", "bert_gelu_new", "bert_gelu_pytorch_tanh",
            "bert_prefixed", "bert_relu", "bert_sharded", "bert_silu", "bert_vocab_txt", "bert_vocab_txt_cased",
            "distilbert_prefixed", "mpnet_prefixed", "xlm_roberta_prefixed"]
POOLINGS = ["cls", "mean", "max", "cls+mean+max"]
FORMS = ["two", "three", "sets"]
WORDS = "the film was good bad quiet patient funny sad great dull story actor music love wonderful rumination stunning".split()


def data():
    """The training data of each form: its file's content."""
    draw = random.Random(7)
    rows = [" ".join(draw.choices(WORDS, k=draw.randint(3, 12))) for _ in range(60)]
    names = ["negative", "neutral", "positive"]
    def of_set(row):
        return [name for name, word in zip(names, ["bad", "film", "good"]) if word in row]
    three = [names[draw.randrange(3)] for _ in rows]
    return {
        "two": "".join(f"{row}\t{'yes' if i % 2 else 'no'}\n" for i, row in enumerate(rows)),
        "three": "".join(f"{row}\t{label}\n" for row, label in zip(rows, three)),
        "sets": "".join(f"{row}\t{';'.join(of_set(row))}\n" for row in rows),
        # Every row has the last label.
        "constant": "".join(f"{row}\t{';'.join([*of_set(row), 'text'])}\n" for row in rows),
    }


def one_vs_rest(model):
    """Turns a model of three classes into an imported one with normalised sigmoids, as one-vs-rest of scikit-learn."""
    path = model / "clsify.json"
    saved = json.loads(path.read_text())
    del saved["metrics"], saved["training"]
    origin = {"library": "scikit-learn", "estimator": "LogisticRegression", "file": "head", "sha256": "0" * 64}
    path.write_text(json.dumps({**saved, "format_version": 5, "link": "normalized_sigmoids", "imported": origin}))


def cases():
    """Name, encoder's folder, form, arguments of `train`, those of `export`, and whether transformers.js is asked too."""
    for i, family in enumerate(FAMILIES):
        for j, pooling in enumerate(POOLINGS):
            for k, form in enumerate(FORMS):
                layers = ["--layers", "1-2"] if pooling == "cls+mean+max" else []
                # In Node, each family with each form once, with another pooling each time.
                is_asked = j == (i + k) % len(POOLINGS)
                name = f"{family}.{pooling}.{form}"
                yield name, f"transformers/{family}", form, ["--pooling", pooling, *layers], [], is_asked
    for variant in VARIANTS:
        yield variant, f"transformers/{variant}", "two", ["--pooling", "mean"], [], False
    for folder in sorted((FIXTURES / "sentence_transformers").iterdir()):
        if (folder / "modules.json").exists():
            yield folder.name, f"sentence_transformers/{folder.name}", "three", ["--pooling", "auto"], [], True
    bert = "transformers/bert"
    yield "layer_0", bert, "two", ["--pooling", "mean", "--layers", "0"], [], False
    yield "temperature", bert, "three", ["--pooling", "mean", "--calibration", "temperature"], [], False
    yield "platt", bert, "two", ["--pooling", "mean", "--calibration", "platt", "--scaling", "standard"], [], False
    yield "one_vs_rest", bert, "three", ["--pooling", "mean"], [], True
    yield "constant", bert, "constant", ["--pooling", "max"], [], True
    yield "short", bert, "two", ["--pooling", "cls", "--max-length", "7"], [], True
    yield "external", bert, "two", ["--pooling", "cls"], ["--external-data"], True
    for family in ("bert", "xlm_roberta"):
        prompt = ["--pooling", "mean", "--prompt", "the film: "]
        yield f"prompt.{family}", f"transformers/{family}", "two", prompt, [], True


class Check:
    def __init__(self, clsify, work):
        self.clsify, self.work = clsify, work
        sentences = json.loads((FIXTURES / "transformers/sentences.json").read_text())
        # An answer for a blank sentence is an error of `clsify predict`.
        self.sentences = [sentence for sentence in sentences if sentence.strip()]
        lines = "".join(json.dumps({"text": sentence}) + "\n" for sentence in self.sentences)
        (work / "sentences.jsonl").write_text(lines)
        for form, content in data().items():
            (work / f"{form}.tsv").write_text(content)

    def run(self, *arguments):
        found = subprocess.run([self.clsify, *map(str, arguments)], capture_output=True, text=True)
        if found.returncode:
            raise SystemExit(f"clsify {' '.join(map(str, arguments))}\n{found.stderr}")
        return found.stdout

    def expected(self, model):
        """The labels and the probabilities [n_sentences, n_labels]; None where there is no answer."""
        answers = self.run("predict", "--quiet", model, "--input", self.work / "sentences.jsonl", "-p",
                           "--output-format", "json", "--on-error", "null")
        rows = [json.loads(line).get("probabilities") for line in answers.strip().split("\n")]
        assert len(rows) == len(self.sentences)
        return rows

    def check(self, case):
        name, encoder, form, training, exporting, is_asked = case
        model, folder = self.work / f"{name}.model", self.work / name
        multi_label = ["--multi-label", ";"] if form in ("sets", "constant") else []
        self.run("train", "--quiet", "--encoder", FIXTURES / encoder, "--data", self.work / f"{form}.tsv", *training,
                 *multi_label, "--output", model)
        if name == "one_vs_rest":
            one_vs_rest(model)
        self.run("export", "onnx", "--quiet", model, folder, *exporting)
        onnx.checker.check_model(str(folder / "onnx/model.onnx"), full_check=True)
        expected = self.expected(model)
        labels = json.loads((folder / "config.json").read_text())["id2label"]
        rows = [i for i, row in enumerate(expected) if row is not None]
        wanted = np.array([[expected[i][labels[str(c)]] for c in range(len(labels))] for i in rows])
        difference = max(float(np.abs(wanted - self.probabilities(folder, rows, size)).max()) for size in (1, 16))
        if is_asked:
            tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
            (folder / "expected.json").write_text(json.dumps([
                {"text": self.sentences[i], "ids": tokenizer.encode(self.sentences[i]).ids, "probabilities": expected[i]}
                for i in rows]))
        return name, difference, is_asked

    def probabilities(self, folder, rows, size):
        """The graph's answers for batches of this size, with padding."""
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        session = onnxruntime.InferenceSession(str(folder / "onnx/model.onnx"), options)
        found = []
        for start in range(0, len(rows), size):
            batch = tokenizer.encode_batch([self.sentences[i] for i in rows[start : start + size]])
            ids, mask = (np.array([getattr(one, part) for one in batch]) for part in ("ids", "attention_mask"))
            logits, probabilities = session.run(["logits", "probabilities"], {"input_ids": ids, "attention_mask": mask})
            kind = json.loads((folder / "config.json").read_text())["problem_type"]
            logits = logits.astype(float)
            powers = np.exp(logits - logits.max(axis=1, keepdims=True))
            own = 1 / (1 + np.exp(-logits)) if kind.startswith("multi") else powers / powers.sum(axis=1, keepdims=True)
            # The readers of the folder compute probabilities from logits: both outputs must say the same.
            assert np.abs(own - probabilities).max() < 1e-6, folder
            found.append(probabilities)
        return np.concatenate(found)


def main():
    clsify, work = sys.argv[1], Path(sys.argv[2])
    check = Check(clsify, work)
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(check.check, cases()))
    found.sort(key=lambda case: case[1])
    (work / "cases.json").write_text(json.dumps([name for name, _, is_asked in found if is_asked]))
    name, largest, _ = found[-1]
    print(f"onnxruntime: {len(found)} exports, the largest difference is {largest:.1e} ({name})")
    wrong = [f"{name}: {difference:.1e}" for name, difference, _ in found if not difference <= TOLERANCE]
    if wrong:
        raise SystemExit("expected probabilities within 1e-5 of those of clsify predict, got\n  " + "\n  ".join(wrong))


if __name__ == "__main__":
    main()
