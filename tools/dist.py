"""Build the wheel and the source distribution, twice, and check them as a package index and a stranger would.

    python tools/dist.py    # into dist/; with TAG=vX.Y.Z in the environment it must be the version's tag

Both builds must be the same to the bit: with SOURCE_DATE_EPOCH, here the day of the commit, anybody can build the wheel
of a release again and compare. The source distribution is unpacked where nothing else is: its tests must all be found
there, and quick ones pass. Then `twine check --strict` reads the metadata and the README as PyPI does, and
check-wheel-contents looks for what does not belong into a wheel.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterable
from pathlib import Path

import release
from repository import ROOT, git

DIST = ROOT / "dist"
QUICK = ("tests/test_packaging.py", "tests/test_readme.py", "tests/test_losses.py")
"""Seconds of tests, of which some read files beside the library."""


def build(folder: Path, seconds: str) -> list[Path]:
    """Source distribution, and the wheel made from it, as of so many seconds since 1970; sorted by name."""
    environment = {**os.environ, "SOURCE_DATE_EPOCH": seconds}
    subprocess.run([sys.executable, "-m", "build", "--outdir", str(folder), str(ROOT)], check=True, env=environment)
    return sorted(folder.iterdir())


def contents(archive: Path) -> dict[str, str]:
    """SHA-256 of every file in a wheel or a source distribution, by its name."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as packed:
            return {name: hashlib.sha256(packed.read(name)).hexdigest() for name in packed.namelist()}
    with tarfile.open(archive) as packed:
        files = [(entry.name, packed.extractfile(entry)) for entry in packed if entry.isfile()]
        return {name: hashlib.sha256(file.read()).hexdigest() for name, file in files if file is not None}


def differences(first: list[Path], second: list[Path]) -> list[str]:
    """A sentence for every archive that is not the same in both builds; it names the files."""
    said = []
    for one, other in zip(first, second, strict=True):
        if one.read_bytes() != other.read_bytes():
            a, b = contents(one), contents(other)
            files = sorted(name for name in {*a, *b} if a.get(name) != b.get(name))
            said.append(f"{one.name} is not the same twice: {', '.join(files) or 'its order, days or modes'}")
    return said


def tests_run(archive: Path, quick: Iterable[str] = QUICK) -> bool:
    """Whether all tests of a source distribution are found, and quick ones pass, where nothing else of ours lies."""
    with tempfile.TemporaryDirectory() as folder, tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
        (root,) = Path(folder).iterdir()
        tries = (["--collect-only", "-qq"], ["-q", *quick])
        commands = [[sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments] for arguments in tries]
        return all(subprocess.run(command, cwd=root, check=False).returncode == 0 for command in commands)


def main() -> None:
    if faults := release.faults(tag=os.environ.get("TAG", "")):
        sys.exit("\n".join(faults))
    seconds = os.environ.get("SOURCE_DATE_EPOCH") or git("log", "-1", "--format=%ct") or "315532800"
    with tempfile.TemporaryDirectory() as folder:
        first, second = (build(Path(folder, name), seconds) for name in ("first", "second"))
        if said := differences(first, second):
            sys.exit("\n".join(said))
        (source,) = (path for path in first if path.suffix != ".whl")
        if not tests_run(source):
            sys.exit(f"tests do not run from {source.name}: what they read is not in it")
        shutil.rmtree(DIST, ignore_errors=True)
        DIST.mkdir()
        files = [Path(shutil.copy(path, DIST)) for path in first]
    subprocess.run([sys.executable, "-m", "twine", "check", "--strict", *map(str, files)], check=True)
    wheels = [str(path) for path in files if path.suffix == ".whl"]
    subprocess.run([sys.executable, "-m", "check_wheel_contents", *wheels], check=True)
    for path in files:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        print(f"{path.relative_to(ROOT)}  {path.stat().st_size / 1e6:.1f} MB  sha256 {digest}")


if __name__ == "__main__":
    main()
