"""Keep the committed notebooks in order: no outputs, stable cell ids, one setup cell for all.

    python tools/notebooks.py import SRC.py DST.ipynb   # jupytext percent script -> notebook
    python tools/notebooks.py setup [--check]           # write the setup cell into every notebook of _toc.yml
    python tools/notebooks.py clean [--check]           # drop outputs, counts and editor's metadata

With --check nothing is written: the stale files are named and the exit status is 1.
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import nbformat

from pages import name, notebooks
from release import number, version
from repository import ROOT, Repository, repository

KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
# What a cell may carry; anything else is an editor's memory of its last session.
CELL_METADATA = {"tags", "mystnb"}

# A folder that is merely called ganbook (a clone, on Colab) is a package without a version, and counts as missing. What
# a running kernel holds of an older release is forgotten, so that nobody has to restart it.
SETUP = """\
# Setup: installs ganbook where it is missing or older than this page, and nothing else.
import os
import sys

try:
    from ganbook import __version__ as version
except ImportError:
    version = "0.0.0"
if [*map(int, version.split("."))] < {numbers}:
    github = "{requirement}"
    source = "{clone}" if os.path.isfile("{clone}/ganbook/__init__.py") else github
    %pip install --quiet --upgrade "$source"
    for name in [name for name in sys.modules if name.startswith("ganbook")]:
        del sys.modules[name]
try:
    import ganbook

    ganbook.welcome("{page}", needs="{version}")
except (AttributeError, ImportError, TypeError) as error:
    raise ImportError(f"needs ganbook {version} ({{error}}): run this cell online") from None"""


def setup_source(page: str, where: Repository | None = None) -> str:
    """The first code cell of the notebook called `page`, e.g. `game/two_players`."""
    clone = "/".join([".."] * len(Path("book", page).parent.parts))
    requirement, now = (where or repository()).requirement, version()
    return SETUP.format(requirement=requirement, page=page, clone=clone, version=now, numbers=[*number(now)])


def with_setup(notebook: Any, page: str, where: Repository | None = None) -> Any:
    """Fill the cell tagged `setup`; a notebook without one stays as it is."""
    for cell in notebook.cells:
        if "setup" in cell.metadata.get("tags", []):
            cell.source = setup_source(page, where)
    return notebook


def cleaned(notebook: Any) -> Any:
    """Drop outputs, counts and editors' metadata; set kernel and format; keep cell ids.

    nbstripout would do the first two only: it drops metadata that it is told, and here all goes but what is allowed.
    """
    notebook.metadata = nbformat.from_dict({"kernelspec": KERNELSPEC, "language_info": {"name": "python"}})
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    for cell in notebook.cells:
        cell.metadata = nbformat.from_dict({k: v for k, v in cell.metadata.items() if k in CELL_METADATA})
        cell.pop("attachments", None)
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return notebook


def with_stable_ids(notebook: Any, previous: Any | None, seed: str) -> Any:
    """Give each cell the id of the cell that stood in its place, so that a diff shows only what changed.

    Unchanged cells keep their id, changed ones take over the id of the cell they replace, and new ones get an id
    that follows from the file's name and their text.
    """
    new, old = notebook.cells, previous.cells if previous else []
    key = [(cell.cell_type, cell.source) for cell in new]
    matcher = SequenceMatcher(None, key, [(cell.cell_type, cell.source) for cell in old], autojunk=False)
    ids: dict[int, str] = {}
    for kind, i0, i1, j0, j1 in matcher.get_opcodes():
        if kind in ("equal", "replace"):
            ids.update({i: old[j].id for i, j in zip(range(i0, i1), range(j0, j1), strict=False) if "id" in old[j]})
    taken = set(ids.values())
    for index, cell in enumerate(new):
        if index not in ids:
            ids[index] = _fresh_id(f"{seed}\n{cell.cell_type}\n{cell.source}", taken)
            taken.add(ids[index])
        cell.id = ids[index]
    return notebook


def _fresh_id(text: str, taken: set[str]) -> str:
    attempt = 0
    while (candidate := hashlib.sha1(f"{text}\n{attempt}".encode()).hexdigest()[:8]) in taken:
        attempt += 1
    return candidate


def text(notebook: Any) -> str:
    """The notebook as it is committed."""
    nbformat.validate(notebook)
    written: str = nbformat.writes(notebook)
    return written.rstrip("\n") + "\n"


def import_script(source: Path, target: Path) -> None:
    """Convert a jupytext percent script to a clean, formatted notebook at `target`, keeping the ids it has there."""
    import jupytext

    notebook = jupytext.read(source, fmt="py:percent")
    previous = nbformat.read(target, as_version=4) if target.is_file() else None
    notebook = with_setup(cleaned(notebook), name(target))
    seed = name(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text(with_stable_ids(notebook, previous, seed)), encoding="utf-8")
    subprocess.run([sys.executable, "-m", "ruff", "format", "--quiet", str(target)], check=True)


def rewrite(change: str, check: bool) -> list[Path]:
    """Apply `setup` or `clean` to every notebook of `_toc.yml`; returns those that were (or are) stale."""
    where, stale = repository(), []
    for path in notebooks():
        before = path.read_text(encoding="utf-8")
        notebook = nbformat.reads(before, as_version=4)
        notebook = with_setup(notebook, name(path), where) if change == "setup" else cleaned(notebook)
        after = text(notebook)
        # Setup is compared by cells, so that a notebook saved by another editor is not called stale for its spaces.
        same = nbformat.reads(before, as_version=4) == notebook if change == "setup" else before == after
        if not same:
            stale.append(path)
            if not check:
                path.write_text(after, encoding="utf-8")
    return stale


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    convert = commands.add_parser("import", help="jupytext percent script -> notebook")
    convert.add_argument("source", type=Path)
    convert.add_argument("target", type=Path)
    for command, what in (("setup", "write the setup cell"), ("clean", "drop outputs and counts")):
        sub = commands.add_parser(command, help=f"{what} in every notebook of _toc.yml")
        sub.add_argument("--check", action="store_true", help="write nothing; exit 1 if a notebook is stale")
    arguments = parser.parse_args()
    if arguments.command == "import":
        import_script(arguments.source, arguments.target)
        return
    stale = rewrite(arguments.command, arguments.check)
    for path in stale:
        state = f"is stale: run python tools/notebooks.py {arguments.command}" if arguments.check else "written"
        print(f"{path.relative_to(ROOT)} {state}")
    sys.exit(1 if stale and arguments.check else 0)


if __name__ == "__main__":
    main()
