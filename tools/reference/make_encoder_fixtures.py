"""Writes the golden files of the tokenizer and the encoder: tiny random checkpoints, and their results in transformers.

    python tools/reference/make_encoder_fixtures.py fixtures/transformers

The sentence-transformers folders go beside it, to fixtures/sentence_transformers.
"""

import argparse
import json
import logging
import os
import shutil
import zlib
from pathlib import Path

os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["HF_HUB_OFFLINE"] = "1"

import torch
import transformers
from safetensors.torch import load_file, save_file
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Dense, Normalize, Pooling, Transformer
from tokenizers import Tokenizer
from transformers import AutoModel, AutoTokenizer

import tiny_tokenizers
from sentences import SENTENCES

MAX_TOKENS = 512
BATCH = 16


def write_json(path, value):
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


# Tokenizer files --------------------------------------------------------------------------------------------------

BERT_TOKENS = {"unk_token": "[UNK]", "sep_token": "[SEP]", "pad_token": "[PAD]", "cls_token": "[CLS]", "mask_token": "[MASK]"}
S_TOKENS = {"bos_token": "<s>", "eos_token": "</s>", "sep_token": "</s>", "cls_token": "<s>", "pad_token": "<pad>"}
MASK = {"content": "<mask>", "single_word": False, "lstrip": True, "rstrip": False, "normalized": False}


def tokenizer_config(folder, tokenizer_class, **settings):
    config = {**settings, "model_max_length": MAX_TOKENS, "tokenizer_class": tokenizer_class}
    write_json(folder / "tokenizer_config.json", config)


def bert_tokenizer(folder, tokenizer_class="BertTokenizer", truncated=False):
    tokenizer = tiny_tokenizers.bert()
    if truncated:
        # all-MiniLM-L6-v2 stores these; neither may affect the result.
        tokenizer.enable_truncation(128)
        tokenizer.enable_padding(length=128, pad_id=tokenizer.token_to_id("[PAD]"), pad_token="[PAD]")
    tokenizer.save(str(folder / "tokenizer.json"))
    settings = {"do_lower_case": True, "tokenize_chinese_chars": True, "strip_accents": None}
    tokenizer_config(folder, tokenizer_class, **settings, **BERT_TOKENS)


def minilm_tokenizer(folder):
    bert_tokenizer(folder, truncated=True)


def distilbert_tokenizer(folder):
    bert_tokenizer(folder, "DistilBertTokenizer")


def electra_tokenizer(folder):
    bert_tokenizer(folder, "ElectraTokenizer")


def vocab_txt(folder, lowercase=True):
    (folder / "vocab.txt").write_text("\n".join(tiny_tokenizers.bert_vocab(lowercase)) + "\n", encoding="utf-8")
    settings = {"do_lower_case": lowercase, "tokenize_chinese_chars": True, "strip_accents": None}
    tokenizer_config(folder, "BertTokenizer", **settings, **BERT_TOKENS)


def vocab_txt_cased(folder):
    vocab_txt(folder, lowercase=False)


def mpnet_tokenizer(folder):
    tiny_tokenizers.mpnet().save(str(folder / "tokenizer.json"))
    settings = {"do_lower_case": True, "tokenize_chinese_chars": True, "strip_accents": None}
    tokenizer_config(folder, "MPNetTokenizer", **settings, **S_TOKENS, unk_token="[UNK]", mask_token=MASK | {"__type": "AddedToken"})


def roberta_tokenizer(folder):
    tiny_tokenizers.roberta().save(str(folder / "tokenizer.json"))
    tokenizer_config(folder, "RobertaTokenizer", **S_TOKENS, unk_token="<unk>", mask_token=MASK | {"__type": "AddedToken"})


def xlm_roberta_tokenizer(folder):
    tiny_tokenizers.xlm_roberta().save(str(folder / "tokenizer.json"))
    tokenizer_config(folder, "XLMRobertaTokenizer", **S_TOKENS, unk_token="<unk>", mask_token=MASK | {"__type": "AddedToken"})


def camembert_tokenizer(folder):
    tiny_tokenizers.xlm_roberta().save(str(folder / "tokenizer.json"))
    tokenizer_config(folder, "CamembertTokenizer", **S_TOKENS, unk_token="<unk>", mask_token=MASK | {"__type": "AddedToken"})


# Checkpoints ------------------------------------------------------------------------------------------------------

