"""From a caption to a vector: tokens, text encoders that are trained along with a player, conditioning augmentation.

Every encoder is a module from captions, a sequence of N strings, to (N, dim) numbers of mean 0 and variance 1 (layer
norm), so that no player has to learn the scale of its text first.

>>> words = Tokenizer(("a", "red", "seven"))
>>> words(["A red seven!", "seven"]).tolist()
[[2, 3, 4], [4, 0, 0]]
>>> words.unknown("a purple seven")
('purple',)
"""

from __future__ import annotations

import importlib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

from ganbook.arguments import check_tensor, check_whole, shown, typed
from ganbook.models.network import network
from ganbook.models.vae import kl_to_standard_normal, reparameterise

__all__ = [
    "AttentiveGRUEncoder", "BagOfWords", "CharCNNRNN", "ConditioningAugmentation", "GRUEncoder", "SentenceEncoder",
    "Tokenizer", "caption_note", "check_captions", "masked_mean", "unknown_words", "words_in",
]  # fmt: skip

PADDING, UNKNOWN = 0, 1
ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789-,;.!?:'\"/\\|_@#$%^&*~`+=<>()[]{} "
"""Characters that :class:`CharCNNRNN` tells apart, those of Zhang et al. 2015."""


def words_in(caption: str) -> list[str]:
    """The words of a caption in their order: lower-case letters and digits; everything else separates them.

    Letters lose their accents.

    >>> words_in("Blå Gänse, straße")
    ['bla', 'ganse', 'strasse']
    """
    plain = (sign for sign in unicodedata.normalize("NFKD", caption.casefold()) if not unicodedata.combining(sign))
    return re.findall(r"[a-z0-9]+", "".join(plain))


def check_captions(captions: Sequence[str], n: int | None = None) -> Sequence[str]:
    """``captions``; raises unless they are a sequence of strings, one or more, ``n`` where that is given."""
    if isinstance(captions, str) or not isinstance(captions, Sequence) or not all(isinstance(c, str) for c in captions):
        raise TypeError(f"captions is {shown(captions)}: allowed is a list of texts")
    if not captions:
        raise ValueError("captions is empty: allowed is one text or more")
    if n is not None and len(captions) != n:
        raise ValueError(f"captions holds {len(captions)} texts: allowed are {n}, one per sample")
    return captions


@typed
class Tokenizer:
    """Words to numbers: 0 pads, 1 stands for every unknown word, the others follow in the order of ``words``.

    Args:
        words: the vocabulary, in small letters.
        length: tokens per caption, at most; further ones are cut off. None: as many as the longest caption has.
    """

    def __init__(self, words: Iterable[str], length: int | None = None) -> None:
        check_whole(1, length=1 if length is None else length)
        self.words = tuple(words)
        self.length = length
        self._number = {word: number for number, word in enumerate(self.words, start=UNKNOWN + 1)}
        if len(self._number) != len(self.words) or any(words_in(word) != [word] for word in self.words):
            raise ValueError(
                "words holds a word twice, or more than a word: allowed are different words of a-z and 0-9"
            )

    def __len__(self) -> int:
        """How many numbers there are, padding and unknown included."""
        return len(self.words) + UNKNOWN + 1

    def __call__(self, captions: Sequence[str]) -> Tensor:
        """(N, T) int64; an empty caption is all padding. T is 1 or more."""
        rows = [
            [self._number.get(word, UNKNOWN) for word in words_in(caption)][: self.length]
            for caption in check_captions(captions)
        ]
        width = max(1, *map(len, rows))
        return torch.tensor([row + [PADDING] * (width - len(row)) for row in rows])

    def unknown(self, caption: str) -> tuple[str, ...]:
        """The words of a caption that are not in the vocabulary, each once, in their order."""
        return tuple(dict.fromkeys(word for word in words_in(caption) if word not in self._number))


def unknown_words(network: nn.Module, caption: str) -> tuple[str, ...]:
    """The words of a caption that a network's text encoders do not know; none where they read characters."""
    known = [part.tokenizer for part in network.modules() if isinstance(part, BagOfWords)]
    return known[0].unknown(caption) if known else ()


def caption_note(network: nn.Module, caption: str) -> str:
    """What a reader should know of a caption before judging what a generator drew: a sentence or two, or nothing."""
    if not caption.strip():
        return "The caption is empty: the generator was given nothing to draw, and this is what it makes of that."
    if not words_in(caption):
        return "The caption has no word in the letters a to z: the generator learned next to nothing from it."
    unknown = unknown_words(network, caption)
    if not unknown:
        return ""
    return f"The generator never read: {', '.join(unknown)}. It treats all such words as one unknown word."


