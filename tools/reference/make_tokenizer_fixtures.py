"""Writes the golden file of tokenizer settings: the results of AutoTokenizer for variants of the tiny checkpoints' files.

    python tools/reference/make_tokenizer_fixtures.py fixtures/transformers fixtures/tokenizer_variants.json

`--random N` writes N variants with random settings and random sentences instead; they are compared once and not kept.

A variant names its checkpoint, the form of its vocabulary, and the JSON files that are written beside
it; a file that is null is removed. `tokenizer_config.json` and `config.json` are merged into existing files, key by key.
"""

import argparse
import json
import logging
import os
import random
import tempfile
from pathlib import Path

os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["HF_HUB_OFFLINE"] = "1"

import transformers
from transformers import AutoTokenizer

CONFIG = "tokenizer_config.json"
MERGED = [CONFIG, "config.json"]


def token(content, **flags):
    defaults = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": False}
    return {"content": content, **defaults, **flags}


SENTENCES = [
    "Émile's café is a STUNNING film!",
    "naïve Ångström ÀÉÎ straße ﬁlm Ǆ ß",
    "中文 is 2 words, 日本語 three",
    "film中film a中b",
    "a film<ent>film <ent> <ent>, x<ent> y",
    "the NEWTOK newtok Newtok, newtoken anewtok a newtok",
    "  leading and   trailing  ",
    "a [MASK] film [SEP] b[CLS]c [UNK] [PAD]",
    "a <mask> film </s> b<s>c <unk> <pad>",
    "a stunning film a stunning film a stunning film a stunning film",
    "tab\there\nnew line\u00a0nbsp\u200bzwsp\u0301 \ufeff",
    "e\u0301 vs é, ｆｕｌｌ, ①②",
    "☺ 😀👍🏽 ꙮ",
    "x" * 101 + " y",
    "don't, u.s.a. 3.14 $5 a_b <extra_0>",
    "",
]

BERT = "bert"
VOCAB_TXT = {"vocabulary": "vocab.txt"}
BPE = {"vocabulary": "vocab.json"}
NO_CLASS = {"tokenizer_class": None}
DECODER = {
    "8": token("[UNK]", special=True), "9": token("[CLS]", special=True), "10": token("[SEP]", special=True),
    "507": token("<ent>"), "508": token("newtok", normalized=True, single_word=True),
}
FLAGS = {
    "507": token("<ent>", lstrip=True), "508": token("newtok", rstrip=True, normalized=True),
    "509": token("中", single_word=True, special=True), "3": token("[unused2]", normalized=True),
}


