"""The operations that `[CLS]` vectors need, without padding and without unused results.

A multiply-add counts as two operations. With H = hidden, F = intermediate, A = heads, L = the tokens of a sentence, in multiply-adds:

    a full layer, per token       4 H^2 + 2 H F    query, key, value, output; the two products of the feed-forward part
                                  + 2 L H          scores and mixing
    the last layer, per sentence  4 H^2 + 2 H F    the same for the row at [CLS], with the query multiplied by the keys' matrix
                                  + 2 L H A        scores and mixing on the layer's inputs, once per head

All layers but the last are full. GELU, softmax, layer normalisation and the embeddings are not counted: they are not
products, and the ceiling is that of products. Standard library only.
"""

from collections.abc import Iterable

from encoder import Shape


def operations_needed(shape: Shape, sentence_tokens: Iterable[int]) -> int:
    """Operations for the `[CLS]` vectors of sentences with these numbers of tokens."""
    hidden = shape.hidden
    row = 4 * hidden**2 + 2 * hidden * shape.intermediate
    multiply_adds = 0
    for tokens in sentence_tokens:
        multiply_adds += (shape.layers - 1) * tokens * (row + 2 * tokens * hidden)
        multiply_adds += row + 2 * tokens * hidden * shape.heads
    return 2 * multiply_adds


def weights_needed(shape: Shape) -> int:
    """The numbers in the matrices that a `[CLS]` vector needs: those of every layer, once each."""
    return shape.layers * (4 * shape.hidden**2 + 2 * shape.hidden * shape.intermediate)
