"""What a reader may change of a recipe: one list of settings, and what each of them means for the recipe's fields."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Literal, TypeVar, get_args

from ganbook.arguments import check_choice, check_number, check_whole, shown
from ganbook.data.catalogue import NEEDS, check_channels
from ganbook.data.picture import FITS
from ganbook.models import AdaptiveAugment, DiffAugment, PatchDiscriminator, RandomShift, ResNetTranslator
from ganbook.models.variants import augmented
from ganbook.training.fit import PRECISIONS, Round
from ganbook.training.rounds.adaptive import adaptive_round

__all__ = ["AUGMENTS", "SETTINGS", "Augment", "applied", "checked", "respecified"]

Augment = Literal["none", "shift", "differentiable", "adaptive"]
"""What images pass through before a discriminator sees them, generated ones as well."""

AUGMENTS: tuple[Augment, ...] = get_args(Augment)

SETTINGS = (
    "steps", "batch_size", "lr", "size", "channels", "fit", "mirror", "jitter", "augment", "precision", "skip_broken",
)  # fmt: skip
"""The keywords of :meth:`ganbook.recipes.Recipe.changed`."""

SHIFTED = 16
"""Images are shifted by up to the side over this number, of 64 pixels four."""

ADAPTED_IN = 50_000
"""Images in which an adaptive augmentation could go from never to always. The paper's 500 000 would be more than a run
on a few hundred pictures sees."""

UNSIGNED = ("wasserstein", "relativistic")
"""Losses whose D rates images against others: 0 is no border between real and generated."""

ANY_SIZE = (PatchDiscriminator, ResNetTranslator)
"""Networks that take images of any size as they are."""

R = TypeVar("R", bound=Any)


def checked(name: str, value: Any) -> Any:
    """A setting's value; raises a TypeError or ValueError that says what is allowed."""
    if name in ("mirror", "jitter", "skip_broken"):
        if not isinstance(value, bool):
            raise TypeError(f"{name} is {shown(value)}: allowed is True or False")
    elif name == "size" and not isinstance(value, int):
        square = "the side of a square in pixels; fit (--fit) says how pictures become one"
        raise TypeError(f"size is {shown(value)}: allowed is a whole number, {square}")
    elif name in ("steps", "batch_size", "size"):
        check_whole(1, 1024 if name == "size" else None, **{name: value})
    elif name == "lr":
        check_number(above=0, lr=value)
    elif name == "channels":
        check_channels(value)
    else:
        check_choice({"fit": FITS, "augment": AUGMENTS, "precision": PRECISIONS}[name], **{name: value})
    return value


def applied(recipe: R, changes: Mapping[str, Any]) -> R:
    """The recipe with its settings changed; ValueError for one that it cannot take."""
    new: dict[str, Any] = {}
    for name, value in changes.items():
        if name == "lr":
            new |= {"g_lr": value, "d_lr": value}
        elif name == "mirror":
            new["mirrored"] = value
        elif name not in ("size", "augment"):
            new[name] = value
        if name in ("channels", "fit", "jitter", "skip_broken") and not _reads_files(recipe) and value:
            raise ValueError(f"{name} is {value!r}, but {recipe.name} reads no pictures from a folder")
        if name in ("size", "mirror", "augment") and recipe.size is None:
            raise ValueError(f"{name} is {value!r}, but {recipe.name} takes its data as they are")
    asked = {name: changes[name] for name in ("size", "channels") if name in changes}
    if "size" in asked:
        _check_any_size(recipe, asked["size"])
        new["size"] = asked["size"]
    if asked:
        makers = {name: getattr(recipe, name) for name in ("generator", "discriminator", "memory")}
        new |= {name: respecified(maker, **asked) for name, maker in makers.items() if maker is not None}
    if "augment" in changes:
        critic = new.get("discriminator", recipe.discriminator)
        new["discriminator"] = _augmented(recipe, critic, changes["augment"], new.get("size", recipe.size))
        new["play"] = _played(recipe, changes["augment"])
    return dataclasses.replace(recipe, **new)


