"""Where the course is published, and how a fork sets its own address wherever the course names it.

    python tools/repository.py [--url https://github.com/OWNER/NAME] [--branch BRANCH]

`_config.yml` holds the address; Colab links are made from it at build. What has to spell it out (FILES, and the setup
cell of every notebook) is rewritten here. Only Python itself is needed: a fork has installed nothing yet.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

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


@dataclass(frozen=True)
class Repository:
    """Where the course is published: what Colab links and setup cells are made of."""

    url: str
    branch: str

    @property
    def requirement(self) -> str:
        """What pip installs where `ganbook` is missing."""
        return f"ganbook @ git+{self.url}@{self.branch}"

    def colab(self, page: Path) -> str:
        """The address at which Colab opens a notebook, given relative to the repository's root."""
        return f"https://colab.research.google.com/github/{self.slug}/blob/{self.branch}/{page.as_posix()}"

    @property
    def pages(self) -> str:
        """The address at which GitHub Pages shows the built book."""
        owner, _, name = self.slug.partition("/")
        return f"https://{owner.lower()}.github.io/{name}"

    @property
    def slug(self) -> str:
        """`owner/name` on GitHub."""
        return "/".join(self.url.split("/")[-2:])


def repository(root: Path = ROOT) -> Repository:
    """The repository's address, from the only place that holds it: two lines of `_config.yml`.

    Raises:
        ValueError: one of the two lines is not there.
    """
    text, setting = (root / "_config.yml").read_text(encoding="utf-8"), {}
    for key in ("url", "branch"):
        line = re.search(rf"(?m)^  {key}: (\S+)$", text)
        if line is None:
            raise ValueError(f"_config.yml has no line `{key}: …` under `repository:`")
        setting[key] = line[1].rstrip("/")
    return Repository(**setting)


def web_address(remote: str) -> str:
    """The https address of a GitHub remote, without credentials.

    >>> web_address("git@github.com:someone/course.git")
    'https://github.com/someone/course'
    >>> web_address("https://name:secret@github.com/someone/course")
    'https://github.com/someone/course'

    Raises:
        ValueError: the remote is not on GitHub, the only host that Colab opens notebooks from.
    """
    match = GITHUB.fullmatch(remote.strip())
    if not match:
        host = re.sub(r"//[^@/]*@", "//", remote.strip())
        raise ValueError(f"the remote {host!r} is not a GitHub repository, from which alone Colab opens notebooks")
    return f"https://github.com/{match[1]}/{match[2]}"


def move(old: Repository, new: Repository, root: Path = ROOT) -> list[Path]:
    """Replace the old address by the new one in FILES and all notebooks; returns the files that changed."""
    changed = []
    for path in sorted({root / file for file in FILES} | {*(root / "book").rglob("*.ipynb")}):
        before = path.read_text(encoding="utf-8")
        after = re.sub(rf"{re.escape(old.url)}(?![\w-])", new.url, before)
        after = re.sub(rf"{re.escape(old.pages)}(?![\w-])", new.pages, after)
        after = after.replace(f"{new.url}@{old.branch}", f"{new.url}@{new.branch}")
        for slug in (old.slug, new.slug):  # Colab's address of a notebook; a file's own, whose beginning is new by now
            after = after.replace(f"/{slug}/blob/{old.branch}/", f"/{new.slug}/blob/{new.branch}/")
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
    changed = move(old, new)
    print(f"the repository is {new.url}, branch {new.branch}; {len(changed)} files written")


if __name__ == "__main__":
    main()