SIZES = dict(hidden_size=32, num_attention_heads=4, intermediate_size=64, num_hidden_layers=3)
BERT = SIZES | dict(max_position_embeddings=512, pad_token_id=0)
DISTILBERT = dict(dim=32, n_heads=4, hidden_dim=64, n_layers=2, max_position_embeddings=512, pad_token_id=0)
ROBERTA = SIZES | dict(max_position_embeddings=514, type_vocab_size=1, pad_token_id=1, bos_token_id=0, eos_token_id=2, layer_norm_eps=1e-5)
MPNET = SIZES | dict(max_position_embeddings=514, pad_token_id=1, bos_token_id=0, eos_token_id=2, layer_norm_eps=1e-5)


def case(model, tokenizer, config, seed=None, **options):
    return dict(model=model, tokenizer=tokenizer, config=config, seed=seed, **options)


# The cases of one seed have the same weights, so they differ only in what their names say.
CASES = {
    "bert": case("BertModel", minilm_tokenizer, BERT, "bert", position_ids="embeddings.position_ids"),
    "bert_prefixed": case("BertForSequenceClassification", bert_tokenizer, BERT),
    "bert_gamma_beta": case("BertForPreTraining", bert_tokenizer, BERT, gamma_beta=True),
    "bert_vocab_txt": case("BertModel", vocab_txt, BERT),
    "bert_vocab_txt_cased": case("BertModel", vocab_txt_cased, BERT),
    "bert_gelu_new": case("BertModel", bert_tokenizer, BERT | dict(hidden_act="gelu_new"), "bert"),
    "bert_gelu_pytorch_tanh": case("BertModel", bert_tokenizer, BERT | dict(hidden_act="gelu_pytorch_tanh"), "bert"),
    "bert_relu": case("BertModel", bert_tokenizer, BERT | dict(hidden_act="relu"), "bert"),
    "bert_silu": case("BertModel", bert_tokenizer, BERT | dict(hidden_act="silu"), "bert"),
    "bert_f16": case("BertModel", bert_tokenizer, BERT, "bert", dtype=torch.float16),
    "bert_bf16": case("BertModel", bert_tokenizer, BERT, "bert", dtype=torch.bfloat16),
    "bert_sharded": case("BertModel", bert_tokenizer, BERT, "shards", max_shard_size="80KB"),
    "bert_2_layers_eps": case(
        "BertModel",
        bert_tokenizer,
        BERT | dict(num_hidden_layers=2, layer_norm_eps=1e-3, hidden_size=48, intermediate_size=74),
    ),
    "distilbert": case("DistilBertModel", distilbert_tokenizer, DISTILBERT),
    "distilbert_prefixed": case("DistilBertForMaskedLM", distilbert_tokenizer, DISTILBERT),
    "mpnet": case("MPNetModel", mpnet_tokenizer, MPNET),
    "mpnet_prefixed": case("MPNetForMaskedLM", mpnet_tokenizer, MPNET, position_ids="mpnet.embeddings.position_ids"),
    "roberta": case("RobertaForMaskedLM", roberta_tokenizer, ROBERTA, position_ids="roberta.embeddings.position_ids"),
    "xlm_roberta": case("XLMRobertaModel", xlm_roberta_tokenizer, ROBERTA),
    "xlm_roberta_prefixed": case("XLMRobertaForMaskedLM", xlm_roberta_tokenizer, ROBERTA),
    "camembert": case("CamembertForMaskedLM", camembert_tokenizer, ROBERTA, position_ids="roberta.embeddings.position_ids"),
    "electra": case("ElectraModel", electra_tokenizer, BERT | dict(embedding_size=20)),
    "electra_same": case("ElectraForPreTraining", electra_tokenizer, BERT | dict(embedding_size=32)),
    # Four token types, as in ernie-2.0; a sentence alone is of type 0.
    "ernie": case("ErnieForMaskedLM", bert_tokenizer, BERT | dict(type_vocab_size=4, layer_norm_eps=1e-5)),
}


def randomize(model, seed):
    """Weights of a magnitude at which attention is far from uniform and each part affects the result."""
    generator = torch.Generator().manual_seed(zlib.crc32(seed.encode()))
    with torch.no_grad():
        for name, parameter in sorted(model.named_parameters()):
            noise = torch.randn(parameter.shape, generator=generator)
            norm = "norm" in name.lower()
            if norm and name.endswith("weight"):
                parameter.copy_(1 + 0.3 * noise)
            elif "relative_attention_bias" in name:
                parameter.copy_(1.5 * noise)
            elif name.endswith(("intermediate.dense.bias", "lin1.bias")):
                # Left of zero, the two forms of GELU differ most relative to their values.
                parameter.copy_(0.5 * noise - 1.5)
            elif name.endswith(("output.dense.weight", "lin2.weight")) and "attention" not in name:
                parameter.copy_(1.0 * noise)
            else:
                matrix = noise.dim() == 2 and "embeddings." not in name
                parameter.copy_((1.5 / noise.shape[1] ** 0.5 if matrix else 0.5) * noise)


