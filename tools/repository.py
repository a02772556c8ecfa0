"""Set the repository's address, from the git remote, wherever the course names it.

    python tools/repository.py [--url https://github.com/OWNER/NAME] [--branch BRANCH]

`_config.yml` holds the address; Colab links are made from it at build. The few files that have to spell it out (FILES,
and the setup cell of every notebook) are rewritten here.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from pathlib import Path

from notebooks import rewrite
from pages import ROOT, Repository, repository

# Files that spell the address out; tests/notebooks/test_tools.py finds one that is missing here.
FILES = (
    "_config.yml",
    "pyproject.toml",
    "CITATION.cff",
    "README.md",
    "CHANGELOG.md",
    "book/index.ipynb",
    "book/start/where_to_run.md",
)

GITHUB = re.compile(r"(?:\w+://)?(?:[^@/]+@)?github\.com[:/](?:\d+/)?([\w.-]+)/([\w.-]+?)(?:\.git)?/?")


def web_address(remote: str) -> str:
    """The https address of a GitHub remote, without credentials.

    >>> web_address("git@github.com:someone/course.git")
    'https://github.com/someone/course'
    >>> web_address("https://name:secret@github.com/someone/course")
    'https://github.com/someone/course'

    Raises:
        ValueError: the remote is not on GitHub, the only host that Colab opens notebooks from.
    """
    match = re.fullmatch(
        r"(?:\w+://)?(?:[^@/]+@)?github\.com[:/](?:\d+/)?([\w.-]+)/([\w.-]+?)(?:\.git)?/?", remote.strip()
    )
    if not match:
        host = re.sub(r"//[^@/]*@", "//", remote.strip())
        raise ValueError(f"the remote {host!r} is not a GitHub repository, from which alone Colab opens notebooks")
    return f"https://github.com/{match[1]}/{match[2]}"


def move(old: Repository, new: Repository, root: Path = ROOT) -> list[Path]:
    """Replace the old address by the new one in FILES; returns the files that changed."""
    changed = []
    for path in (root / file for file in FILES):
        before = path.read_text(encoding="utf-8")
        after = re.sub(rf"{re.escape(old.url)}(?![\w-])", new.url, before)
        after = after.replace(f"{new.url}@{old.branch}", f"{new.url}@{new.branch}")
        after = after.replace(f"/{old.slug}/blob/{old.branch}/", f"/{new.slug}/blob/{new.branch}/")
        if path.name == "_config.yml":
            after = re.sub(r"(?m)^  branch: .*$", f"  branch: {new.branch}", after)
        if after != before:
            path.write_text(after, encoding="utf-8")
            changed.append(path)
    return changed


def git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()


def main() -> None:
    parser = argparse.ArgumentParser(description="Set the repository's address wherever the course names it.")
    parser.add_argument("--url", help="default: the remote called origin")
    parser.add_argument("--branch", help="default: origin's own default branch, else the present setting")
    arguments = parser.parse_args()
    old = repository()
    remote = arguments.url or git("remote", "get-url", "origin")
    if not remote:
        sys.exit("there is no remote called origin: add one, or name the address with --url")
    try:
        url = web_address(remote)
    except ValueError as error:
        sys.exit(str(error))
    head = git("symbolic-ref", "--short", "refs/remotes/origin/HEAD").removeprefix("origin/")
    new = Repository(url, arguments.branch or head or old.branch)
    changed = move(old, new) + rewrite("setup", check=False)
    print(f"the repository is {new.url}, branch {new.branch}; {len(changed)} files written")


if __name__ == "__main__":
    main()