@network
class BagOfWords(nn.Module):
    """The mean of the words' vectors: "red on green" and "green on red" are the same to it.

    Args:
        words: the vocabulary.
        dim: size of the result.
    """

    def __init__(self, words: Iterable[str], dim: int = 64) -> None:
        super().__init__()
        self.dim = dim
        self.tokenizer = Tokenizer(words)
        self.embedding = nn.Embedding(len(self.tokenizer), dim, padding_idx=PADDING)
        self.norm = nn.LayerNorm(dim)

    def forward(self, captions: Sequence[str]) -> Tensor:
        """(N, dim)."""
        tokens = self.tokens(captions)
        return cast(Tensor, self.norm(masked_mean(self.steps(tokens), tokens != PADDING)))

    def tokens(self, captions: Sequence[str]) -> Tensor:
        """(N, T) int64 on the encoder's device."""
        return self.tokenizer(captions).to(self.embedding.weight.device, non_blocking=True)

    def steps(self, tokens: Tensor) -> Tensor:
        """The words' vectors, (N, T, dim)."""
        return cast(Tensor, self.embedding(tokens))


@network
class GRUEncoder(BagOfWords):
    """Words in their order: the mean of their vectors and of a gated recurrent unit's states (Cho et al. 2014).

    The vectors beside the states are a short cut: what a word means on its own need not pass through the recurrence,
    and is learned long before what its place means.

    Args:
        words, dim: as for :class:`BagOfWords`.
    """

    def __init__(self, words: Iterable[str], dim: int = 64) -> None:
        super().__init__(words, dim)
        self.recurrent = nn.GRU(dim, dim, batch_first=True)

    def steps(self, tokens: Tensor) -> Tensor:
        """The words' vectors where they stand, (N, T, dim)."""
        embedded = self.embedding(tokens)
        return cast(Tensor, embedded + self.recurrent(embedded)[0])


