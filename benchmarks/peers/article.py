"""The article's notebook as one script, from the imports to the accuracy; `clsify train` is compared with it.

    python peers/article.py ENCODER DATA.tsv [--limit 2000] [--grid-search] [--threads 2]

Prints one JSON object: the accuracy and the seconds of each step. The batches are sorted by length, which the article
does not do: without that its run would be longer.
"""

import time

STARTED = time.perf_counter()

import argparse
import json

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, train_test_split
from transformers import AutoModel, AutoTokenizer

BATCH = 32


def embed(encoder: str, sentences: list[str]) -> tuple[np.ndarray, float]:
    """`[CLS]` vectors, and the seconds of loading."""
    started = time.perf_counter()
    tokenizer = AutoTokenizer.from_pretrained(encoder)
    model = AutoModel.from_pretrained(encoder).eval()
    load_seconds = time.perf_counter() - started
    ids = tokenizer(sentences, truncation=True, max_length=512)["input_ids"]
    order = sorted(range(len(ids)), key=lambda sentence: len(ids[sentence]))
    vectors = [None] * len(ids)
    with torch.inference_mode():
        for start in range(0, len(order), BATCH):
            chosen = order[start : start + BATCH]
            width = max(len(ids[sentence]) for sentence in chosen)
            input_ids = torch.full((len(chosen), width), tokenizer.pad_token_id)
            attention_mask = torch.zeros_like(input_ids)
            for row, sentence in enumerate(chosen):
                input_ids[row, : len(ids[sentence])] = torch.tensor(ids[sentence])
                attention_mask[row, : len(ids[sentence])] = 1
            hidden = model(input_ids=input_ids, attention_mask=attention_mask)[0]
            for row, sentence in enumerate(chosen):
                vectors[sentence] = hidden[row, 0].numpy()
    return np.stack(vectors), load_seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("encoder")
    parser.add_argument("data")
    parser.add_argument("--limit", type=int, default=2000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--grid-search", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    seconds = {"import": time.perf_counter() - STARTED}

    with open(arguments.data, encoding="utf-8") as file:
        rows = [line.rstrip("\n").split("\t") for line in file][: arguments.limit]
    labels = np.array([row[1] for row in rows])
    started = time.perf_counter()
    features, seconds["load"] = embed(arguments.encoder, [row[0] for row in rows])
    seconds["embed"] = time.perf_counter() - started - seconds["load"]
    train, test, y_train, y_test = train_test_split(features, labels, random_state=0)
    best = {}
    if arguments.grid_search:
        started = time.perf_counter()
        search = GridSearchCV(LogisticRegression(), {"C": np.linspace(0.0001, 100, 20)}).fit(train, y_train)
        seconds["grid_search"] = time.perf_counter() - started
        best = {"C": float(search.best_params_["C"])}
    started = time.perf_counter()
    classifier = LogisticRegression(max_iter=1000, **best).fit(train, y_train)
    seconds["fit"] = time.perf_counter() - started
    seconds["total"] = time.perf_counter() - STARTED
    print(json.dumps({"accuracy": classifier.score(test, y_test), "seconds": seconds}))


if __name__ == "__main__":
    main()
