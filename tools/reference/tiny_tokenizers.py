"""Tiny tokenizers in the form of the real checkpoints' files.

Vocabularies are built by rules instead of a trainer if the trainer's ids depend on the order of a hash map.
"""

import json
import struct
import unicodedata
from collections import Counter
from math import log

from tokenizers import (
    AddedToken,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)

from sentences import CORPUS, STEMS, SUFFIXES


def kept(char):
    """Every third character outside Latin and Cyrillic is left out of the vocabularies, so that [UNK] appears."""
    return ord(char) < 0x500 or ord(char) % 3 != 0


def bert_normalizer(lowercase):
    return normalizers.BertNormalizer(clean_text=True, handle_chinese_chars=True, strip_accents=None, lowercase=lowercase)


def word_pieces(lowercase):
    """Characters, words and affixes, in the order of a BERT vocabulary, without special tokens."""
    normalizer, splitter = bert_normalizer(lowercase), pre_tokenizers.BertPreTokenizer()
    words = Counter()
    for text in CORPUS:
        words.update(word for word, _ in splitter.pre_tokenize_str(normalizer.normalize_str(text)))
    chars = sorted({char for word in words for char in word if kept(char)} | set("abcdefghijklmnopqrstuvwxyz0123456789"))
    whole = [word for word, _ in sorted(words.items(), key=lambda item: (-item[1], item[0]))]
    # "rumination" and similar words are left out so that they are split into pieces.
    whole = [w for w in whole if 1 < len(w) < 9 and all(kept(c) for c in w)]
    pieces = chars + [f"##{char}" for char in chars if char.isalnum()] + whole + STEMS + [f"##{s}" for s in SUFFIXES]
    return list(dict.fromkeys(pieces))


def bert_vocab(lowercase=True):
    # As in the real vocabularies, special tokens do not have the ids 0..4.
    unused = [f"[unused{i}]" for i in range(7)]
    return ["[PAD]", *unused, "[UNK]", "[CLS]", "[SEP]", "[MASK]", *word_pieces(lowercase)]


def word_piece_tokenizer(vocab, unk_token="[UNK]"):
    ids = {token: i for i, token in enumerate(vocab)}
    tokenizer = Tokenizer(models.WordPiece(ids, unk_token=unk_token, max_input_chars_per_word=100))
    tokenizer.normalizer = bert_normalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece(prefix="##")
    return tokenizer, ids


def bert():
    tokenizer, ids = word_piece_tokenizer(bert_vocab())
    tokenizer.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS]:0 $A:0 [SEP]:0",
        pair="[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1",
        special_tokens=[("[CLS]", ids["[CLS]"]), ("[SEP]", ids["[SEP]"])],
    )
    return tokenizer


def mpnet():
    vocab = ["<s>", "<pad>", "</s>", "<unk>", *bert_vocab()[1:-1], "<mask>"]
    tokenizer, _ = word_piece_tokenizer(vocab)
    tokenizer.add_special_tokens(["<s>", "<pad>", "</s>", AddedToken("<unk>", normalized=True), "[UNK]"])
    tokenizer.add_special_tokens([AddedToken("<mask>", lstrip=True)])
    tokenizer.post_processor = processors.RobertaProcessing(
        ("</s>", 2), ("<s>", 0), trim_offsets=True, add_prefix_space=False
    )
    return tokenizer


def roberta():
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    trained = Tokenizer(models.BPE())
    trained.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=900,
        special_tokens=special,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    trained.train_from_iterator(CORPUS, trainer)
    vocab = trained.get_vocab()
    vocab["<mask>"] = len(vocab)
    merges = [tuple(merge) for merge in json.loads(trained.to_str())["model"]["merges"]]

    tokenizer = Tokenizer(models.BPE(vocab, merges, continuing_subword_prefix="", end_of_word_suffix=""))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(token, normalized=True) for token in special])
    tokenizer.add_special_tokens([AddedToken("<mask>", lstrip=True)])
    tokenizer.post_processor = processors.RobertaProcessing(
        ("</s>", 2), ("<s>", 0), trim_offsets=True, add_prefix_space=False
    )
    return tokenizer


def xlm_roberta():
    normalizer = normalizers.Precompiled(charsmap(nmt_nfkc_rules()))
    metaspace = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    splitter = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), metaspace])
    counts = Counter("▁")
    for text in CORPUS:
        for word, _ in splitter.pre_tokenize_str(normalizer.normalize_str(text)):
            for start in range(len(word)):
                counts.update(word[start:end] for end in range(start + 1, min(len(word), start + 10) + 1))
    counts = {p: n for p, n in counts.items() if (len(p) == 1 or n >= 3) and all(kept(c) or c == "▁" for c in p)}
    pieces = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    total = sum(counts.values())
    vocab = [(token, 0.0) for token in ["<s>", "<pad>", "</s>", "<unk>"]]
    vocab += [(piece, round(log(count / total), 6)) for piece, count in pieces]
    vocab.append(("<mask>", 0.0))

    tokenizer = Tokenizer(models.Unigram(vocab, unk_id=3, byte_fallback=False))
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = splitter
    tokenizer.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.add_special_tokens(["<s>", "<pad>", "</s>", "<unk>", AddedToken("<mask>", lstrip=True)])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    return tokenizer


def nmt_nfkc_rules():
    """A part of SentencePiece's nmt_nfkc, whose own table is not in any required package."""
    points = [*range(0x01, 0x250), *range(0x2000, 0x2200), *range(0x2460, 0x2474), *range(0x3000, 0x3100)]
    points += [0xFEFF, 0xFFFD, *range(0xFB00, 0xFB07), *range(0xFF01, 0xFF5F)]
    rules = {}
    for char in map(chr, points):
        decomposed, composed = unicodedata.normalize("NFD", char), unicodedata.normalize("NFKC", char)
        if char in "\t\n\r\u200b\u200e\u200f\u2028\u2029\ufeff\ufffd" or unicodedata.category(char) == "Zs":
            rules[char] = " "
        elif unicodedata.category(char) == "Cc":
            rules[char] = ""
        elif composed != char:
            rules[char] = composed
        if len(decomposed) > 1 and composed == char:
            rules[decomposed] = char
    return rules


def charsmap(rules):
    """SentencePiece's precompiled_charsmap: a Darts double array over UTF-8 keys, then the replacements."""
    texts, offsets, trie = bytearray(), {}, {}
    for key, text in sorted(rules.items()):
        if text not in offsets:
            offsets[text] = len(texts)
            texts += text.encode() + b"\0"
        node = trie
        for byte in key.encode():
            node = node.setdefault(byte, {})
        node[0] = offsets[text]

    units, bases = {0: 0}, set()

    def place(node, position):
        # Two nodes with the same base would share their children by mistake.
        base = position ^ 1
        while base in bases or any(base ^ byte in units for byte in node):
            base += 1
        bases.add(base)
        assert base ^ position < 1 << 21
        units[position] |= (position ^ base) << 10 | (0 in node) << 8
        for byte, child in node.items():
            units[base ^ byte] = byte if byte else 1 << 31 | child
        for byte, child in node.items():
            if byte:
                place(child, base ^ byte)

    place(trie, 0)
    # Every address that a look-up can form lies within a complete block of 256.
    size = (max(units) | 0xFF) + 1
    array = struct.pack(f"<{size}I", *(units.get(i, 0) for i in range(size)))
    return struct.pack("<I", len(array)) + array + bytes(texts)