@network
class AttentiveGRUEncoder(GRUEncoder):
    """As :class:`GRUEncoder`, with learned weights in place of the mean: "seven" may count for more than "a".

    Each of HEADS parts of the vector is a mean of its own over the words, weighted by a softmax of learned scores
    (Lin et al. 2017, structured self-attention).

    Args:
        words, dim: as for :class:`BagOfWords`; ``dim`` a multiple of HEADS.
    """

    HEADS = 4

    def __init__(self, words: Iterable[str], dim: int = 64) -> None:
        super().__init__(words, dim)
        if dim % self.HEADS:
            raise ValueError(f"dim is {dim}: allowed is a multiple of {self.HEADS}")
        self.score = nn.Linear(dim, self.HEADS)

    def forward(self, captions: Sequence[str]) -> Tensor:
        """(N, dim)."""
        weights, steps = self.attention(captions)
        heads = steps.view(*steps.shape[:2], self.HEADS, -1)
        return cast(Tensor, self.norm((heads * weights[..., None]).sum(1).flatten(1)))

    def attention(self, captions: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Weights (N, T, HEADS), which add up to 1 over a caption's words, and the words' vectors (N, T, dim)."""
        tokens = self.tokens(captions)
        steps, real = self.steps(tokens), (tokens != PADDING)[..., None]
        scores = self.score(steps).masked_fill(~real, -torch.inf)
        return scores.masked_fill(~real.any(1, keepdim=True), 0).softmax(1) * real, steps


@network
class CharCNNRNN(nn.Module):
    """Convolutions over characters, then a recurrent unit, averaged over time (Reed et al. 2016, char-CNN-RNN).

    It knows no vocabulary: a word that it never met is still a string of letters.

    Args:
        dim: size of the result.
        width: channels of the convolutions.
        length: characters that are read, at most; two convolutions with pooling leave a quarter of them as steps.
    """

    def __init__(self, dim: int = 64, width: int = 48, length: int = 64) -> None:
        super().__init__()
        check_whole(8, length=length)
        self.dim, self.length = dim, length
        self._number = {character: number for number, character in enumerate(ALPHABET)}
        self.convolutions = nn.Sequential(
            nn.Conv1d(len(ALPHABET), width, 3, padding=1), nn.ReLU(), nn.MaxPool1d(2),
            nn.Conv1d(width, width, 3, padding=1), nn.ReLU(), nn.MaxPool1d(2),
        )  # fmt: skip
        self.recurrent = nn.GRU(width, dim, batch_first=True)
        self.norm = nn.LayerNorm(dim)

    def forward(self, captions: Sequence[str]) -> Tensor:
        """(N, dim)."""
        states, _ = self.recurrent(self.convolutions(self.characters(captions)).transpose(1, 2))
        return cast(Tensor, self.norm(states.mean(1)))

    def characters(self, captions: Sequence[str]) -> Tensor:
        """(N, alphabet, length) one-hot columns; zeros after the end and for characters outside the alphabet."""
        blank = len(ALPHABET)
        rows = [
            [self._number.get(character, blank) for character in caption.lower()[: self.length]]
            for caption in check_captions(captions)
        ]
        padded = torch.tensor([row + [blank] * (self.length - len(row)) for row in rows]).view(-1, self.length)
        device = next(self.parameters()).device
        return one_hot(padded.to(device, non_blocking=True), blank + 1)[..., :blank].transpose(1, 2).float()


@network
class SentenceEncoder(nn.Module):
    """A pre-trained encoder of the package sentence-transformers, frozen; a linear layer after it is trained.

    Networks of one process share the frozen part and the vectors that it has made; it is not saved with them.

    Args:
        dim: size of the result.
        name: a model that the package knows; downloaded once (90 MB for the default), unless it is a folder.

    Raises:
        ImportError: if the package is not installed; the sentence says how to install it.
    """

    def __init__(self, dim: int = 64, name: str = "sentence-transformers/all-MiniLM-L6-v2") -> None:
        super().__init__()
        self.dim = dim
        self.frozen = _frozen(name)
        self.last = nn.Linear(self.frozen([""]).shape[1], dim)
        self.norm = nn.LayerNorm(dim)

    def forward(self, captions: Sequence[str]) -> Tensor:
        """(N, dim)."""
        embedded = self.frozen(check_captions(captions))
        return cast(Tensor, self.norm(self.last(embedded.to(self.last.weight.device, non_blocking=True))))


class _Frozen:
    """A pre-trained model and the vectors that it has made, each once. No module: neither trained, nor averaged."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self._known: dict[str, Tensor] = {}

    def __call__(self, captions: Sequence[str]) -> Tensor:
        """(N, the model's size), on the CPU."""
        new = sorted(set(captions) - self._known.keys())
        if new:
            found = self.model.encode(new, convert_to_tensor=True, show_progress_bar=False)
            self._known.update(zip(new, found.detach().float().cpu().clone(), strict=True))
        return torch.stack([self._known[caption] for caption in captions])

    def __deepcopy__(self, _memo: dict[int, Any]) -> _Frozen:
        return self


@cache
def _frozen(name: str) -> _Frozen:
    try:
        sentence_transformers: Any = importlib.import_module("sentence_transformers")
    except ImportError as error:
        raise ImportError('SentenceEncoder needs a package: pip install "sentence-transformers>=3"') from error
    return _Frozen(sentence_transformers.SentenceTransformer(name))


@network
class ConditioningAugmentation(nn.Module):
    """A Gaussian around each caption's vector, and a sample of it (Zhang et al. 2017, StackGAN, section 3.2).

    A generator sees the space between captions, not only the points of the captions that occur.

    Args:
        text_dim: size of the encoder's vectors.
        dim: size of the result.
    """

    def __init__(self, text_dim: int, dim: int) -> None:
        super().__init__()
        self.text_dim, self.dim = text_dim, dim
        self.both = nn.Linear(text_dim, 2 * dim)

    def forward(self, text: Tensor) -> tuple[Tensor, Tensor]:
        """(N, text_dim) to a sample (N, dim), in evaluation mode the mean, and its KL to N(0, I) in nats, (N,)."""
        check_tensor("text", text, "N", self.text_dim)
        mean, log_variance = cast(Tensor, self.both(text)).chunk(2, dim=1)
        sample = reparameterise(mean, log_variance) if self.training else mean
        return sample, kl_to_standard_normal(mean, log_variance)


def masked_mean(steps: Tensor, real: Tensor) -> Tensor:
    """(N, T, dim) and where they count (N, T) to their mean (N, dim); zeros where none does."""
    return (steps * real[..., None]).sum(1) / real.sum(1, keepdim=True).clamp_min(1)