def write_checkpoint(folder, name, case):
    case["tokenizer"](folder)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model_class = getattr(transformers, case["model"])
    config = model_class.config_class(vocab_size=len(tokenizer), **case["config"])
    model = model_class(config)
    randomize(model, case["seed"] or name)
    model.to(case.get("dtype", torch.float32)).save_pretrained(folder, max_shard_size=case.get("max_shard_size", "5GB"))
    (folder / "generation_config.json").unlink(missing_ok=True)

    # Old checkpoints have names and tensors that transformers no longer writes.
    path = folder / "model.safetensors"
    if case.get("gamma_beta"):
        rename = {"LayerNorm.weight": "LayerNorm.gamma", "LayerNorm.bias": "LayerNorm.beta"}
        tensors = load_file(path)
        for new, old in rename.items():
            tensors = {key.replace(new, old): tensor for key, tensor in tensors.items()}
        save_file(tensors, path, metadata={"format": "pt"})
    if position_ids := case.get("position_ids"):
        positions = torch.arange(config.max_position_embeddings).unsqueeze(0)
        save_file(load_file(path) | {position_ids: positions}, path, metadata={"format": "pt"})


# Expectations -----------------------------------------------------------------------------------------------------


def tokenize(tokenizer, sentences):
    return tokenizer(sentences, truncation=True, max_length=MAX_TOKENS, padding="longest", return_tensors="pt")


def pool(model, batch):
    with torch.inference_mode():
        # A single sentence has type 0 throughout, which is the default of every model.
        hidden = model(batch["input_ids"], attention_mask=batch["attention_mask"]).last_hidden_state
    mask = batch["attention_mask"].unsqueeze(-1).bool()
    mean = hidden.masked_fill(~mask, 0).sum(1) / mask.sum(1)
    return {"cls": hidden[:, 0], "mean": mean, "max": hidden.masked_fill(~mask, -torch.inf).amax(1)}


def encode(model, tokenizer, batch_size):
    parts = []
    for start in range(0, len(SENTENCES), batch_size):
        parts.append(pool(model, tokenize(tokenizer, SENTENCES[start : start + batch_size])))
    return {key: torch.cat([part[key] for part in parts]) for key in parts[0]}


def load_model(folder, **options):
    model, info = AutoModel.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager", output_loading_info=True, **options
    )
    # The pooler does not affect last_hidden_state; any other randomly initialised tensor would.
    missing = [key for key in info["missing_keys"] if "pooler." not in key]
    assert not missing, f"{folder}: {missing}"
    return model.eval()


def difference(left, right):
    return max((left[key] - right[key]).abs().max().item() for key in left)


def check_tokenizer_json(folder, rows):
    """Reports where transformers, which builds its own tokenizer, differs from the tokenizer.json that it reads."""
    if not (folder / "tokenizer.json").exists():
        return
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_TOKENS)
    for i, (sentence, row) in enumerate(zip(SENTENCES, rows)):
        # Tokens are not compared: an Encoding has the text of an unknown piece or " <mask>", the vocabulary does not.
        ids = tokenizer.encode(sentence).ids
        if ids != row["input_ids"]:
            print(f"  sentence {i}: tokenizer.json itself gives {ids}, transformers {row['input_ids']}")