def variants():
    cased = {"do_lower_case": False}
    yield "lower_case_false", BERT, {CONFIG: cased}, {}
    yield "strip_accents_false", BERT, {CONFIG: {"strip_accents": False}}, {}
    yield "cased_strip_accents", BERT, {CONFIG: {"do_lower_case": False, "strip_accents": True}}, {}
    yield "chinese_whole", "distilbert", {CONFIG: {"tokenize_chinese_chars": False, "tokenizer_class": "DistilBertTokenizer"}}, {}
    yield "class_of_the_family", "electra", {CONFIG: None}, {}
    yield "class_of_config_json", BERT, {CONFIG: {**cased, **NO_CLASS}, "config.json": {"tokenizer_class": "PreTrainedTokenizerFast"}}, {}
    yield "as_stored", BERT, {CONFIG: {**cased, "tokenizer_class": "PreTrainedTokenizerFast", "added_tokens_decoder": DECODER}}, {}
    yield "as_stored_mpnet", "mpnet", {CONFIG: {"tokenizer_class": "TokenizersBackend", "extra_special_tokens": ["<extra_0>", "film"]}}, {}
    yield "other_special_tokens", BERT, {CONFIG: {"cls_token": "film", "sep_token": "[unused0]", "unk_token": "[unused1]", "mask_token": None}}, {}
    yield "null_special_tokens", BERT, {CONFIG: {"cls_token": None, "sep_token": None}}, {"keep_null": True}
    yield "decoder", BERT, {CONFIG: {"added_tokens_decoder": DECODER}, "added_tokens.json": {"film": 3}}, {}
    yield "decoder_flags", BERT, {CONFIG: {"added_tokens_decoder": FLAGS, "image_token": "<extra_0>"}}, {}
    yield "split_special", BERT, {CONFIG: {"split_special_tokens": True, "additional_special_tokens": ["<ent>"]}}, {}
    yield "truncation_left", BERT, {CONFIG: {"truncation_side": "left", "model_max_length": 8}}, {}
    yield "model_max_length", BERT, {CONFIG: {"model_max_length": 9}}, {}
    yield "added_tokens", BERT, {"added_tokens.json": {"<ent>": 508, "newtok": 507, "[MASK]": 11}}, VOCAB_TXT
    yield "vocab_txt_decoder", BERT, {CONFIG: {"added_tokens_decoder": DECODER}}, VOCAB_TXT
    yield "vocab_txt_map", BERT, {CONFIG: {"mask_token": None}, "special_tokens_map.json": {
        "mask_token": token("[MASK]", lstrip=True), "additional_special_tokens": ["<ent>", "<extra_0>"], "unk_token": "[UNK]"}}, VOCAB_TXT
    yield "vocab_txt_extra", BERT, {CONFIG: {"extra_special_tokens": {"image_token": "<ent>"}, "additional_special_tokens": ["film"]},
                                    "special_tokens_map.json": {"extra_special_tokens": ["film"]}}, VOCAB_TXT
    yield "vocab_txt_alone", BERT, {CONFIG: None}, VOCAB_TXT
    yield "vocab_txt_mpnet", "mpnet", {CONFIG: {"strip_accents": True, "do_lower_case": False}, "added_tokens.json": {"<ent>": 510}}, VOCAB_TXT
    yield "mpnet", "mpnet", {CONFIG: {"mask_token": "<mask>", "do_lower_case": False, "added_tokens_decoder": DECODER}}, {}
    yield "roberta_prefix", "roberta", {CONFIG: {"add_prefix_space": True}}, {}
    yield "roberta_files", "roberta", {}, BPE
    yield "roberta_files_alone", "roberta", {CONFIG: None}, BPE
    yield "roberta_files_added", "roberta", {CONFIG: {"add_prefix_space": True, "additional_special_tokens": ["<extra_0>"]},
                                            "added_tokens.json": {"<ent>": 901, "newtok": 902},
                                            "special_tokens_map.json": {"mask_token": token("<mask>", lstrip=True, rstrip=True)}}, BPE
    yield "bart_class", "roberta", {CONFIG: {"tokenizer_class": "BartTokenizer", "trim_offsets": False, "errors": "strict"}}, {}
    yield "xlm_roberta_prefix", "xlm_roberta", {CONFIG: {"add_prefix_space": False}}, {}
    yield "xlm_roberta_added", "xlm_roberta", {CONFIG: {"added_tokens_decoder": DECODER, "bos_token": "a"}}, {}
    yield "camembert", "xlm_roberta", {CONFIG: {"tokenizer_class": "CamembertTokenizer", "unk_token": "s"}}, {}
    yield "camembert_family", "xlm_roberta", {CONFIG: {**NO_CLASS, "additional_special_tokens": ["<ent>"]}, "config.json": {"model_type": "camembert"}}, {}


def random_variants(n, seed):
    rng = random.Random(seed)
    contents = ["<ent>", "newtok", "Newtok", "film", "[MASK]", "<mask>", "中", " a", "é", "[unused3]", "##s", "-", "a b", "<s>", "x\u0301"]

    def flags():
        return {key: rng.random() < 0.4 for key in ["single_word", "lstrip", "rstrip", "normalized", "special"]}

    def string_or_token(content):
        return content if rng.random() < 0.6 else {"__type": "AddedToken", **token(content, **flags())}

    for i in range(n):
        base = rng.choice(["bert", "distilbert", "electra", "mpnet", "roberta", "xlm_roberta"])
        config = {}
        for key in ["do_lower_case", "strip_accents", "tokenize_chinese_chars", "add_prefix_space", "split_special_tokens"]:
            if rng.random() < 0.3:
                config[key] = rng.random() < 0.5
        if rng.random() < 0.25:
            config["tokenizer_class"] = rng.choice(["PreTrainedTokenizerFast", None, "NoSuchTokenizer"])
        for key in ["unk_token", "mask_token", "cls_token", "sep_token", "pad_token", "bos_token", "eos_token", "image_token"]:
            if rng.random() < 0.12:
                config[key] = string_or_token(rng.choice(contents))
        if rng.random() < 0.3:
            ids = rng.sample(range(0, 1000), rng.randint(0, 5))
            config["added_tokens_decoder"] = {str(i): token(rng.choice(contents), **flags()) for i in ids}
        if rng.random() < 0.3:
            key = rng.choice(["additional_special_tokens", "extra_special_tokens"])
            config[key] = [string_or_token(rng.choice(contents)) for _ in range(rng.randint(0, 3))]
        files = {CONFIG: config if rng.random() < 0.93 else None}
        if rng.random() < 0.3:
            files["added_tokens.json"] = {c: rng.randint(0, 1000) for c in rng.sample(contents, rng.randint(0, 4))}
        if rng.random() < 0.3:
            files["special_tokens_map.json"] = {
                key: rng.choice([token(c, **flags()), c])
                for key in rng.sample(["unk_token", "mask_token", "cls_token", "bos_token", "x_token"], rng.randint(0, 3))
                for c in [rng.choice(contents)]
            }
            if rng.random() < 0.5:
                files["special_tokens_map.json"]["additional_special_tokens"] = rng.sample(contents, 2)
        form = {}
        if rng.random() < 0.4 and base != "xlm_roberta":
            form = BPE if base == "roberta" else VOCAB_TXT
        pieces = contents + ["film", " ", "  ", "stunning", "É", "日", "[SEP]", "</s>", "\t", "1", ".", "FILM", "s", "\u0301", "<unk>"]
        sentences = ["".join(rng.choice(pieces) for _ in range(rng.randint(1, 14))) for _ in range(10)]
        yield f"random_{i}", base, files, {**form, "sentences": sentences}


