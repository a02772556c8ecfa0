"""A trained generator that can be asked for samples, and the folder that it is kept in."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from textwrap import shorten
from typing import Any

import torch
from torch import Tensor, nn

from ganbook.arguments import check_number, check_tensor, check_whole, typed
from ganbook.data.cache import write_atomically
from ganbook.data.errors import first_line
from ganbook.models.cycle import TwoTranslators
from ganbook.models.network import built, described
from ganbook.training.checkpoint import CheckpointError
from ganbook.training.conditions import CONDITIONS, Given
from ganbook.training.prior import Prior

__all__ = ["CARD", "CONFIG", "WEIGHTS", "Sampler", "read"]

WEIGHTS, CARD, CONFIG = "sampler.safetensors", "card.json", "config.json"
CHUNK = 256


@typed
@dataclass(eq=False)
class Sampler:
    """Draws samples from a generator.

    Attributes:
        generator: maps latents (N, prior.dim), and what else it is given, to samples; used in evaluation mode.
        prior: where latents come from; None for a generator that takes none.
        card: what is known of the generator: recipe, budget, seed, steps, metrics.
        given: what it is conditioned on besides its noise.
        classes: number of classes, where it is conditioned on labels.
        shape: of one sample, (C, H, W) or (dim,); None until one was drawn, by this sampler or before it was saved.
    """

    generator: nn.Module
    prior: Prior | None
    card: dict[str, Any]
    given: Given = "nothing"
    classes: int = 0
    shape: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        self.generator.eval()

    def __repr__(self) -> str:
        name = self.card.get("recipe", type(self.generator).__name__)
        shape = "not drawn from yet" if self.shape is None else " × ".join(map(str, self.shape))
        parameters = sum(p.numel() for p in self.generator.parameters())
        return f"Sampler({name}, given {self.given}: {shape}, {parameters:,} parameters, {self.device})"

    @property
    def device(self) -> torch.device:
        """Where the generator draws; samples come back on the CPU."""
        return next(self.generator.parameters()).device

    def to(self, device: torch.device | str) -> Sampler:
        """Itself, its generator moved to ``device``."""
        self.generator.to(device)
        return self

    @torch.no_grad()
    def sample(
        self,
        n: int | None = None,
        *,
        labels: Sequence[int] | Tensor | None = None,
        captions: Sequence[str] | None = None,
        sources: Tensor | None = None,
        seed: int = 0,
        truncation: float = 1.0,
        latents: Tensor | None = None,
    ) -> Tensor:
        """(n, C, H, W) float images in [-1, 1], or (n, dim) points; the same seed gives the same samples.

        Args:
            n: number of samples; None for one per label, source or caption.
            labels: classes, one per sample. None: a generator of labelled samples draws all classes in turn.
            captions: texts, one per sample.
            sources: float images (n, C, H, W) in [-1, 1] to translate.
            seed: of the latents.
            truncation: what latents are multiplied with, above 0; below 1 samples are safer and more alike, as with
                StyleGAN's psi.
            latents: float (n, dim), in place of drawn ones, one per sample; see :meth:`latents`.

        Raises:
            ValueError, TypeError: for n below 1, a condition that this generator does not take, or one that does not
                fit; for latents where it takes none.
        """
        conditions = {"labels": labels, "captions": captions, "sources": sources}
        for name, value in conditions.items():
            if value is not None and name != self.given:
                known = self.card.get("recipe", "this generator")
                raise ValueError(f"{name} was given, but {known} is conditioned on {self.given}")
        check_whole(0, 2**64 - 1, seed=seed)
        check_number(above=0, truncation=truncation)
        if latents is not None:
            dim = self._takes("latents was given").dim
            check_tensor("latents", latents, "n" if n is None else n, dim, finite=True)
            n = len(latents)
        condition = CONDITIONS[self.given]
        asked = condition.check(conditions.get(self.given), n, self.classes)
        n = n if asked is None else len(asked)
        check_whole(1, n=n)
        assert n is not None
        if truncation != 1:
            self._takes(f"truncation is {truncation}")
        if latents is None:
            latents = torch.empty(n, 0) if self.prior is None else self.latents(n, seed)
        z = truncation * latents
        made = []
        for part in (slice(i, i + CHUNK) for i in range(0, n, CHUNK)):
            some = asked[part].to(self.device) if isinstance(asked, Tensor) else asked and asked[part]
            made.append(condition.call(self.generator, z[part].to(self.device), some))
        samples = torch.cat(made).float().cpu()
        self.shape = tuple(samples.shape[1:])
        return samples

    def label(self, name: str | int) -> int:
        """The number of a class: of its name, as its run's data have it, or of the number itself.

        Raises:
            ValueError: if this generator knows no such class, or none at all; the sentence lists what it knows.
        """
        if self.given != "labels":
            raise ValueError(f"label is {name!r}, but {self.card.get('recipe', 'this generator')} knows no classes")
        names = list(map(str, self.card.get("class_names", ())))
        if str(name) in names:
            return names.index(str(name))
        if (isinstance(name, int) or name.isdecimal()) and 0 <= int(name) < self.classes:
            return int(name)
        allowed = f"{shorten(', '.join(names), 200, placeholder=' ...')} or " if names else ""
        raise ValueError(f"label is {name!r}: allowed is {allowed}0 to {self.classes - 1}")

    def backwards(self) -> Sampler:
        """Of two translators the way back, from targets to sources; ValueError for any other generator."""
        if not isinstance(self.generator, TwoTranslators):
            raise ValueError(f"{self.card.get('recipe', 'this generator')} has no way back: CycleGAN's generators have")
        turned = TwoTranslators(self.generator.back, self.generator.there)
        return replace(self, generator=turned)

    def latents(self, n: int, seed: int = 0) -> Tensor:
        """(n, dim) numbers of the prior, as :meth:`sample` draws them for ``seed``; ValueError where it takes none."""
        check_whole(1, n=n)
        check_whole(0, 2**64 - 1, seed=seed)
        return self._takes("latents are asked for").sample(n, generator=torch.Generator().manual_seed(seed))

    def _takes(self, what: str) -> Prior:
        if self.prior is None:
            raise ValueError(f"{what}, but {self.card.get('recipe', 'this generator')} takes no latents")
        return self.prior

    def packed(self, dtype: torch.dtype | None = None) -> bytes:
        """The weights as a safetensors file, floating-point ones as ``dtype`` (default: as they are)."""
        from safetensors.torch import save

        state = self.generator.state_dict()
        return save({k: w.cpu().to(dtype if w.is_floating_point() else None).contiguous() for k, w in state.items()})

    def save(self, folder: str | Path, dtype: torch.dtype | None = None) -> None:
        """Write weights (safetensors), configuration and card (JSON) into ``folder``, each whole or not at all.

        The configuration says how the generator was made, where it comes from ``ganbook.models``. The card also gets
        "bytes" and "sha256" of the weights, which are kept as ``dtype`` (see :meth:`packed`).

        Raises:
            OSError: if the folder cannot be written.
        """
        content = self.packed(dtype)
        prior = self.prior and asdict(self.prior)
        config: dict[str, Any] = {"generator": described(self.generator), "prior": prior, "given": self.given}
        config |= {"classes": self.classes, "shape": self.shape}
        card = {**self.card, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        write_atomically(Path(folder) / WEIGHTS, lambda part: part.write_bytes(content))
        for name, said in ((CONFIG, config), (CARD, card)):
            text = json.dumps(said, indent=2, ensure_ascii=False) + "\n"
            write_atomically(Path(folder) / name, partial(Path.write_text, data=text, encoding="utf-8"))

    @classmethod
    def load(cls, folder: str | Path, generator: nn.Module | Callable[[int], nn.Module] | None = None) -> Sampler:
        """The sampler that :meth:`ganbook.training.Sampler.save` left in ``folder``; nothing in its files can run code.

        Args:
            folder: of a run, of a model of the zoo, or downloaded from a hub.
            generator: the network, or what makes it from the latent's size, for one that is not of ``ganbook.models``.

        Raises:
            CheckpointError: if the folder holds no finished run, or its files cannot be used.
        """
        folder = Path(folder)
        card, config = (read(folder / name, json.loads) for name in (CARD, CONFIG))
        weights = read(folder / WEIGHTS, lambda content: _weights(content, card.get("sha256")))
        try:
            prior = config["prior"] and Prior(**config["prior"])
            if generator is not None:
                network = generator if isinstance(generator, nn.Module) else generator(prior.dim if prior else 0)
            elif config["generator"] is None:
                own = "Sampler.load(folder, generator=...) takes its class or an instance"
                raise ValueError(f"its generator is no network of ganbook.models: {own}")
            else:
                with torch.device("meta"):  # whether the weights fit is known before memory is taken for them
                    _check_weights(built(config["generator"]), weights)
                with torch.random.fork_rng():
                    network = built(config["generator"])
            _check_weights(network, weights)
            network.load_state_dict(weights)
            shape = config["shape"] and tuple(config["shape"])
            return cls(network, prior, card, config["given"], config["classes"], shape)
        except (KeyError, TypeError, ValueError, AttributeError, RuntimeError, RecursionError) as error:
            raise CheckpointError(f"{folder} cannot be loaded ({first_line(error)})") from error


def read(path: Path, parse: Callable[[bytes], Any]) -> Any:
    """The mapping that ``parse`` makes of a file's content.

    Raises:
        CheckpointError: if it is missing, cannot be opened (which is not called damage), or is damaged.
    """
    from safetensors import SafetensorError

    try:
        found = parse(path.read_bytes())
        if not isinstance(found, Mapping):
            raise ValueError("it holds no mapping")
    except FileNotFoundError as error:
        raise CheckpointError(f"{path.parent} holds no finished run ({path.name} is missing)") from error
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read ({error.strerror})") from error
    except (ValueError, RecursionError, KeyError, SafetensorError) as error:
        raise CheckpointError(f"{path} is damaged") from error
    return found


def _weights(content: bytes, sha256: str | None) -> dict[str, Tensor]:
    from safetensors.torch import load

    if sha256 is not None and hashlib.sha256(content).hexdigest() != sha256:
        raise ValueError("its checksum is wrong")
    return load(content)


def _check_weights(network: nn.Module, weights: Mapping[str, Tensor]) -> None:
    """Raise ValueError unless these are all weights of the network, floats where it has floats, and finite."""
    forms = [
        {name: (w.shape, w.is_floating_point() or w.dtype) for name, w in state.items()}
        for state in (network.state_dict(), weights)
    ]
    if wrong := [name for name in forms[0] | forms[1] if forms[0].get(name) != forms[1].get(name)]:
        raise ValueError(f"its weights do not fit its generator: {wrong[0]}")
    if not all(w.float().isfinite().all() for w in weights.values()):
        raise ValueError("its weights hold NaN or infinity")