def write_expectations(folder):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    rows = []
    for sentence in SENTENCES:
        encoding = tokenizer(sentence, truncation=True, max_length=MAX_TOKENS, return_token_type_ids=True)
        ids = encoding["input_ids"]
        tokens = tokenizer.convert_ids_to_tokens(ids)
        rows.append({"input_ids": ids, "tokens": tokens, "token_type_ids": encoding["token_type_ids"]})
    # One sentence per line.
    lines = ",\n".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows)
    (folder / "expected_tokens.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    check_tokenizer_json(folder, rows)

    model = load_model(folder)
    expected = encode(model, tokenizer, BATCH)
    alone = difference(expected, encode(model, tokenizer, 1))
    assert alone <= 1e-5, f"{folder}: alone and in a batch differ by {alone}"
    assert all(tensor.isfinite().all() for tensor in expected.values())
    save_file({key: tensor.contiguous() for key, tensor in expected.items()}, folder / "expected.safetensors")

    n_unknown = sum(row["input_ids"].count(tokenizer.unk_token_id) for row in rows)
    longest = max(len(row["input_ids"]) for row in rows)
    print(f"{folder.name}: {type(tokenizer).__name__}, longest {longest}, unknown {n_unknown}, alone - batch {alone:.1e}")
    return tokenizer, model, expected


def prove_sensitive(folder, tokenizer, model, expected):
    """Checks that the expectations detect the mistakes that they are designed for."""
    if folder.name == "bert":
        for activation in ["gelu_new", "relu"]:
            swapped = difference(expected, encode(load_model(folder, hidden_act=activation), tokenizer, BATCH))
            print(f"  gelu -> {activation}: {swapped:.2e}")
            assert swapped > 1e-3
    if folder.name == "bert_2_layers_eps":
        swapped = difference(expected, encode(load_model(folder, layer_norm_eps=1e-12), tokenizer, BATCH))
        print(f"  layer_norm_eps 1e-3 -> 1e-12: {swapped:.2e}")
        assert swapped > 1e-3
    if folder.name == "mpnet":
        torch.nn.init.zeros_(model.encoder.relative_attention_bias.weight)
        swapped = difference(expected, encode(model, tokenizer, BATCH))
        print(f"  without relative_attention_bias: {swapped:.2e}")
        assert swapped > 1e-1


# Sentence-transformers folders ------------------------------------------------------------------------------------


TANH = "torch.nn.modules.activation.Tanh"


def write_v4(folder, bert, modes, after=(), below="", limit=MAX_TOKENS, lowercase=False, activation=TANH, **asked):
    """A folder in the form of versions before 6, written by hand because the installed version cannot."""
    own = folder / below
    own.mkdir(exist_ok=True)
    for name in ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json", "vocab.txt"]:
        if (bert / name).exists():
            shutil.copyfile(bert / name, own / name)
    modules = ["Transformer", "Pooling", *after]
    paths = [below] + [f"{i}_{module}" for i, module in enumerate(modules)][1:]
    write_json(
        folder / "modules.json",
        [
            {"idx": i, "name": str(i), "path": path, "type": f"sentence_transformers.models.{module}"}
            for i, (module, path) in enumerate(zip(modules, paths))
        ],
    )
    write_json(own / "sentence_bert_config.json", {"max_seq_length": limit, "do_lower_case": lowercase})
    version = {"sentence_transformers": "2.0.0", "transformers": "4.6.1", "pytorch": "1.8.1"}
    write_json(folder / "config_sentence_transformers.json", {"__version__": version} | asked)
    if below:
        # The oldest versions wrote their own names here.
        write_json(folder / "config.json", {"__version__": "0.3.6"})
    known = ["cls_token", "mean_tokens", "max_tokens", "mean_sqrt_len_tokens"]
    (folder / "1_Pooling").mkdir()
    pooling = {"word_embedding_dimension": 32} | {f"pooling_mode_{mode}": mode in modes for mode in known}
    write_json(folder / "1_Pooling" / "config.json", pooling)
    if "Dense" in after:
        dense = folder / f"{2 + after.index('Dense')}_Dense"
        dense.mkdir()
        config = {"in_features": 32, "out_features": 16, "bias": True, "activation_function": activation}
        write_json(dense / "config.json", config)
        generator = torch.Generator().manual_seed(0)
        linear = {"linear.weight": torch.randn(16, 32, generator=generator), "linear.bias": torch.randn(16, generator=generator)}
        save_file(linear, dense / "model.safetensors", metadata={"format": "pt"})


def write_v6(folder, bert, modes, after=(), limit=MAX_TOKENS, include_prompt=True, **asked):
    pooling = Pooling(32, modes, include_prompt=include_prompt)
    modules = [Transformer(str(bert), max_seq_length=limit), pooling, *(module() for module in after)]
    SentenceTransformer(modules=modules, device="cpu", **asked).save(str(folder), create_model_card=False)


def dense(inputs, outputs, **options):
    """Creates a Dense module with weights from a seed."""

    def make():
        module = Dense(inputs, outputs, **options)
        randomize(module, f"dense {inputs} {outputs}")
        return module

    return make


PROMPTS = {"query": "query: ", "passage": "a passage of a film: ", "none": ""}

SENTENCE_TRANSFORMERS = {
    "mean_normalize_v4": (write_v4, ["mean_tokens"], dict(after=["Normalize"])),
    "cls_v4": (write_v4, ["cls_token"], {}),
    # The older generation cannot state an order: the installed version uses cls, max, mean.
    "max_mean_v4": (write_v4, ["max_tokens", "mean_tokens"], {}),
    "max_v6": (write_v6, "max", {}),
    "mean_normalize_v6": (write_v6, "mean", dict(after=[Normalize])),
    "cls_mean_v6": (write_v6, ("cls", "mean"), {}),
    # The order of the list is the order of the vector.
    "mean_cls_v6": (write_v6, ("mean", "cls"), {}),
}

# Settings before the encoder and after pooling.
ASKING = {
    # distiluse and LaBSE.
    "dense_v4": (write_v4, ["mean_tokens"], dict(after=["Dense"])),
    "dense_normalize_v4": (write_v4, ["cls_token"], dict(after=["Dense", "Normalize"])),
    "normalize_dense_v4": (
        write_v4,
        ["mean_tokens"],
        dict(after=["Normalize", "Dense"], activation="torch.nn.modules.linear.Identity"),
    ),
    "dense_residual_v6": (
        write_v6,
        "mean",
        dict(
            after=[
                dense(32, 24, bias=False, activation_function=None),
                dense(24, 24, activation_function=torch.nn.GELU(), use_residual=True),
                dense(24, 16, activation_function=torch.nn.ReLU(), use_residual=True),
                Normalize,
            ],
            truncate_dim=10,
        ),
    ),
    "folder_v4": (write_v4, ["mean_tokens"], dict(below="0_Transformer", limit=20)),
    # With a tokenizer that keeps capitals.
    "lowercase_v4": (write_v4, ["mean_tokens"], dict(lowercase=True, limit=16)),
    "prompt_v4": (write_v4, ["mean_tokens"], dict(limit=24, prompts=PROMPTS, default_prompt_name="query")),
    "prompt_excluded_v6": (
        write_v6,
        ("cls", "max", "mean"),
        dict(
            after=[Normalize],
            limit=24,
            include_prompt=False,
            prompts=PROMPTS,
            default_prompt_name="passage",
            truncate_dim=70,
        ),
    ),
}


def sentence_embeddings(folder, **options):
    model = SentenceTransformer(str(folder), device="cpu", model_kwargs={"attn_implementation": "eager"})
    options = dict(batch_size=BATCH, convert_to_tensor=True, show_progress_bar=False) | options
    return model.encode(SENTENCES, **options).clone()


def write_asking(root, transformers_root):
    for name, (write, modes, options) in ASKING.items():
        folder = empty(root / name)
        write(folder, transformers_root / ("bert_vocab_txt_cased" if "lowercase" in name else "bert"), modes, **options)
        expected = {"sentence_embedding": sentence_embeddings(folder)}
        if "prompts" in options:
            for prompt in PROMPTS:
                expected[prompt] = sentence_embeddings(folder, prompt_name=prompt)
            expected["text"] = sentence_embeddings(folder, prompt="rate it : ")
        save_file({key: tensor.contiguous() for key, tensor in expected.items()}, folder / "expected.safetensors")
        print(f"{name}: {list(expected['sentence_embedding'].shape)}")
        assert expected["sentence_embedding"].isfinite().all()


def write_sentence_transformers(root, bert):
    pooled = load_file(bert / "expected.safetensors")
    for name, (write, modes, options) in SENTENCE_TRANSFORMERS.items():
        folder = empty(root / name)
        write(folder, bert, modes, **options)
        embedding = sentence_embeddings(folder)
        save_file({"sentence_embedding": embedding}, folder / "expected.safetensors")

        order = [key for key in name.split("_") if key in pooled]
        by_transformers = torch.cat([pooled[key] for key in order], dim=1)
        if "normalize" in name:
            by_transformers = torch.nn.functional.normalize(by_transformers, dim=1)
        apart = (embedding - by_transformers).abs().max().item()
        print(f"{name}: {list(embedding.shape)}, sentence-transformers - transformers {apart:.1e}")
        assert apart <= 1e-5


def empty(folder):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output", type=Path, help="the folder fixtures/transformers")
    output = parser.parse_args().output
    logging.disable(logging.WARNING)
    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    torch.set_num_threads(1)

    output.mkdir(parents=True, exist_ok=True)
    write_json(output / "sentences.json", SENTENCES)
    for name, case in CASES.items():
        folder = empty(output / name)
        write_checkpoint(folder, name, case)
        prove_sensitive(folder, *write_expectations(folder))
    write_sentence_transformers(output.parent / "sentence_transformers", output / "bert")
    write_asking(output.parent / "sentence_transformers", output)


if __name__ == "__main__":
    main()
