"""The version, in every place that names it.

    python tools/release.py set 0.3.0           # in ganbook, CITATION.cff, CHANGELOG.md and all setup cells
    python tools/release.py check               # do all of them agree?
    python tools/release.py check --tag v0.3.0  # is that tag the version's?
    python tools/release.py check --since main  # did the version change, if the library did?

The rule: **a merge that changes ganbook/ has a new version.** A fix raises the last number, a new name the middle one,
and whatever makes an older page fail at least the middle one, too. pip sees nothing new in a version that it
has, so a reader's next page would meet old code: each page asks for the version that it was written with (see
notebooks.py). A tag vX.Y.Z on a merged commit publishes it.

Only Python itself is needed, but for the setup cells, which need nbformat.
"""

from __future__ import annotations

import argparse
import re
import sys
from datetime import date
from pathlib import Path

from repository import ROOT, git, repository

VERSION = re.compile(r'(?m)^__version__ = "([^"]+)"$')
FORM = re.compile(r"\d+\.\d+\.\d+")
UNRELEASED = "## [Unreleased]\n"


def version(root: Path = ROOT) -> str:
    """The one that ganbook/__init__.py holds, from which the package's metadata follow."""
    found = VERSION.search((root / "ganbook/__init__.py").read_text(encoding="utf-8"))
    if found is None:
        raise ValueError('ganbook/__init__.py has no line `__version__ = "…"`')
    return found[1]


def number(text: str) -> tuple[int, ...]:
    """What versions are ordered by; ValueError unless it is three numbers.

    >>> number("0.10.0") > number("0.9.2")
    True
    """
    if not FORM.fullmatch(text):
        raise ValueError(f"the version is {text!r}: allowed are three numbers, such as 0.3.0")
    return tuple(int(part) for part in text.split("."))


def set_version(new: str, today: date, root: Path = ROOT) -> None:
    """Write it everywhere but into the setup cells; what was unreleased in CHANGELOG.md becomes its section.

    Raises:
        ValueError: where it is no version, or not above the present one.
    """
    if number(new) <= number(version(root)):
        raise ValueError(f"the version is {new!r}: allowed is one above {version(root)}")
    changes = {
        "ganbook/__init__.py": lambda text: VERSION.sub(f'__version__ = "{new}"', text),
        "CITATION.cff": lambda text: re.sub(
            r"(?m)^date-released: .*$", f"date-released: {today}", re.sub(r"(?m)^version: .*$", f"version: {new}", text)
        ),
        "CHANGELOG.md": lambda text: text.replace(UNRELEASED, f"{UNRELEASED}\n## [{new}] - {today}\n", 1),
    }
    for name, change in changes.items():
        before = (root / name).read_text(encoding="utf-8")
        after = change(before)
        if after == before:
            raise ValueError(f"{name} does not name the version where it should")
        (root / name).write_text(after, encoding="utf-8")


def faults(root: Path = ROOT, tag: str = "", since: str = "") -> list[str]:
    """A sentence for everything that does not agree."""
    now, found = version(root), []
    if not FORM.fullmatch(now):
        found.append(f"ganbook/__init__.py says {now!r}: allowed are three numbers, such as 0.3.0")
    if f"\nversion: {now}\n" not in (root / "CITATION.cff").read_text(encoding="utf-8"):
        found.append(f"CITATION.cff does not say version: {now}")
    changelog = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    if UNRELEASED not in changelog or f"\n## [{now}] - 2" not in changelog:
        found.append(f"CHANGELOG.md has no section [Unreleased], or none [{now}] with its day")
    if tag and tag != f"v{now}":
        found.append(f"the tag is {tag}, but the version is {now}: the tag of it is v{now}")
    if since and (changed := git("diff", "--name-only", f"{since}...HEAD", "--", "ganbook")):
        before = VERSION.search(git("show", f"{since}:ganbook/__init__.py"))
        if before is not None and FORM.fullmatch(before[1]) and number(now) <= number(before[1]):
            files = len(changed.splitlines())
            found.append(
                f"{files} files of ganbook/ changed since {since}, and the version is still {now}: "
                f"make version VERSION=X.Y.Z"
            )
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description="Set or check the version in every place that names it.")
    commands = parser.add_subparsers(dest="command", required=True)
    setting = commands.add_parser("set", help="write a new version everywhere")
    setting.add_argument("version", help="three numbers, such as 0.3.0")
    checking = commands.add_parser("check", help="say what does not agree; exit 1 where anything does")
    checking.add_argument("--tag", default="", help="a tag that must be the version's")
    checking.add_argument("--since", default="", help="a commit: the version must have changed if the library did")
    arguments = parser.parse_args()
    if arguments.command == "check":
        found = faults(tag=arguments.tag, since=arguments.since)
        sys.exit("\n".join(found) or 0)
    try:
        set_version(arguments.version, date.today())
    except ValueError as error:
        sys.exit(str(error))
    import notebooks

    written = notebooks.rewrite("setup", check=False)
    print(f"version {arguments.version}, {len(written)} setup cells; {repository().url}: publish it with its tag")


if __name__ == "__main__":
    main()
