"""Words of a sentence and their word pieces, and the token ids of the sentence without some words. Standard library only."""

from collections.abc import Sequence
from dataclasses import dataclass

PERTURBATIONS = ("delete", "mask")


def character_spans(text: str, spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans in bytes of UTF-8, such as clsify's, as spans in characters."""
    encoded = text.encode("utf-8")
    return [(len(encoded[:start].decode("utf-8")), len(encoded[:end].decode("utf-8"))) for start, end in spans]


def word_of_each_piece(words: Sequence[tuple[int, int]], pieces: Sequence[tuple[int, int]]) -> list[int | None]:
    """The word that contains each word piece, by spans in characters; None for special tokens, whose spans are empty."""
    found: list[int | None] = []
    for start, end in pieces:
        containing = [word for word, (first, last) in enumerate(words) if first <= start and end <= last]
        if start < end and len(containing) != 1:
            raise ValueError(f"expected the word piece at {start}..{end} in one word, got it in {len(containing)}")
        found.append(containing[0] if start < end else None)
    return found


def sum_per_word(values: Sequence[float], word_of_piece: Sequence[int | None], n_words: int) -> list[float]:
    """Contributions of word pieces, added up for each word; those of special tokens belong to no word."""
    if len(values) != len(word_of_piece):
        raise ValueError(f"expected one value per token, got {len(values)} for {len(word_of_piece)} tokens")
    sums = [0.0] * n_words
    for value, word in zip(values, word_of_piece):
        if word is not None:
            sums[word] += float(value)
    return sums


@dataclass(frozen=True)
class Sentence:
    """A tokenized sentence."""

    text: str
    # In characters of the text.
    spans: tuple[tuple[int, int], ...]
    token_ids: tuple[int, ...]
    word_of_piece: tuple[int | None, ...]
    mask_id: int

    @property
    def words(self) -> list[str]:
        return [self.text[start:end] for start, end in self.spans]

    def without(self, removed: int, perturbation: str) -> tuple[int, ...]:
        """The token ids without the words whose bits are set, or with one mask for each of their word pieces.

        BERT's tokenizer splits each word independently of the others, so that the pieces of the other words stay as they are.
        """
        goes = [word is not None and removed >> word & 1 for word in self.word_of_piece]
        if perturbation == "delete":
            return tuple(token for token, is_removed in zip(self.token_ids, goes) if not is_removed)
        return tuple(self.mask_id if is_removed else token for token, is_removed in zip(self.token_ids, goes))
