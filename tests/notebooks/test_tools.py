"""The tools that write notebooks: ids stay, outputs go, and the setup cell does what it says where it runs."""

from __future__ import annotations

import copy
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

import notebooks as tool
import repository as address
from pages import config, name, notebooks
from release import version
from repository import ROOT, Repository, repository


def notebook(*sources: str):
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])


def ids(made) -> list[str]:
    return [cell.id for cell in made.cells]


def test_ids_stay_when_cells_are_changed_added_and_moved_apart():
    before = tool.with_stable_ids(notebook("a = 1", "b = 2", "c = 3"), None, "seed")
    changed = tool.with_stable_ids(notebook("a = 1", "b = 20", "c = 3"), before, "seed")
    assert ids(changed) == ids(before)
    longer = tool.with_stable_ids(notebook("a = 1", "new = 0", "b = 2", "c = 3"), before, "seed")
    assert [ids(longer)[i] for i in (0, 2, 3)] == ids(before)
    assert len(set(ids(longer))) == 4


def test_new_ids_follow_from_the_text_and_are_unique():
    first = tool.with_stable_ids(notebook("same", "same", "other"), None, "seed")
    assert len(set(ids(first))) == 3
    assert ids(first) == ids(tool.with_stable_ids(notebook("same", "same", "other"), None, "seed"))
    assert ids(first) != ids(tool.with_stable_ids(notebook("same", "same", "other"), None, "another file"))


def test_cleaning_drops_outputs_counts_and_metadata_and_keeps_the_rest():
    made = notebook("1 + 1")
    made.cells[0].outputs = [nbformat.v4.new_output("stream", text="2")]
    made.cells[0].execution_count = 7
    made.cells[0].metadata = nbformat.from_dict({"tags": ["hide-input"], "collapsed": True, "ExecuteTime": {}})
    made.metadata = nbformat.from_dict({"widgets": {"state": 1}, "colab": {"name": "x"}})
    clean = tool.cleaned(copy.deepcopy(made))
    assert clean.cells[0].outputs == [] and clean.cells[0].execution_count is None
    assert clean.cells[0].metadata == {"tags": ["hide-input"]}
    assert set(clean.metadata) == {"kernelspec", "language_info"}
    assert (clean.cells[0].id, clean.cells[0].source) == (made.cells[0].id, "1 + 1")


def test_import_fills_the_setup_cell_and_keeps_ids(tmp_path, monkeypatch):
    monkeypatch.setattr(tool, "name", lambda path: "game/sample")
    script, target = tmp_path / "sample.py", tmp_path / "sample.ipynb"
    script.write_text('# %% [markdown]\n# # Title\n\n# %% tags=["setup"]\n# setup\n\n# %%\nx = 1\n')
    tool.import_script(script, target)
    first = nbformat.read(target, as_version=4)
    assert first.cells[1].source == tool.setup_source("game/sample")
    script.write_text(script.read_text().replace("x = 1", "x = 2"))
    tool.import_script(script, target)
    second = nbformat.read(target, as_version=4)
    assert ids(first) == ids(second)
    assert second.cells[2].source == "x = 2"
    assert target.read_text() == tool.text(tool.cleaned(second))


# The setup cell, in a real IPython, with `%pip` and the library replaced ----------------------------------------------

SHELL = """
import sys
from pathlib import Path
from IPython.core.interactiveshell import InteractiveShell

Path(SITE).mkdir()
sys.path[:] = [SITE, *[folder for folder in sys.path if folder != ROOT]]  # the library of this test alone
shell, installed = InteractiveShell.instance(), []

def library(version, welcome="print('welcome', page, 'needs', needs)"):
    Path(SITE, "ganbook").mkdir(parents=True, exist_ok=True)
    code = f"__version__ = {version!r}\\ndef welcome(page, needs): {welcome}\\n"
    Path(SITE, "ganbook/__init__.py").write_text(code)
    Path(SITE, "ganbook/losses.py").write_text(f"made_for = {version!r}")

def pip(line):
    installed.append(line)
    if ONLINE:
        library("99.0.0")

shell.register_magic_function(pip, "line", "pip")
PREPARE
done = shell.run_cell(CELL)
print("installed", installed)
AFTER
print("error", type(done.error_in_exec).__name__, done.error_in_exec)
"""


def run_setup(folder: Path, prepare: str = "", online: bool = True, after: str = "") -> str:
    """What the cell prints in ``folder``, then what it installed, and the error that it ended with."""
    code, cell = SHELL, tool.setup_source("game/two_players")
    values = {"SITE": str(folder / "site"), "ROOT": str(ROOT), "ONLINE": online, "CELL": cell}
    for word, value in values.items():
        code = code.replace(word, repr(value))
    code = code.replace("PREPARE", prepare).replace("AFTER", after)
    command = [sys.executable, "-B", "-P", "-c", code]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


WELCOME = f"welcome game/two_players needs {version()}\n"
FROM_GITHUB = f"installed ['install --quiet --upgrade \"{repository().requirement}\"']\n"


@pytest.mark.parametrize("there", [version(), "99.0.0"])
def test_setup_installs_nothing_where_the_library_is_new_enough(there, tmp_path):
    assert run_setup(tmp_path, f"library({there!r})") == f"{WELCOME}installed []\nerror NoneType None\n"


def test_setup_installs_from_github_in_an_empty_folder_and_says_welcome(tmp_path):
    assert run_setup(tmp_path) == f"{WELCOME}{FROM_GITHUB}error NoneType None\n"


