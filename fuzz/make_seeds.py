#!/usr/bin/env python3
"""Writes the small encoder in encoder/ and the seeds in seeds/TARGET/ again: `fuzz/make_seeds.py target/release/clsify`.

Each target's header says how an input is read. Saved models are those that `clsify train` writes, tokenizers are those
of the fixtures with a few tokens, all else is written here. Needs nothing but Python.
"""

import gzip
import hashlib
import io
import json
import random
import shutil
import struct
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
FIXTURES = HERE.parent / "fixtures/transformers"
SEPARATOR = b"\xff"
HIDDEN, HEADS, INTERMEDIATE, POSITIONS = 8, 2, 8, 32
VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "good", "bad", "film", "!", "##s", "##ing", "query", ":", "the", "was"]


def compact(value) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def save(target: str, name: str, content: bytes) -> None:
    path = HERE / "seeds" / target / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def safetensors(shapes: dict[str, list[int]]) -> tuple[bytes, int]:
    """A header, and the number of bytes that it describes."""
    header, end = {}, 0
    for name, shape in shapes.items():
        n = 4
        for size in shape:
            n *= size
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [end, end + n]}
        end += n
    return compact(header), end


def bert(layers: int = 1) -> dict[str, list[int]]:
    norm = lambda name: {f"{name}.weight": [HIDDEN], f"{name}.bias": [HIDDEN]}
    linear = lambda name, rows, columns: {f"{name}.weight": [rows, columns], f"{name}.bias": [rows]}
    tensors = {
        "embeddings.word_embeddings.weight": [len(VOCABULARY), HIDDEN],
        "embeddings.position_embeddings.weight": [POSITIONS, HIDDEN],
        "embeddings.token_type_embeddings.weight": [2, HIDDEN],
        **norm("embeddings.LayerNorm"),
    }
    for i in range(layers):
        layer = f"encoder.layer.{i}"
        for name in ["query", "key", "value"]:
            tensors |= linear(f"{layer}.attention.self.{name}", HIDDEN, HIDDEN)
        tensors |= linear(f"{layer}.attention.output.dense", HIDDEN, HIDDEN)
        tensors |= norm(f"{layer}.attention.output.LayerNorm")
        tensors |= linear(f"{layer}.intermediate.dense", INTERMEDIATE, HIDDEN)
        tensors |= linear(f"{layer}.output.dense", HIDDEN, INTERMEDIATE)
        tensors |= norm(f"{layer}.output.LayerNorm")
    return tensors


CONFIG = {
    "model_type": "bert",
    "vocab_size": len(VOCABULARY),
    "hidden_size": HIDDEN,
    "num_hidden_layers": 1,
    "num_attention_heads": HEADS,
    "intermediate_size": INTERMEDIATE,
    "max_position_embeddings": POSITIONS,
    "type_vocab_size": 2,
    "hidden_act": "gelu",
    "layer_norm_eps": 1e-12,
}
NUMBERS = struct.pack("<5f", 0.5, -0.25, 0.125, 1.0, -0.75)


