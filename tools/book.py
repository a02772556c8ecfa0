"""Build the whole book, executed, the way `make book` and the tests do.

    python tools/book.py [--budget smoke|laptop|gpu] [--output DIR] [--jobs N] [--whole]

Notebooks run first, several at a time, into Jupyter Book's cache; the build then takes their outputs from there. A
notebook that fails, or any warning of Sphinx, ends the build with status 1: Jupyter Book itself would go on.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import Any

import nbformat

import web
from execute import execute
from pages import ROOT, config, notebooks

# What a notebook's outputs depend on besides its own cells, which is all that the cache looks at.
LIBRARIES = ("torch", "numpy", "matplotlib", "ipywidgets", "d2l", "ipykernel")


def fingerprint(root: Path, budget: str | None) -> str:
    """A digest of everything outside the notebooks that their outputs follow from."""
    digest = hashlib.sha256(repr((sys.version, budget, os.environ.get("GANBOOK_SEED"))).encode())
    for library in LIBRARIES:
        digest.update(f"{library}=={version(library)}\n".encode())
    for path in sorted((root / "ganbook").rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def open_cache(build: Path, stamp: str) -> Any:
    """Jupyter Book's cache of executed notebooks, emptied where `stamp` is not that of its last use."""
    import jupyter_cache

    folder, written = build / ".jupyter_cache", build / ".fingerprint"
    if not written.is_file() or written.read_text() != stamp:
        # The pages made from old outputs go too: Sphinx would not read an unchanged notebook again.
        shutil.rmtree(build, ignore_errors=True)
    build.mkdir(parents=True, exist_ok=True)
    written.write_text(stamp)
    return jupyter_cache.get_cache(str(folder))


def fill(cache: Any, paths: list[Path], root: Path, jobs: int, timeout: int) -> list[str]:
    """Run the notebooks that the cache does not hold, `jobs` at a time; returns what went wrong.

    jupyter-cache's own executors run one at a time or one on every core, and pass neither an environment nor a setting
    of nbclient on, of which `execute` needs both.
    """
    from jupyter_cache.base import CacheBundleIn

    missing = [path for path in paths if not _is_cached(cache, path)]
    failures = []
    with ThreadPoolExecutor(jobs) as pool:
        for run in pool.map(lambda path: execute(path, timeout), missing):
            if run.failure is not None:
                failures.append(f"{run.path} failed:\n{run.failure}")
                continue
            bundle = CacheBundleIn(run.notebook, str(run.path), data={"execution_seconds": run.seconds})
            cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)
            print(f"executed {run.path.relative_to(root)} in {run.seconds:.0f} s", flush=True)
    return failures


def _is_cached(cache: Any, path: Path) -> bool:
    try:
        cache.match_cache_notebook(nbformat.read(path, as_version=4))
    except KeyError:
        return False
    return True


def settings(root: Path) -> str:
    """A digest of what every page follows from, besides its own file: settings, tools, the glossary, the references."""
    digest = hashlib.sha256()
    shared = [root / name for name in ("_config.yml", "_toc.yml", "book/reference/glossary.md", "book/references.bib")]
    for path in sorted([*shared, *(root / "tools").glob("*.py"), *(root / "book/_static").glob("*.*")]):
        if path.is_file():
            digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def build(
    root: Path = ROOT, output: Path = ROOT, budget: str | None = None, jobs: int | None = None, whole: bool = True
) -> int:
    """Build the book under `output`/_build/html; returns the exit status.

    Unless `whole`, pages are kept whose files did not change since a build that went well under the same settings.
    """
    if root == ROOT:
        web.build()
    jobs = jobs or max(1, min(4, (os.cpu_count() or 1) // 2 * 2 or 1))
    if budget:
        os.environ["GANBOOK_BUDGET"] = budget
    # Several notebooks at a time share the cores instead of fighting for them.
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // jobs)))
    # Kernels and Sphinx must be those of this interpreter, whether or not its environment is activated.
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    cache = open_cache(output / "_build", fingerprint(root, os.environ.get("GANBOOK_BUDGET")))
    if failures := fill(cache, notebooks(root), root, jobs, config(root)["execute"]["timeout"]):
        print("\n\n".join(failures), file=sys.stderr)
        return 1
    well, stamp = output / "_build" / ".well", settings(root)
    # --all: a page that did not change would not repeat the warning that failed the last build.
    again = [] if not whole and well.is_file() and well.read_text() == stamp else ["--all"]
    well.unlink(missing_ok=True)
    command = ["jupyter-book", "build", str(root), "--path-output", str(output), *again, "-W", "--keep-going", "-n"]
    if (status := subprocess.run(command, cwd=root, check=False).returncode) == 0:
        well.write_text(stamp)
    return status


def main() -> None:
    parser = argparse.ArgumentParser(description="Build the whole book, executed.")
    parser.add_argument("--budget", choices=["smoke", "laptop", "gpu"], help="default: GANBOOK_BUDGET, else by device")
    parser.add_argument("--output", type=Path, default=ROOT, help="where _build/html is written")
    parser.add_argument("--whole", action="store_true", help="make every page again, also those that did not change")
    parser.add_argument("--jobs", type=int, help="notebooks executed at a time (default: two, four on larger machines)")
    arguments = parser.parse_args()
    status = build(ROOT, arguments.output.resolve(), arguments.budget, arguments.jobs, arguments.whole)
    if status == 0:
        print(f"\nThe book is built. Open {arguments.output.resolve() / '_build' / 'html' / 'index.html'}")
    sys.exit(1 if status else 0)


if __name__ == "__main__":
    main()
