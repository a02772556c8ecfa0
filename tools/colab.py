"""What installing the course on Google Colab would change there, tried in a twin of Colab's Python environment.

    python tools/colab.py                       # resolve only: minutes, and no disk
    python tools/colab.py --install /tmp/twin   # install, too: 7 GB; leaves the environment, in which pages can be run

tests/data/colab-constraints.txt is Colab's own list of packages. The twin needs the same minor version of Python (3.13;
`--python`, by default python3.13), and leaves out what comes with Colab's CUDA, whose lines PyPI's PyTorch contradicts.

The answer is a table of what is new, and status 1 if anything that Colab has would change, torch, torchvision, numpy
and ipywidgets above all: whoever changes those asks for a restart of the runtime.

    python tools/colab.py --pages /tmp/twin [--only game exercises/text] [--seconds 600]

runs every notebook in that environment as a reader would, at the smallest budget: alone in an empty folder, without a
network, and says which ended well, what they wrote to stderr, what they left in the folder, how many widgets they show.
It updates book/reference/colab.json, which pages show; begins with those that are not in it, and begins no more once
they took so many seconds of the processor.

    python tools/colab.py --weigh /tmp/root

keeps, in the same file, what the image made of .binder/Dockerfile takes. Its files lie in that folder, where `buildah
mount` shows them; this part needs root.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from textwrap import shorten
from typing import Any

from repository import ROOT

FILE = ROOT / "book/reference/colab.json"
CONSTRAINTS = ROOT / "tests/data/colab-constraints.txt"
NEVER = ("torch", "torchvision", "numpy", "ipywidgets")
"""A change of one of these asks for a restart, or breaks the page that is open."""

OF_CUDA = re.compile(r"nvidia-|cuda-|triton$")
FRONT_END = ("ipykernel", "ipython", "ipywidgets", "nbclient", "nbconvert", "jupyter-client")
"""What shows a notebook, beside what ganbook asks for."""


D2L, D2L_IMPORTS = "d2l==1.0.0a1.post0", ("pandas", "requests", "matplotlib-inline")

WITHOUT = {"jedi"}
"""IPython asks for it, and Colab does without: nothing of ours."""


def normal(name: str) -> str:
    """A package's name as indexes compare them."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pinned(text: str) -> dict[str, str]:
    """Versions by normal name, from lines NAME==VERSION; what belongs to CUDA is left out."""
    lines = (line.strip() for line in text.splitlines())
    pairs = (line.split("==") for line in lines if line and not line.startswith("#"))
    return {name: version for raw, version in pairs if not OF_CUDA.match(name := normal(raw))}


