"""Explorers of a generator: web/zoo describes and draws them, in a notebook and in a built page.

In a notebook the front end asks the kernel for images (web/zoo/kernel.ts); in a built page, where no kernel answers, it
runs the zoo's model of that chapter itself. Latents are numbered by the seeds that torch draws them from, in both.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Literal

import torch
from torch import Tensor

from ganbook.training.conditions import CONDITIONS
from ganbook.training.sampler import Sampler
from ganbook.widgets._explorer import STILL, Explorer

__all__ = ["LATENTS", "Demo", "ModelExplorer", "generated"]

LATENTS = 99
"""The last of the latents that an explorer offers, as the number of a seed; also in web/zoo/latents.ts."""

Demo = Literal["latent", "class", "caption", "colouring"]
"""Which of web/zoo/demos/catalogue.ts it is."""


class ModelExplorer(Explorer):
    """An explorer whose pictures a sampler's generator draws.

    Args:
        demo: which it is.
        sampler: of the generator.
        options: where the controls begin; see web/zoo/demos/demo.ts.
        drawings: name to lines (1, S, S) in [-1, 1] to begin with.
    """

    def __init__(
        self, demo: Demo, sampler: Sampler, options: Mapping[str, Any], drawings: Mapping[str, Tensor] | None = None
    ) -> None:
        self._sampler = sampler
        data: dict[str, Any] = {"said": _said(sampler)}
        if drawings:
            lines = base64.b64encode(_bytes(torch.stack([*drawings.values()]))).decode()
            size = next(iter(drawings.values())).shape[-1]
            data["drawings"] = {"names": list(drawings), "lines": lines, "size": size}
        super().__init__(demo, {}, data)
        self.values = dict(options)
        self.on_msg(self._answer)

    def html(self) -> str:
        options = escape(json.dumps(self.values, ensure_ascii=False, separators=(",", ":")))
        return f'<div data-demo="{self.name}" data-options="{options}">{STILL}</div>'

    def _answer(self, _widget: Any, asked: Mapping[str, Any], buffers: Sequence[Any]) -> None:
        answer: dict[str, Any] = {"answer": asked.get("ask")}
        try:
            given = {name: _read(value, buffers) for name, value in asked["inputs"].items()}
            z, condition = given.pop("z", torch.empty(0, 0)), next(iter(given.values()), None)
            images = generated(self._sampler, z, condition)
        except Exception as error:  # whatever went wrong, a reader waits for an answer
            self.send(answer | {"wrong": f"{error}"})
        else:
            self.send(answer | {"shape": list(images.shape)}, [_bytes(images)])


@torch.no_grad()
def generated(sampler: Sampler, z: Tensor, condition: Any = None) -> Tensor:
    """(N, C, H, W) in float32 on the CPU: what a sampler's generator makes of latents and a condition."""
    condition = condition.to(sampler.device) if isinstance(condition, Tensor) else condition
    return CONDITIONS[sampler.given].call(sampler.generator, z.to(sampler.device), condition).float().cpu()


def _said(sampler: Sampler) -> dict[str, str]:
    """What the front end must know of a generator, by the names of ``ganbook.zoo.export.metadata``."""
    said: dict[str, Any] = {"classes": sampler.classes}
    if sampler.prior is not None:
        said |= {"dim": sampler.prior.dim, "prior": sampler.prior.kind}
    tokenizer = getattr(getattr(sampler.generator, "encoder", None), "tokenizer", None)
    if words := getattr(tokenizer, "words", None):
        said["words"] = list(words)
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in said.items()}


def _read(value: Any, buffers: Sequence[Any]) -> Any:
    """Texts, or a tensor whose numbers are one of the buffers."""
    if isinstance(value, list):
        return value
    dtype = torch.int64 if value["whole"] else torch.float32
    return torch.frombuffer(bytearray(buffers[value["buffer"]]), dtype=dtype).view(value["shape"])


def _bytes(images: Tensor) -> bytes:
    """As a screen shows them."""
    return bytes(images.add(1).mul(127.5).round().clamp(0, 255).to(torch.uint8).contiguous().numpy().data)
