"""A ground floor and four above it, and imports only point down; importing the package costs next to nothing."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import ganbook

PACKAGE = Path(ganbook.__file__).parent

# Each room's floor. On the ground floor no room knows another.
FLOORS = {
    0: ("arguments",),
    1: ("convolutions", "data", "dynamics", "losses", "metrics", "models", "penalties", "plots", "results"),
    2: ("training",),
    3: ("doctor", "recipes", "zoo"),
    4: ("__main__", "checks", "claims", "cli", "session", "widgets"),
}
FLOOR = {room: floor for floor, rooms in FLOORS.items() for room in rooms}


def rooms_of(node):
    """The rooms of ganbook that an import statement names."""
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    elif node.level:
        return {"a relative import"}
    elif node.module == "ganbook":
        names = [f"ganbook.{alias.name}" for alias in node.names]
    else:
        names = [node.module]
    return {[*name.split("."), ""][1] for name in names if name.split(".")[0] == "ganbook"}


def imports():
    """(room, file and line, room that it imports) for every import in the package, at any depth of the code."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        relative = path.relative_to(PACKAGE)
        if relative.as_posix() == "__init__.py":
            continue  # the hall: it names the rooms and opens none (test_the_package_alone...)
        room = relative.parts[0].removesuffix(".py")
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import | ast.ImportFrom):
                found += [(room, f"{relative}:{node.lineno}", other) for other in rooms_of(node)]
    return found


def test_every_room_has_a_floor():
    rooms = {path.name.removesuffix(".py") for path in PACKAGE.iterdir() if path.suffix == ".py" or path.is_dir()}
    assert rooms - {"__init__", "__pycache__"} <= set(FLOOR), "say in FLOORS where the new room belongs"


def test_imports_point_down():
    # The version and the budget in force; the command line's door, and what it opens; weights belong to their recipe.
    allowed = {("session", ""), ("__main__", "cli"), ("cli", "checks"), ("zoo", "recipes")}
    wrong = [
        f"{where}: {room} (floor {FLOOR[room]}) imports {other or 'ganbook itself'}"
        for room, where, other in imports()
        if room != other and (room, other) not in allowed and FLOOR.get(other, 9) >= FLOOR[room]
    ]
    assert wrong == []


def test_the_parser_sees_every_kind_of_import():
    lines = (
        "import ganbook.losses as l",
        "from ganbook import data, plots",
        "from ganbook.training.game import Game",
        "import torch",
    )
    seen = [rooms_of(ast.parse(line).body[0]) for line in lines]
    assert seen == [{"losses"}, {"data", "plots"}, {"training"}, set()]
    assert rooms_of(ast.parse("from . import losses").body[0]) == {"a relative import"}
    assert {room for room, _, _ in imports()} >= {"data", "models", "training"}


def modules_after(statement):
    code = f"import sys\n{statement}\nprint(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    return set(done.stdout.split())


HEAVY = {
    "IPython",
    "PIL",
    "accelerate",
    "ipywidgets",
    "matplotlib",
    "mlxtend",
    "pandas",
    "scipy",
    "sklearn",
    "torchvision",
    "typer",
}


def test_the_package_alone_imports_nothing():
    loaded = modules_after("import ganbook")
    assert not loaded & (HEAVY | {"torch", "numpy"})
    assert {name for name in loaded if name.startswith("ganbook")} == {"ganbook"}


def test_claims_need_no_torch():
    loaded = modules_after("import ganbook; ganbook.claim('x', 1, low=0, null=-1); ganbook.measured()")
    assert not loaded & (HEAVY | {"torch"})


def test_rooms_open_lazily():
    # What is heavy beside torch is imported where it is used: accelerate alone takes longer than torch. Only the
    # explorers need their widgets at once.
    rooms = "losses, penalties, models, data, training, plots, metrics, recipes, dynamics, convolutions, checks, zoo"
    loaded = modules_after(f"from ganbook import {rooms}")
    assert "torch" in loaded and sorted(loaded & HEAVY) == []


def test_names_of_the_package():
    inner = {"__main__", "arguments", "claims", "cli", "doctor", "session"}
    rooms = {room for rooms in FLOORS.values() for room in rooms} - inner
    names = {"__version__", "budget", "ClaimError", "claim", "measured", "replayed", "seed", "show_source", "welcome"}
    assert set(dir(ganbook)) == set(ganbook.__all__) == rooms | names
    given: dict[str, object] = {}
    exec("from ganbook import *", given)
    assert all(given[name] is getattr(ganbook, name) is not None for name in dir(ganbook))
    with pytest.raises(AttributeError, match="module 'ganbook' has no attribute 'nothing'"):
        ganbook.nothing  # noqa: B018
