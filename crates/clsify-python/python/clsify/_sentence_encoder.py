"""Sentences to features, as a transformer of scikit-learn."""

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin

from clsify import _checks as checks
from clsify._encoders import loaded_encoder
from clsify._progress import Progress
from clsify._texts import texts
from clsify.exceptions import ArgumentError


class SentenceEncoder(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Turns sentences into vectors with a frozen encoder of the BERT family.

    The vector of a sentence does not depend on the other sentences, on the number of threads or on a batch size, to the last bit.

    Parameters
    ----------
    model : str or path, default="all-MiniLM-L6-v2"
        A folder, a name that `clsify list` shows, or a model hub id.
    pooling : str, default="auto"
        "cls", "mean", "max", several side by side such as "cls+mean", or "auto" for what the folder of a sentence-transformers model asks for.
    layers : str, default="last"
        "last", one such as "9" (0 is the embeddings), a range such as "9-12", or "all".
    max_length : int, default=None
        The maximum number of tokens; longer sentences are cut off. By default the limit of the encoder.
    prompt : str, default=None
        A text before every sentence, or the name of a prompt of the folder.
    dtype : {"f32", "bf16", "int8", "auto"}, default="f32"
        The data type of the products; "f32" is exact.
    threads : int, default=None
        The number of threads; by default that of `CLSIFY_NUM_THREADS` or `OMP_NUM_THREADS`, otherwise one per core.
    cache : bool or path, default=None
        A folder in which features are kept for later runs; True is that of the program.
    missing : {"error", "empty"}, default="error"
        What a missing value is: an error, or an empty sentence.
    verbose : bool, default=False
        Draw progress bars.

    Examples
    --------
    >>> from clsify import SentenceEncoder
    >>> encoder = SentenceEncoder(pooling="mean")
    >>> encoder.fit_transform(["a visually stunning rumination on love", "a bore"]).shape
    (2, 384)
    """

    def __init__(self, model="all-MiniLM-L6-v2", *, pooling="auto", layers="last", max_length=None, prompt=None, dtype="f32", threads=None, cache=None,
                 missing="error", verbose=False):
        self.model = model
        self.pooling = pooling
        self.layers = layers
        self.max_length = max_length
        self.prompt = prompt
        self.dtype = dtype
        self.threads = threads
        self.cache = cache
        self.missing = missing
        self.verbose = verbose

    def fit(self, X=None, y=None):
        """Load the encoder; nothing is learned.

        Parameters
        ----------
        X : ignored
        y : ignored

        Returns
        -------
        self : object
        """
        self._encoder()
        return self

    def transform(self, X):
        """The features of sentences.

        Parameters
        ----------
        X : iterable of str
            A list, array, column, or a frame with one column.

        Returns
        -------
        ndarray of shape (n_sentences, n_features), float32
        """
        with Progress(self.verbose) as report:
            return self._encoder(report).encode(texts(X, self.missing), self.threads, report)

    def encode(self, inputs, prompt_name=None, prompt=None, batch_size=None, show_progress_bar=None, output_value="sentence_embedding",
               precision="float32", convert_to_numpy=True, convert_to_tensor=False, device=None, normalize_embeddings=False, truncate_dim=None,
               pool=None, chunk_size=None):
        """The features of a sentence or of sentences, with the arguments of sentence-transformers.

        `batch_size` and `chunk_size` are accepted and change nothing, because vectors do not depend on them.

        Parameters
        ----------
        inputs : str or iterable of str
            One sentence gives a vector, several give a matrix.
        prompt_name, prompt : str, default=None
            The name of a prompt of the folder, or its text.
        batch_size : int, default=None
            Has no effect.
        show_progress_bar : bool, default=None
            Draw a progress bar; by default as `verbose` says.
        output_value : {"sentence_embedding"}
            What is returned.
        precision : {"float32"}
            The data type of the result.
        convert_to_numpy : bool, default=True
            Return an array; otherwise a list of vectors.
        convert_to_tensor : bool, default=False
            Return a tensor of PyTorch, which must be installed.
        device : {None, "cpu"}
            Where to compute.
        normalize_embeddings : bool, default=False
            Scale each vector to the length 1.
        truncate_dim : int, default=None
            Keep the first numbers of each vector only, at least 1.
        pool : None
            There is no pool of processes: one process computes in `threads` threads.
        chunk_size : int, default=None
            Has no effect.

        Returns
        -------
        ndarray of shape (n_features,) or (n_sentences, n_features), float32
        """
        for name, value, allowed in [("output_value", output_value, ("sentence_embedding",)), ("precision", precision, ("float32",)),
                                     ("device", device if device is None else str(device), (None, "cpu"))]:
            if value not in allowed:
                raise ValueError(f"{name}: expected {' or '.join(map(repr, allowed))}, got {value!r}")
        if pool is not None:
            raise ValueError(f"pool: expected None, got {checks.shown(pool)}: one process computes, in the number of threads that `threads` says")
        n_kept = checks.optional(checks.whole, "truncate_dim", truncate_dim, 1)
        is_one = isinstance(inputs, str)
        encoder = self
        if prompt is not None or prompt_name is not None:
            encoder = self._with_prompt(prompt if prompt is not None else prompt_name)
        bars = self.verbose if show_progress_bar is None else checks.flag("show_progress_bar", show_progress_bar)
        for name, value in [("convert_to_numpy", convert_to_numpy), ("convert_to_tensor", convert_to_tensor), ("normalize_embeddings", normalize_embeddings)]:
            checks.flag(name, value)
        with Progress(bars) as report:
            features = encoder._encoder(report).encode([inputs] if is_one else texts(inputs, self.missing), self.threads, report)
        if n_kept is not None:
            features = np.ascontiguousarray(features[:, :n_kept])
        if normalize_embeddings:
            norms = np.linalg.norm(features, axis=1, keepdims=True)
            features = features / np.maximum(norms, 1e-12)
        result = features[0] if is_one else features
        if convert_to_tensor:
            import torch

            return torch.from_numpy(np.ascontiguousarray(result))
        return result if convert_to_numpy or is_one else list(result)

    def encode_query(self, inputs, prompt_name=None, prompt=None, **arguments):
        """`encode` for queries: by default with the prompt "query" of the folder, if it has one, otherwise without a prompt.

        A `prompt` of this encoder takes precedence over the folder's.

        Parameters
        ----------
        inputs, prompt_name, prompt, **arguments
            As for `encode`.

        Returns
        -------
        ndarray of shape (n_features,) or (n_sentences, n_features), float32
        """
        return self._encoder_for("query", prompt_name, prompt).encode(inputs, prompt_name, prompt, **arguments)

    def encode_document(self, inputs, prompt_name=None, prompt=None, **arguments):
        """`encode` for documents: by default with the prompt "document" of the folder, if it has one, otherwise without a prompt.

        A `prompt` of this encoder takes precedence over the folder's.

        Parameters
        ----------
        inputs, prompt_name, prompt, **arguments
            As for `encode`.

        Returns
        -------
        ndarray of shape (n_features,) or (n_sentences, n_features), float32
        """
        return self._encoder_for("document", prompt_name, prompt).encode(inputs, prompt_name, prompt, **arguments)

    def tokenize(self, X):
        """The tokens of sentences, as the encoder receives them.

        Parameters
        ----------
        X : iterable of str

        Returns
        -------
        list of list of str
        """
        encoder = self._encoder()
        return [encoder.tokens(text) for text in texts(X, self.missing)]

    @property
    def n_features(self):
        """The number of features of a sentence."""
        return self._encoder().n_features

    @property
    def max_seq_length(self):
        """The maximum number of tokens of a sentence, including special tokens."""
        return self._encoder().max_length

    def get_embedding_dimension(self):
        """The number of features of a sentence, as sentence-transformers names it."""
        return self.n_features

    def get_sentence_embedding_dimension(self):
        """The number of features of a sentence, by the name of earlier versions of sentence-transformers."""
        return self.n_features

    @property
    def _n_features_out(self):
        return self.n_features

    def __sklearn_is_fitted__(self):
        return True

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        tags.requires_fit = False
        tags.transformer_tags.preserves_dtype = []
        return tags

    def _with_prompt(self, prompt):
        return SentenceEncoder(**{**self.get_params(), "prompt": prompt})

    def _encoder_for(self, name, *given):
        """This encoder with the prompt of this name, unless another one is given."""
        if self.prompt is not None or any(prompt is not None for prompt in given):
            return self
        encoder = self._with_prompt(name)
        try:
            encoder._encoder()
        except ArgumentError as error:
            # The names of prompts are checked before anything is loaded.
            if "name of a prompt" not in str(error):
                raise
            return self._with_prompt("")
        return encoder

    def _encoder(self, report=None):
        checks.flag("verbose", self.verbose)
        return loaded_encoder(self.model, pooling=self.pooling, layers=self.layers, max_length=self.max_length, prompt=self.prompt,
                              dtype=self.dtype, cache=self.cache, threads=self.threads, report=report)