def judged(found: Mapping[str, str], colab: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """What is new there, and a sentence for everything that would be another than Colab's."""
    ours = {name: version for name, version in found.items() if not OF_CUDA.match(name)}
    new = {name: version for name, version in ours.items() if name not in {*colab, *WITHOUT}}
    changed = [
        f"{name} would be {version}, and Colab has {colab[name]}"
        for name, version in ours.items()
        if name in colab and version.partition("+")[0] != colab[name].partition("+")[0]
    ]
    missing = [f"{name} is not there at all" for name in NEVER if name not in ours]
    return new, changed + missing


def run(*command: str) -> str:
    """What a command prints; SystemExit with its last words where it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command[:6])} … failed:\n{done.stderr[-3000:]}")
    return done.stdout


def twin(python: str, folder: Path, install: bool) -> dict[str, str]:
    """Versions by name of what ganbook asks for, among Colab's versions; ``install`` puts them there."""
    colab = pinned(CONSTRAINTS.read_text(encoding="utf-8"))
    run(python, "-m", "venv", str(folder))
    pip = [str(folder / "bin/python"), "-m", "pip", "--disable-pip-version-check"]
    run(*pip, "install", "--quiet", "pip>=25.1")  # resolves sooner than the one that Python brings
    constraints, report = folder / "constraints.txt", folder / "report.json"
    constraints.write_text("".join(f"{name}=={version}\n" for name, version in colab.items()), encoding="utf-8")
    asked = ["--constraint", str(constraints), str(ROOT), *(name for name in FRONT_END if name in colab)]
    run(*pip, "install", "--quiet", "--dry-run", "--ignore-installed", "--report", str(report), *asked)
    entries = [entry["metadata"] for entry in json.loads(report.read_text(encoding="utf-8"))["install"]]
    resolved = {normal(entry["name"]): entry["version"] for entry in entries}
    if not install:
        return resolved
    # First what Colab has of it; then ganbook without constraints, as the setup cell installs it.
    had = [f"{name}=={version}" for name, version in resolved.items() if name in colab or OF_CUDA.match(name)]
    run(*pip, "install", "--quiet", *had)
    before = frozen(pip)
    run(*pip, "install", "--quiet", str(ROOT))
    after = frozen(pip)
    run(*pip, "check")
    if changed := {name: (v, after.get(name)) for name, v in before.items() if after.get(name) != v}:
        sys.exit(f"installing ganbook changed {changed}")
    # What two pages ask a reader for, and what of Colab's it imports: in tests of pages it must be there.
    run(*pip, "install", "--quiet", "--constraint", str(constraints), *D2L_IMPORTS)
    run(*pip, "install", "--quiet", "--no-deps", D2L)
    return after


PLAY = """
import json, sys, nbformat
from nbclient import NotebookClient
notebook = nbformat.read(sys.argv[1], as_version=4)
NotebookClient(notebook, timeout=600, kernel_name="python3", allow_errors=True).execute()
outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
print(json.dumps({
    "errors": [f"{output.ename}: {output.evalue}" for output in outputs if output.output_type == "error"],
    "stderr": "".join(output.text for output in outputs if output.get("name") == "stderr"),
    "widgets": sum("application/vnd.jupyter.widget-view+json" in output.get("data", {}) for output in outputs),
}))
"""


def played(page: Path, folder: Path) -> dict[str, Any]:
    """What became of a notebook in the environment ``folder``; see above. Needs ``unshare`` and ``ip``."""
    from ganbook.checks.scores import FILE as SCORES

    with tempfile.TemporaryDirectory() as empty:
        shutil.copy(page, empty)
        alone = 'ip link set lo up && exec "$@"'  # the kernel talks over the local device
        command = ["unshare", "-rn", "sh", "-c", alone, "sh", str(folder / "bin/python"), "-c", PLAY, page.name]
        environment = {**os.environ, "GANBOOK_BUDGET": "smoke", "PATH": f"{folder / 'bin'}:{os.environ['PATH']}"}
        started = processor()
        done = subprocess.run(command, cwd=empty, env=environment, capture_output=True, text=True, check=False)
        found: dict[str, Any] = {"errors": [done.stderr[-500:]], "stderr": "", "widgets": 0}
        if done.returncode == 0:
            found = json.loads(done.stdout.splitlines()[-1])
        left = sorted(path.name for path in Path(empty).iterdir() if path.name not in (page.name, SCORES))
        seconds = round(processor() - started, 1)
        return {**found, "left": left, "seconds": seconds, "date": date.today().isoformat()}


def processor() -> float:
    """Seconds that the processor spent on what this process started, and has ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def went_well(found: Mapping[str, Any]) -> bool:
    """Whether a page ended without an error, and left nothing behind."""
    return not found["errors"] and not found["left"]


def said(found: Mapping[str, Any]) -> str:
    """What became of a page, in words, with the beginning of what it wrote to stderr."""
    ended = ["well"] if went_well(found) else [*found["errors"], *(f"left {name}" for name in found["left"])]
    told = " ".join(re.sub(r"/tmp/\w+/", "", found["stderr"]).split())
    return "; ".join([*ended, *([f"stderr: {shorten(told, 120, placeholder=' …')}"] if told else [])])


def play_all(folder: Path, words: list[str], most: float) -> int:
    """Run the pages whose name holds one of the words, and keep what became of them; returns the exit status."""
    from measure import load
    from pages import name, notebooks

    kept, environment = load(FILE).get("pages", {}), about(str(folder / "bin/python"))
    order = [name(page) for page in notebooks()]
    asked = [page for page in notebooks() if not words or any(word in name(page) for word in words)]
    well, started = True, processor()
    for page in sorted(asked, key=lambda page: name(page) in kept):
        if processor() - started > most:
            break
        found = played(page, folder)
        well = well and went_well(found)
        print(f"{name(page):34} {found['seconds']:5.0f} s  {found['widgets']} widgets  {said(found)}", flush=True)
        kept[name(page)] = found
        pages = {each: kept[each] for each in order if each in kept}
        keep({**load(FILE), **environment, "pages": pages})
    return 0 if well else 1


def keep(content: Mapping[str, Any]) -> None:
    """Write the file anew."""
    FILE.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def rows(content: Mapping[str, Any]) -> tuple[list[str], list[list[str]]]:
    """For a page's table, one row a notebook: how it ended, or that it was not run."""
    from pages import name, notebooks

    made = []
    for page in map(name, notebooks()):
        found = content["pages"].get(page)
        if found:
            made.append([page, said(found), str(found["widgets"]), f"{found['seconds']:.0f} s", found["date"]])
        else:
            made.append([page, "not run", "", "", ""])
    return ["notebook", "ended", "explorers shown", "of one processor", "on"], made


def weight(content: Mapping[str, Any]) -> tuple[list[str], list[list[str]]]:
    """For a page's table: what the twin's packages take on the disk, with CUDA and without, and Binder's image."""
    twin, image = content["megabytes"], content["binder"]
    versions = f"with PyTorch {image['versions']['torch']} and Python {image['python']}"
    return ["what", "MB on the disk"], [
        ["Colab's twin, packages", str(twin["packages"])],
        ["… of them CUDA's: PyTorch's own part of it, NVIDIA's, Triton", str(twin["of them CUDA's"])],
        [f"Binder's image, {versions}", str(image["megabytes"]["image"])],
        ["… of it packages", str(image["megabytes"]["packages"])],
    ]


ABOUT = """
import json, platform
from importlib import metadata
sizes = {d.metadata["Name"]: sum(f.locate().stat().st_size for f in d.files or [] if f.locate().is_file())
         for d in metadata.distributions()}
cuda = sum(f.locate().stat().st_size for f in metadata.files("torch") if "cuda" in f.name and f.locate().is_file())
versions = {name: metadata.version(name) for name in ("torch", "ipywidgets", "ipykernel", "ganbook")}
print(json.dumps({"python": platform.python_version(), "versions": versions, "sizes": sizes, "cuda": cuda}))
"""


def about(*python: str) -> dict[str, Any]:
    """Python, versions, and the megabytes that its packages take with CUDA and without, asked by this command."""
    found = json.loads(run(*python, "-c", ABOUT))
    cuda = found["cuda"] + sum(size for name, size in found["sizes"].items() if OF_CUDA.match(normal(name)))
    whole = sum(found["sizes"].values())
    megabytes = {"packages": round(whole / 1e6), "of them CUDA's": round(cuda / 1e6)}
    return {"python": found["python"], "versions": found["versions"], "megabytes": megabytes}


def of_image(root: Path) -> dict[str, Any]:
    """The same of an image whose files lie in this folder, and what all of them take; `chroot` needs root."""
    found = about("chroot", str(root), "/opt/course/bin/python")
    entries = [path.lstat() for path in root.rglob("*")]
    sizes = {(entry.st_dev, entry.st_ino): entry.st_size for entry in entries if stat.S_ISREG(entry.st_mode)}
    return {**found, "megabytes": {"image": round(sum(sizes.values()) / 1e6), **found["megabytes"]}}


def frozen(pip: list[str]) -> dict[str, str]:
    """What is installed, versions by name."""
    listed = json.loads(run(*pip, "list", "--format", "json"))
    return {normal(entry["name"]): entry["version"] for entry in listed if normal(entry["name"]) != "pip"}


def main() -> None:
    parser = argparse.ArgumentParser(description="What would installing the course on Colab change there?")
    parser.add_argument("--python", default=os.environ.get("TWIN_PYTHON", "python3.13"), help="default: python3.13")
    parser.add_argument("--install", type=Path, metavar="FOLDER", help="install it, and leave the environment there")
    parser.add_argument("--pages", type=Path, metavar="FOLDER", help="run the notebooks in that environment")
    parser.add_argument("--only", nargs="+", default=[], metavar="WORD", help="pages whose name holds one")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="of the processor, for all pages together")
    parser.add_argument("--weigh", type=Path, metavar="FOLDER", help="keep what an image takes; its files lie there")
    arguments = parser.parse_args()
    if arguments.weigh:
        from measure import load

        keep({**load(FILE), "binder": of_image(arguments.weigh.resolve())})
        return
    if arguments.pages:
        sys.exit(play_all(arguments.pages.resolve(), arguments.only, arguments.seconds))
    colab = pinned(CONSTRAINTS.read_text(encoding="utf-8"))
    said = run(arguments.python, "-c", "import platform; print(platform.python_version())").strip()
    print(f"Python {said}; Colab's list has {len(colab)} packages beside CUDA")
    with tempfile.TemporaryDirectory() as scratch:
        folder = arguments.install or Path(scratch, "twin")
        found = twin(arguments.python, folder, install=arguments.install is not None)
    new, faults = judged(found, colab)
    print(f"{len(found)} packages are asked for; new on Colab: {len(new)}")
    for name, version in sorted(new.items()):
        print(f"  {name} {version}")
    for name in NEVER:
        print(f"{name} {found.get(name)} (Colab {colab.get(name)})")
    sys.exit("\n".join(faults) or 0)


if __name__ == "__main__":
    main()