def _reads_files(recipe: Any) -> bool:
    return isinstance(recipe.data, str) and NEEDS[recipe.data].place != "package"


# Makers of networks, which are functions, classes, and partials of them. ----------------------------------------------


def respecified(maker: Callable[..., Any], **values: Any) -> Callable[..., Any]:
    """``maker`` with those of the arguments that it takes, or what it is made of takes; others are left out.

    A depth goes with the size, so that the smallest map stays as large as it was; channels are those of what comes in
    and of what goes out.
    """
    function, known, takes = _read(maker)
    changed = {name: respecified(of, **values) if _makes(of) else of for name, of in known.items()}
    for name, value in values.items():
        if name == "size" and {"size", "depth"} <= takes.keys():
            depth, before = (known.get(key, takes[key]) for key in ("depth", "size"))
            changed["depth"] = max(1, depth + value.bit_length() - before.bit_length())
        named = [name] if name != "channels" else ["channels", "inputs", "outputs", "sources"]
        # No sources: a critic that is shown none.
        changed |= {key: value for key in named if key in takes and known.get(key, takes[key]) != 0}
    return partial(function, **changed) if changed else maker


def _read(maker: Callable[..., Any]) -> tuple[Callable[..., Any], dict[str, Any], dict[str, Any]]:
    """What is called in the end, the arguments that are known already, and the defaults of all that it takes."""
    function, given, named = (maker.func, maker.args, maker.keywords) if isinstance(maker, partial) else (maker, (), {})
    signature = inspect.signature(function)
    takes = {name: parameter.default for name, parameter in signature.parameters.items()}
    return function, dict(signature.bind_partial(*given, **named).arguments), takes


def _makes(value: Any) -> bool:
    return isinstance(value, partial) or inspect.isclass(value) or inspect.isfunction(value)


def _check_any_size(recipe: Any, size: int) -> None:
    def takes(maker: Any) -> bool:
        function, known, found = _read(maker)
        return function in ANY_SIZE or "size" in found or any(takes(of) for of in known.values() if _makes(of))

    players = [maker for maker in (recipe.generator, recipe.discriminator) if maker is not None]
    fixed = not all(map(takes, players)) or recipe.prepare is not None
    pixels = recipe.prior is not None and recipe.size**2 in (recipe.prior.dim, recipe.prior.dim / 3)
    if (fixed or pixels) and size != recipe.size:
        raise ValueError(f"size is {size}: allowed is {recipe.size}, for which the networks of {recipe.name} are made")


def _augmented(recipe: Any, critic: Any, augment: Augment, size: int) -> Callable[..., Any]:
    """The discriminator's maker with what images pass through first; ValueError for one that sees them otherwise."""
    through = {
        "none": None,
        "shift": partial(RandomShift, max(1, size // SHIFTED), fill=None),
        "differentiable": DiffAugment,
        "adaptive": AdaptiveAugment,
    }[augment]
    if critic is not None:
        function, known, takes = _read(critic)
        if "augmentation" in takes and function is not augmented:
            return partial(function, **{**known, "augmentation": through})
        if function is augmented:
            critic = known["of"]
        if recipe.given == "nothing":
            return critic if through is None else partial(augmented, critic, through)
    raise ValueError(f"augment is {augment!r}, but the discriminator of {recipe.name} judges more than an image")


def _played(recipe: Any, augment: Augment) -> Round:
    """The round, which moves the probability of an adaptive augmentation; ValueError where D's sign says nothing."""
    play: Any = recipe.play
    if isinstance(play, partial) and play.func is adaptive_round:
        play = play.keywords["of"]
    if augment != "adaptive":
        return play  # type: ignore[no-any-return]
    loss = getattr(recipe.loss, "name", recipe.loss)
    if loss in UNSIGNED:
        raise ValueError(f"augment is 'adaptive', but by the loss {loss} of {recipe.name} the sign of D means nothing")
    return partial(adaptive_round, of=play, images=ADAPTED_IN)