def write_encoder() -> Path:
    folder = HERE / "encoder"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / "config.json").write_bytes(compact(CONFIG))
    (folder / "tokenizer_config.json").write_bytes(compact({"tokenizer_class": "BertTokenizer"}))
    (folder / "vocab.txt").write_text("\n".join(VOCABULARY) + "\n")
    header, n_bytes = safetensors(bert())
    numbers = random.Random(0)
    data = b"".join(struct.pack("<f", numbers.gauss(0, 0.5)) for _ in range(n_bytes // 4))
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + data)
    return folder


def archives() -> None:
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("p/config.json", "{}")
        archive.writestr("p/1_Pooling/config.json", "[1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]")
        archive.writestr("q/x", "x")
    ratings = b"1\t2.5\ta treat\r\n2\t-1.25\ta chore\r\n3\t0.1\tso so\r\n"
    tarred = io.BytesIO()
    with tarfile.open(fileobj=tarred, mode="w") as archive:
        for name, content in {"d/b": b"b", "d/a": ratings}.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    save("archives", "zip", b"\0" + zipped.getvalue())
    entries = [b"\2p/config.json\n{}", b"\0p/link\n@", b"\2p/link/x\nx", b"\1p/folder/", b"\2p/folder/y\ny"]
    save("archives", "zip_entries", b"\1" + SEPARATOR.join(entries))
    hostile = [b"\2p/../../outside/file\nx", b"\2p/@/x\nx", b"\2@/file\nx", b"\2p\\..\\x\nx", b"\2p//etc/x\nx"]
    for i, entry in enumerate(hostile):
        save("archives", f"zip_hostile_{i}", b"\1" + SEPARATOR.join([entry, b"\2p/config.json\n{}"]))
    save("archives", "tar_gz", b"\2" + gzip.compress(tarred.getvalue(), mtime=0))
    save("archives", "tar", b"\3" + tarred.getvalue())
    save("archives", "tar_entries", b"\4" + SEPARATOR.join([b"0d/b\nb", b"0d/a\n" + ratings]))
    save("archives", "tar_link", b"\4" + SEPARATOR.join([b"2d/a\n", b"Lname\nd/a\0", b"0x\n" + ratings]))


def cache_segments() -> None:
    change = lambda at, byte: struct.pack("<HB", at, byte)
    save("cache_segments", "whole", b"\0")
    save("cache_segments", "magic", b"\2" + change(7, ord("2")))
    save("cache_segments", "rows", b"\2" + change(16, 3))
    save("cache_segments", "key", b"\2" + change(60, 1))
    save("cache_segments", "vector_hash", b"\2" + change(75, 1))
    save("cache_segments", "vector", b"\0" + change(220, 1))
    save("cache_segments", "forged_vector", b"\6" + change(220, 1) + change(223, 0x7F))
    save("cache_segments", "short", b"\x0a" + change(200, 0))
    save("cache_segments", "beside_another", b"\x12" + change(75, 1))
    save("cache_segments", "raw", b"\3clsifyF1" + struct.pack("<IIQ", HIDDEN, 0, 0) + bytes(32))


def checkpoint() -> None:
    header, _ = safetensors(bert())
    modules = lambda *kinds: compact([
        {"idx": i, "name": str(i), "path": "" if kind == "Transformer" else f"{i}_{kind}", "type": f"sentence_transformers.models.{kind}"}
        for i, kind in enumerate(kinds)
    ])
    pooling = compact({"word_embedding_dimension": HIDDEN, "pooling_mode_cls_token": False, "pooling_mode_mean_tokens": True})
    dense = compact({"in_features": HIDDEN, "out_features": 4, "bias": True, "activation_function": "torch.nn.modules.activation.Tanh"})
    dense_header, _ = safetensors({"linear.weight": [4, HIDDEN], "linear.bias": [4]})
    limits = compact({"max_seq_length": 16, "do_lower_case": True})
    prompts = compact({"prompts": {"query": "query: "}, "default_prompt_name": "query", "truncate_dim": 3})

    def seed(name: str, choice: int, **files: bytes) -> None:
        order = ["config", "weights", "modules", "pooling", "dense", "dense_weights", "limits", "prompts", "index", "shard"]
        parts = [files.get(part, b"") for part in order] + [files.get("numbers", NUMBERS)]
        save("checkpoint", name, bytes([choice]) + SEPARATOR.join(parts))

    config = compact(CONFIG)
    for choice, name in enumerate(["f32", "bf16", "int8"]):
        seed(name, choice, config=config, weights=header)
    seed("all_layers", 6, config=config, weights=header)
    seed("sentence_transformers", 0, config=config, weights=header, modules=modules("Transformer", "Pooling", "Normalize"), pooling=pooling, limits=limits, prompts=prompts)
    seed("dense", 0, config=config, weights=header, modules=modules("Transformer", "Pooling", "Dense"), pooling=pooling, dense=dense, dense_weights=dense_header)
    index = compact({"weight_map": {name: "shard.safetensors" for name in bert()}})
    seed("sharded", 0, config=config, shard=header, index=index)
    seed("not_finite", 0, config=config, weights=header, numbers=struct.pack("<2f", 1e38, float("nan")))
    others = {
        "distilbert": {"dim": HIDDEN, "n_layers": 1, "n_heads": HEADS, "hidden_dim": INTERMEDIATE, "activation": "gelu"},
        "roberta": {"pad_token_id": 1},
        "mpnet": {"relative_attention_num_buckets": 8},
        "electra": {"embedding_size": 4},
    }
    for family, settings in others.items():
        # The tensors of the fixture, cut to the sizes of the configuration.
        tensors = fixture_tensors(FIXTURES / family)
        seed(family, 0, config=compact(CONFIG | {"model_type": family} | settings), weights=safetensors(tensors)[0])


def fixture_tensors(folder: Path) -> dict[str, list[int]]:
    """The tensors of a fixture's first layer with its sizes made small."""
    config = json.loads((folder / "config.json").read_text())
    with open(folder / "model.safetensors", "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
    hidden = config.get("hidden_size", config.get("dim"))
    small = {
        config["vocab_size"]: len(VOCABULARY),
        config.get("max_position_embeddings"): POSITIONS,
        config.get("intermediate_size", config.get("hidden_dim")): INTERMEDIATE,
        config.get("embedding_size"): 4,
        config.get("relative_attention_num_buckets"): 8,
        config["num_attention_heads" if "num_attention_heads" in config else "n_heads"]: HEADS,
        hidden: HIDDEN,
    }
    is_first = lambda name: not any(f"layer.{i}." in name for i in range(1, 9))
    return {
        name: [small.get(size, size) for size in tensor["shape"]]
        for name, tensor in header.items()
        if name != "__metadata__" and is_first(name) and "pooler" not in name
    }


def costs() -> None:
    save("costs", "matrix", b"true,ham,spam\nham,0,10\nspam,1.5,0\n")
    save("costs", "quoted", b'\xef\xbb\xbftrue,"a, b","c ""d"""\r\n"a, b",0,1e3\r\n"c ""d""",2,0\r\n')
    save("costs", "labels", b"label,false_positive,false_negative\nurgent,1,20\nspam,0,1\nlate,3,0\n")


def heads() -> None:
    # Files that scikit-learn has saved.
    heads = FIXTURES.parent / "heads"
    ends = ["joblib", "0.pickle", "2.pickle", "5.pickle", "joblib.zlib", "joblib.lzma", "joblib.xz", "joblib.bz2", "skops"]
    names = [f"sk19-lr3_object.{end}" for end in ends]
    names += ["sk19-calibrated3.joblib", "sk19-ovr_sets_constant.joblib", "sk19-pipe_normalizer.joblib", "sk13-lr3_ovr.joblib"]
    for name in names:
        save("heads", name, (heads / name).read_bytes())


def dataset() -> None:
    # The options: format, columns, other, table, name, reader.
    tsv = b"sentence\tlabel\na stirring , funny film\t1\nfar too long\t0\n\nso so\t1\n"
    csv = b'text,label,weight\n"Who, if ""anyone"" ?",HUM,1\nWhere is it ?,LOC,0.5\n'
    jsonl = b'{"text":"a treat","label":"1"}\n{"text":"a \\u00e9 chore","label":0}\n'
    array = b'[{"text":"a treat","label":["a","b"]},\n {"text":"a chore","label":[]}]'
    fasttext = b"__label__positive a treat\n__label__sport __label__politics the vote\n"
    one_hot = b"text,sport,politics\nthe vote,0,1\nthe match,1,false\n"
    seeds = {
        "tsv": (0, 0, 0, 9, 0, tsv),
        "csv": (0, 0, 0, 9, 1, csv),
        "weighted": (2, 0o33, 1, 9, 1, csv),
        "jsonl": (3, 0, 0, 9, 2, jsonl),
        "array": (3, 0, 0, 9, 2, array),
        "fasttext": (5, 0, 0, 9, 3, fasttext),
        "lines": (4, 0, 0, 9, 3, b"first\n\nthird\n"),
        "semicolons": (2, 0, 0, 0, 1, b"sep=;\ntext;label\na;1\nb;2\n"),
        "quoted_tsv": (1, 0, 0, 16 + 9, 0, b'text\tlabel\n"a\tb"\t1\n"c\nd"\t2\n'),
        "skipped": (6 + 1, 0, 0, 9, 0, b"a\t1\n\t0\nb\nc\t0\n"),
        "one_class": (12 + 1, 0, 0, 9, 0, b"a\t1\nb\t1\n"),
        "utf16": (0, 0, 0, 9, 0, "a\t1\nb\t0\n".encode("utf-16")),
        "gzip": (0, 0, 0, 9, 5, gzip.compress(tsv, mtime=0)),
    }
    for name, (*settings, file) in seeds.items():
        for reader in range(4):
            save("dataset", f"{name}_{reader}", bytes([*settings, 32 + reader]) + file)
    save("dataset", "one_hot", bytes([2, 0, 1, 9, 1, 16 + 2]) + one_hot)


def hub_answers() -> None:
    commit = "0123456789abcdef0123456789abcdef01234567"

    def answer(path: str, body: bytes, etag: str | None = None, status: str = "200 OK", **headers: str) -> bytes:
        etag = etag or hashlib.sha1(b"blob %d\0" % len(body) + body).hexdigest()
        lines = [f"HTTP/1.1 {status}", f'ETag: "{etag}"', f"X-Repo-Commit: {commit}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        return path.encode() + b"\n" + "\r\n".join(lines + ["Connection: close", "", ""]).encode() + body

    def repository(files: dict[str, bytes]) -> list[bytes]:
        info = {"sha": commit, "siblings": [{"rfilename": name} for name in files]}
        return [answer("main", compact(info))] + [answer(name, body) for name, body in files.items()]

    modules = compact([
        {"path": "", "type": "sentence_transformers.models.Transformer"},
        {"path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
        {"path": "2_Dense", "type": "sentence_transformers.models.Dense"},
    ])
    plain = {"config.json": b"{}", "vocab.txt": b"a\n", "model.safetensors": b"weights"}
    nested = {
        "1_Pooling/config.json": b"{ }", "2_Dense/config.json": b"{}\n", "2_Dense/model.safetensors": b"dense",
        "modules.json": modules, **plain,
    }
    index = compact({"weight_map": {"a": "m-1.safetensors", "b": "m-2.safetensors"}})
    sharded = {"config.json": b"{}", "tokenizer.json": b"{}", "model.safetensors.index.json": index, "m-1.safetensors": b"1", "m-2.safetensors": b"2"}
    seeds = {
        "plain": repository(plain),
        "nested": repository(nested),
        "sharded": repository(sharded),
        "hostile": repository({"../../../x": b"x", "/etc/x": b"x", **plain, "modules.json": modules.replace(b"1_Pooling", b"../../..")}),
        "redirect": [answer("config.json", b"", status="302 Found", Location="/elsewhere"), answer("elsewhere", b"{}")] + repository(plain),
        "abroad": [answer("config.json", b"", status="302 Found", Location="http://192.0.2.1/x")] + repository(plain),
        "gated": [answer("main", b"", status="403 Forbidden", X_Error_Code="GatedRepo")],
        "range": [answer("vocab.txt", b"a", etag="abc", status="206 Partial Content", Content_Range="bytes 0-0/2")] + repository(plain),
        "announced": [answer("model.safetensors", b"weights", etag="w", X_Linked_Size="4", Content_Length="7")] + repository(plain),
        "chunked": [answer("config.json", b"2\r\n{}\r\n0\r\n\r\n", etag="c", Transfer_Encoding="chunked")] + repository(plain),
        "no_hub": [b"main\nHTTP/1.1 200 OK\r\n\r\n<html>"],
        "broken_off": [b"main\nHTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"],
    }
    for name, parts in seeds.items():
        save("hub_answers", name, SEPARATOR.join(parts))


def saved_model(clsify: str, encoder: Path) -> None:
    tables = {
        "two": "a good film\tgood\na bad film\tbad\n" * 8,
        "three": "a good film\tgood\na bad film\tbad\nthe film was\tneutral\n" * 8,
        "labels": "a good film\tgood\na bad film\tbad\nthe good bad film\tbad;good\nthe film was\t\n" * 8,
    }
    costs = "true,bad,good\nbad,0,2\ngood,1,0\n"
    runs = {
        "two": ("two", []),
        "three": ("three", ["--abstain-below", "0.5"]),
        "costs": ("two", ["--cost-matrix", "costs.csv"]),
        "calibrated": ("two", ["--calibration", "platt"]),
        "multi_label": ("labels", ["--multi-label", ";"]),
    }
    with tempfile.TemporaryDirectory() as work:
        work = Path(work)
        shutil.copytree(encoder, work / "encoder")
        (work / "costs.csv").write_text(costs)
        for name, table in tables.items():
            (work / f"{name}.tsv").write_text(table)
        for name, (table, options) in runs.items():
            command = [clsify, "train", "--data", f"{table}.tsv", "--encoder", "encoder", "--pooling", "cls", "--bundle-encoder", "--output", name, *options]
            subprocess.run(command, cwd=work, check=True, stdout=subprocess.DEVNULL, env={"XDG_CACHE_HOME": str(work / "cache")})
            model = json.loads((work / name / "clsify.json").read_text())
            model["encoder"]["folder"] = "encoder"
            weights = (work / name / "classifier.safetensors").read_bytes()
            end = 8 + struct.unpack("<Q", weights[:8])[0]
            numbers = weights[end:].replace(SEPARATOR, b"\xfe")
            save("saved_model", name, SEPARATOR.join([compact(model), weights[8:end], numbers]))
            if name == "three":
                # Weights whose logits are not finite.
                numbers = struct.pack("<d", 1e308)
                save("saved_model", "large", SEPARATOR.join([compact(model), weights[8:end], numbers]))


def tokenizer_files() -> None:
    def tokenizer(family: str, n_tokens: int) -> bytes:
        """The fixture's tokenizer with its first tokens."""
        value = json.loads((FIXTURES / family / "tokenizer.json").read_text())
        model = value["model"]
        if isinstance(model["vocab"], list):
            kept = model["vocab"] = model["vocab"][:n_tokens]
            tokens = [token for token, _ in kept]
        else:
            first = sorted(model["vocab"].items(), key=lambda token: token[1])[:n_tokens]
            special = {token["content"] for token in value["added_tokens"]}
            tokens = list(dict.fromkeys([token for token, _ in first] + [t for t in model["vocab"] if t in special]))
            model["vocab"] = {token: id for id, token in enumerate(tokens)}
        if "merges" in model:
            pairs = [pair if isinstance(pair, list) else pair.split(" ") for pair in model["merges"]]
            model["merges"] = [pair for pair in pairs if {*pair, "".join(pair)} <= set(tokens)]
        ids = {token: id for id, token in enumerate(tokens)}
        for token in value["added_tokens"]:
            token["id"] = ids.get(token["content"], len(tokens))
        processor = value["post_processor"]
        for name in ["cls", "sep"]:
            if name in processor:
                processor[name][1] = ids[processor[name][0]]
        for name, token in processor.get("special_tokens", {}).items():
            token["ids"] = [ids[name]]
        if value["normalizer"] and "precompiled_charsmap" in value["normalizer"]:
            value["normalizer"] = {"type": "Sequence", "normalizers": [{"type": "NFKC"}, {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "}]}
        return compact(value)

    def seed(name: str, *files: bytes) -> None:
        save("tokenizer_files", name, b"\x20" + SEPARATOR.join(files))

    config = lambda family: compact(json.loads((FIXTURES / family / "tokenizer_config.json").read_text()))
    vocabulary = "\n".join(VOCABULARY).encode() + b"\n"
    seed("wordpiece", tokenizer("bert", 40), config("bert"))
    seed("byte_level", tokenizer("roberta", 80), config("roberta"))
    seed("unigram", tokenizer("xlm_roberta", 40), config("xlm_roberta"))
    seed("mpnet", tokenizer("mpnet", 30), config("mpnet"))
    seed("charsmap", compact({"model": {"type": "Unigram", "unk_id": 0, "vocab": [["<unk>", 0], ["a", -1]]}, "normalizer": {"type": "Precompiled", "precompiled_charsmap": "BAAAAAABAAAAYQA="}}))
    seed("vocabulary", b"", config("bert"), vocabulary)
    added = {"added_tokens_decoder": {"16": {"content": "[NEW]", "special": True, "lstrip": True, "rstrip": False, "normalized": False, "single_word": True}}, "truncation_side": "left", "do_lower_case": False}
    seed("settings", b"", compact(added), vocabulary)
    older = [compact({"[NEW]": 16}), compact({"cls_token": {"content": "[CLS]"}, "additional_special_tokens": ["a", "film"]})]
    seed("older_settings", b"", b"{}", vocabulary, b"", b"", *older, compact({"model_type": "bert"}))
    bytes_ = {token: id for id, token in enumerate(["<s>", "<pad>", "</s>", "<unk>", "a", "g", "o", "d", "\u0120", "go", "\u0120go", "<mask>"])}
    seed("merges", b"", compact({"tokenizer_class": "RobertaTokenizer"}), b"", compact(bytes_), "#version: 0.2\ng o\n\u0120 go\n".encode())


def main() -> None:
    clsify = str(Path(sys.argv[1]).resolve())
    shutil.rmtree(HERE / "seeds", ignore_errors=True)
    encoder = write_encoder()
    archives()
    cache_segments()
    checkpoint()
    costs()
    dataset()
    heads()
    hub_answers()
    saved_model(clsify, encoder)
    tokenizer_files()


if __name__ == "__main__":
    main()