def write_json(path, value):
    path.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")


def make_folder(source, folder, files, form, keep_null):
    names = ["config.json", "tokenizer.json", CONFIG]
    for name in names:
        (folder / name).write_bytes((source / name).read_bytes())
    model = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))["model"]
    if form:
        (folder / "tokenizer.json").unlink()
    if form == "vocab.txt":
        vocab = sorted(model["vocab"], key=model["vocab"].get)
        (folder / "vocab.txt").write_text("".join(token + "\n" for token in vocab), encoding="utf-8")
    if form == "vocab.json":
        write_json(folder / "vocab.json", model["vocab"])
        merges = [" ".join(merge) for merge in model["merges"]]
        (folder / "merges.txt").write_text("\n".join(["#version: 0.2", *merges]) + "\n", encoding="utf-8")
    for name, value in files.items():
        path = folder / name
        if value is None:
            path.unlink()
        elif name in MERGED:
            merged = {**json.loads(path.read_text(encoding="utf-8")), **value}
            write_json(path, merged if keep_null else {key: v for key, v in merged.items() if v is not None})
        else:
            write_json(path, value)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("checkpoints", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--random", type=int)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    logging.disable(logging.WARNING)
    results = []
    for name, base, files, options in random_variants(args.random, args.seed) if args.random else variants():
        with tempfile.TemporaryDirectory() as folder:
            folder = Path(folder)
            form, keep_null = options.get("vocabulary"), options.get("keep_null", False)
            make_folder(args.checkpoints / base, folder, files, form, keep_null)
            sentences = options.get("sentences", SENTENCES)
            result = {"name": name, "base": base, "vocabulary": form, "keep_null": keep_null, "files": files}
            if "sentences" in options:
                result["sentences"] = sentences
            try:
                tokenizer = AutoTokenizer.from_pretrained(folder)
                ids = [tokenizer(text, truncation=True)["input_ids"] for text in sentences]
                result |= {"class": type(tokenizer).__name__, "input_ids": ids}
                if form == "vocab.txt":
                    lines = (folder / "vocab.txt").read_text(encoding="utf-8").split("\n")
                    ends = [tokenizer.cls_token, tokenizer.sep_token, tokenizer.unk_token]
                    if not all(token is None or token in lines for token in ends):
                        # transformers gives them new ids; this project requires such a token in the vocabulary.
                        result["error"] = "refused"
            except BaseException as error:
                if not args.random:
                    raise
                result |= {"class": None, "error": f"{type(error).__name__}: {error}"[:200]}
            results.append(result)
    golden = {"transformers": transformers.__version__, "sentences": SENTENCES, "variants": results}
    lines = ",\n".join(json.dumps(variant, ensure_ascii=False) for variant in results)
    head = json.dumps({key: golden[key] for key in ["transformers", "sentences"]}, ensure_ascii=False)
    args.output.write_text(f"{head[:-1]}, \"variants\": [\n{lines}\n]}}\n", encoding="utf-8")


main()