def test_setup_upgrades_an_older_library_also_where_the_kernel_has_used_it(tmp_path):
    old = "library('0.0.9', '1 / 0')\nimport ganbook.losses"
    output = run_setup(tmp_path, old, after="import ganbook.losses; print(ganbook.losses.made_for)")
    assert output == f"{WELCOME}{FROM_GITHUB}99.0.0\nerror NoneType None\n"


def test_setup_installs_from_the_clone_it_lies_in(tmp_path):
    folder = tmp_path / "course" / "book" / "game"
    folder.mkdir(parents=True)
    (tmp_path / "course" / "ganbook").mkdir()
    (tmp_path / "course" / "ganbook" / "__init__.py").touch()
    assert "installed ['install --quiet --upgrade \"../..\"']" in run_setup(folder)


def test_setup_is_not_fooled_by_a_folder_called_ganbook(tmp_path):
    """A clone in the working folder, as after `git clone` on Colab, is found as a package that holds nothing."""
    (tmp_path / "ganbook").mkdir()
    assert run_setup(tmp_path, "sys.path.insert(1, '')") == f"{WELCOME}{FROM_GITHUB}error NoneType None\n"


@pytest.mark.parametrize(
    ("prepare", "cause"),
    [
        ("", "No module named 'ganbook'"),
        ("Path('ganbook').mkdir(); sys.path.insert(1, '')", "module 'ganbook' has no attribute 'welcome'"),
        ("library('0.0.9'); Path(SITE, 'ganbook/__init__.py').write_text('def welcome(page): pass')", "needs"),
    ],
)
def test_a_failed_installation_ends_in_one_sentence(prepare, cause, tmp_path):
    prepare = prepare.replace("SITE", repr(str(tmp_path / "site")))
    error = run_setup(tmp_path, prepare, online=False).splitlines()[-1]
    assert error.startswith(f"error ImportError needs ganbook {version()} (") and cause in error
    assert error.endswith("): run this cell online")


def test_an_older_library_that_could_not_be_upgraded_says_so_itself(tmp_path):
    output = run_setup(tmp_path, "library('0.0.9')", online=False)
    assert output == f"{WELCOME}{FROM_GITHUB}error NoneType None\n"


def test_the_setup_cell_is_short():
    source = tool.setup_source("game/two_players")
    assert len([line for line in source.splitlines() if line.strip()]) <= 20
    assert max(map(len, source.splitlines())) <= 88


# The repository's address ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "remote",
    [
        "https://github.com/some-one/my.course",
        "https://github.com/some-one/my.course.git",
        "https://user:secret@github.com/some-one/my.course.git",
        "git@github.com:some-one/my.course.git",
        "ssh://git@github.com/some-one/my.course",
        "ssh://git@github.com:22/some-one/my.course.git/",
    ],
)
def test_an_address_is_read_from_any_form_of_a_remote(remote):
    assert address.web_address(remote) == "https://github.com/some-one/my.course"


@pytest.mark.parametrize(
    "remote", ["/srv/git/course.git", "https://gitlab.com/a/b", "https://me:secret@example.org/a/b"]
)
def test_a_remote_that_colab_cannot_open_is_refused_without_telling_secrets(remote):
    with pytest.raises(ValueError, match="not a GitHub repository") as error:
        address.web_address(remote)
    assert "secret" not in str(error.value)


def test_the_address_is_that_of_the_settings():
    settings = config()["repository"]
    assert repository() == Repository(settings["url"], settings["branch"])


def test_a_setting_that_is_missing_is_named(tmp_path):
    (tmp_path / "_config.yml").write_text("repository:\n  url: https://github.com/a/b\n")
    with pytest.raises(ValueError, match="branch"):
        repository(tmp_path)


def test_a_new_address_reaches_every_file_that_spells_it_out_with_nothing_but_python(tmp_path):
    new = Repository("https://github.com/some-one/my-course", "release")
    files = [*map(Path, address.FILES), *(path.relative_to(ROOT) for path in notebooks())]
    for file in [*files, Path("tools/repository.py")]:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_bytes((ROOT / file).read_bytes())

    def move(where: Repository) -> None:
        options = ["--url", where.url, "--branch", where.branch]
        # Isolated, and without the packages that are installed.
        subprocess.run([sys.executable, "-I", "-S", tmp_path / "tools/repository.py", *options], check=True)

    old = repository()
    move(new)
    assert repository(tmp_path) == new
    for file in files:
        text = (tmp_path / file).read_text(encoding="utf-8")
        assert old.slug not in text and old.pages not in text
        assert f"{new.url}@{old.branch}" not in text and f"{new.slug}/blob/{old.branch}" not in text
        if file.suffix == ".ipynb":
            (setup,) = (c for c in nbformat.reads(text, as_version=4).cells if "setup" in c.metadata.get("tags", []))
            assert setup.source == tool.setup_source(name(ROOT / file), new)
    assert f'"ganbook @ git+{new.url}@release"' in (tmp_path / "README.md").read_text(encoding="utf-8")
    move(old)
    assert all((tmp_path / file).read_bytes() == (ROOT / file).read_bytes() for file in files)


def test_no_other_file_spells_the_address_out():
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    assert len(tracked) > 50
    spelled = set()
    for file in filter(lambda file: (ROOT / file).is_file(), tracked):
        text = (ROOT / file).read_bytes().decode("utf-8", "ignore")
        if file.endswith(".ipynb"):  # but for the setup cell, which a tool writes
            cells = nbformat.reads(text, as_version=4).cells
            text = "\n".join(cell.source for cell in cells if "setup" not in cell.metadata.get("tags", []))
        slug, published = repository().slug, repository().pages
        if f"github.com/{slug}" in text or f"github/{slug}" in text or published in text:
            spelled.add(file)
    assert spelled <= set(address.FILES)
