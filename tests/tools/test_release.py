"""One version in all places, raised by a merge that changes the library, and built to the same bits."""

from __future__ import annotations

import subprocess
import tarfile
import zipfile
from datetime import date

import pytest

import dist
import release
from repository import ROOT

DAY = date(2026, 12, 1)


@pytest.fixture
def course(tmp_path):
    """What names the version, at 0.2.0."""
    (tmp_path / "ganbook").mkdir()
    (tmp_path / "ganbook/__init__.py").write_text('import x\n\n__version__ = "0.2.0"\n')
    (tmp_path / "CITATION.cff").write_text("title: x\nversion: 0.2.0\ndate-released: 2026-11-29\n")
    (tmp_path / "CHANGELOG.md").write_text(
        "# Changelog\n\n## [Unreleased]\n\n- new\n\n## [0.2.0] - 2026-11-29\n\n- old\n"
    )
    return tmp_path


def test_a_new_version_reaches_every_place(course):
    assert release.faults(course) == []
    release.set_version("0.2.1", DAY, course)
    assert release.version(course) == "0.2.1" and release.faults(course) == []
    assert (course / "CITATION.cff").read_text() == "title: x\nversion: 0.2.1\ndate-released: 2026-12-01\n"
    whole = "# Changelog\n\n## [Unreleased]\n\n## [0.2.1] - 2026-12-01\n\n- new\n\n## [0.2.0] - 2026-11-29\n\n- old\n"
    assert (course / "CHANGELOG.md").read_text() == whole


@pytest.mark.parametrize("new", ["0.2.0", "0.1.9", "0.3", "v0.3.0", "0.3.0.dev1", "next"])
def test_a_version_that_is_none_or_no_higher_is_refused_and_changes_nothing(new, course):
    before = {path: path.read_text() for path in course.rglob("*.*") if path.is_file()}
    with pytest.raises(ValueError, match=rf"^the version is '{new}': allowed "):
        release.set_version(new, DAY, course)
    assert before == {path: path.read_text() for path in before}


@pytest.mark.parametrize(
    ("file", "instead", "said"),
    [
        ("CITATION.cff", "version: 0.1.0\n", "CITATION.cff does not say version: 0.2.0"),
        ("CHANGELOG.md", "## [Unreleased]\n", "CHANGELOG.md has no section"),
        ("ganbook/__init__.py", '__version__ = "0.2.0.dev1"\n', "allowed are three numbers"),
    ],
)
def test_a_place_that_names_another_is_told(file, instead, said, course):
    (course / file).write_text(instead)
    assert any(said in fault for fault in release.faults(course))


def test_a_tag_is_the_versions():
    now = release.version()
    assert release.faults(tag=f"v{now}") == []
    assert release.faults(tag="v0.0.1") == [f"the tag is v0.0.1, but the version is {now}: the tag of it is v{now}"]


def test_a_merge_that_changes_the_library_has_a_new_version(course, monkeypatch):
    def git(*arguments: str) -> str:
        command = ["git", "-c", "user.name=a", "-c", "user.email=a@b", *arguments]
        return subprocess.run(command, cwd=course, capture_output=True, text=True, check=True).stdout.strip()

    def commit() -> None:
        git("add", "--all")
        git("commit", "--quiet", "--message", "x")

    monkeypatch.setattr(release, "git", git)
    git("init", "--quiet")
    commit()
    git("branch", "main-before")
    (course / "README.md").write_text("x")
    commit()
    assert release.faults(course, since="main-before") == []
    (course / "ganbook/losses.py").write_text("x = 1")
    commit()
    (said,) = release.faults(course, since="main-before")
    assert said.startswith("1 files of ganbook/ changed since main-before, and the version is still 0.2.0")
    release.set_version("0.2.1", DAY, course)
    commit()
    assert release.faults(course, since="main-before") == []


def test_what_is_not_the_same_twice_is_named(tmp_path):
    pairs = []
    for text in ("one", "other"):
        folder = tmp_path / text
        folder.mkdir()
        with zipfile.ZipFile(folder / "a.whl", "w") as wheel:
            wheel.writestr("same.py", "x")
            wheel.writestr("stamp.py", text)
        (folder / "stamp.txt").write_text(text)
        with tarfile.open(folder / "a.tar.gz", "w:gz") as packed:
            packed.add(folder / "stamp.txt", "stamp.txt")
        pairs.append([folder / "a.tar.gz", folder / "a.whl"])
    assert dist.differences(pairs[0], pairs[0]) == []
    assert dist.differences(*pairs) == [
        "a.tar.gz is not the same twice: stamp.txt",
        "a.whl is not the same twice: stamp.py",
    ]


@pytest.mark.parametrize(
    ("quick", "other", "well"),
    [
        ("def test_x(): pass", "", True),
        ("def test_x(): assert 0", "", False),
        ("def test_x(): pass", "open('book/page.md')", False),  # read at import, and not in the archive
    ],
)
def test_tests_of_the_source_distribution_are_tried_from_it_alone(quick, other, well, tmp_path):
    folder = tmp_path / "ganbook-1.0/tests"
    folder.mkdir(parents=True)
    (folder / "test_quick.py").write_text(quick)
    (folder / "test_other.py").write_text(other)
    (folder.parent / "pyproject.toml").write_text("[tool.pytest.ini_options]\ntestpaths = ['tests']\n")
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz") as packed:
        packed.add(folder.parent, "ganbook-1.0")
    assert dist.tests_run(tmp_path / "a.tar.gz", ["tests/test_quick.py"]) is well


def test_the_quick_tests_are_there():
    assert all((ROOT / file).is_file() for file in dist.QUICK)


def test_the_rule_is_told_where_a_contributor_reads_it():
    assert "make version" in (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
