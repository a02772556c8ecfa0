"""The README's own example runs as it stands there."""

from __future__ import annotations

import re

import torch
from PIL import Image

from pages import ROOT


def test_own_images_networks_and_round_in_the_readme(tmp_path, monkeypatch):
    (code,) = re.findall(r"^```python\n(.*?)^```", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert len([line for line in code.splitlines() if line.strip()]) <= 19
    for name in ("cats", "dogs"):
        (tmp_path / "pictures" / name).mkdir(parents=True)
        for number in range(40):
            Image.new("RGB", (40, 30), (number, 200 - number, 90)).save(tmp_path / f"pictures/{name}/{number}.png")
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    torch.manual_seed(0)
    exec(compile(code, "README.md", "exec"), names)
    samples = names["samples"]
    assert isinstance(samples, torch.Tensor) and samples.shape == (16, 3, 32, 32)
    assert samples.abs().max() <= 1 and samples.std(0).mean() > 0
    red, green, _ = samples.mean((0, 2, 3)).tolist()
    assert red < -0.15 and green > 0.05, "the pictures are green, and the samples have learned that"
    assert {path.name for path in (tmp_path / "mine").iterdir()} == {"sampler.safetensors", "config.json", "card.json"}
