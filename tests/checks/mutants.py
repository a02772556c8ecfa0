"""One-place mutants of the solutions: each is a wrong answer that nobody had to think of.

    python tests/checks/mutants.py [NAME …] [--every N]     # what the checks say to them; survivors with their change

A mutant differs from the solution in one place of its syntax tree: an operator, a constant, an axis, a sign, an
argument, a deleted line, a swapped name, a function in place of its neighbour. Those that compute the same as the
solution are listed by hand in `equivalents.py`, each with its reason.
"""

import argparse
import ast
import builtins
import contextlib
import copy
import io
import os
import re
import sys
import time
import warnings
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import nbformat

import ganbook

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "tools")]

from exercises import REGION, SOLUTIONS  # noqa: E402
from ganbook import checks  # noqa: E402
from ganbook.checks import limit  # noqa: E402

#: What each operator may be mistaken for.
OPERATORS = {
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Div,),
    ast.Div: (ast.Mult,),
    ast.FloorDiv: (ast.Mult,),
    ast.Mod: (ast.FloorDiv,),
    ast.Pow: (ast.Mult,),
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.And: (ast.Or,),
    ast.Or: (ast.And,),
}
#: Neighbours in PyTorch: what a function is written for by mistake.
NEIGHBOURS = {
    "mean": "sum",
    "sum": "mean",
    "min": "max",
    "max": "min",
    "argmin": "argmax",
    "argmax": "argmin",
    "any": "all",
    "all": "any",
    "ones_like": "zeros_like",
    "zeros_like": "ones_like",
    "ones": "zeros",
    "zeros": "ones",
    "ones_": "zeros_",
    "zeros_": "ones_",
    "randn": "rand",
    "rand": "randn",
    "randn_like": "rand_like",
    "rand_like": "randn_like",
    "normal_": "uniform_",
    "sqrt": "square",
    "square": "abs",
    "abs": "square",
    "exp": "expm1",
    "log": "log1p",
    "log2": "log",
    "sigmoid": "tanh",
    "logsigmoid": "sigmoid",
    "softplus": "relu",
    "eval": "train",
    "train": "eval",
    "floor": "ceil",
    "round": "floor",
    "std": "var",
    "var": "std",
    "norm": "sum",
    "cat": "stack",
    "repeat": "repeat_interleave",
    "softmax": "log_softmax",
    "log_softmax": "softmax",
    "append": "insert",
    "ReLU": "LeakyReLU",
    "LeakyReLU": "ReLU",
    "BatchNorm2d": "InstanceNorm2d",
    "ConvTranspose2d": "Conv2d",
    "randperm": "arange",
}


#: What may have the wrong sign.
_SIGNED = ast.BinOp | ast.Call | ast.Name | ast.UnaryOp
#: What an endless mutant is given.
_SECONDS = 6.0


@dataclass(frozen=True)
class Mutant:
    """``change`` says what was changed in which line; it names the mutant in `equivalents.py`."""

    notebook: str
    task: str
    change: str
    source: str


def _solved(node, lines):
    return getattr(node, "lineno", None) in lines


def _locals(tree):
    """Parameters and names assigned in the cell, in the order of appearance."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.arg):
            found[node.arg] = None
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found[node.id] = None
    return [*found]


def _negated(node):
    return ast.UnaryOp(ast.USub(), node)


def _edits(node, names):
    """(what it is called, function of a copy of the node that gives the node to stand in its place)."""

    def put(**fields):
        def edit(copied):
            for name, value in fields.items():
                setattr(copied, name, value)
            return copied

        return edit

    if isinstance(node, ast.BinOp):
        for other in OPERATORS.get(type(node.op), ()):
            yield f"operator {other.__name__}", put(op=other())
        if isinstance(node.op, ast.Add | ast.Sub | ast.Mult | ast.Div | ast.MatMult):
            yield "left operand alone", lambda copied: copied.left
            yield "right operand alone", lambda copied: copied.right
    elif isinstance(node, ast.AugAssign):
        for other in OPERATORS.get(type(node.op), ()):
            yield f"operator {other.__name__}", put(op=other())
    elif isinstance(node, ast.BoolOp):
        for other in OPERATORS[type(node.op)]:
            yield f"operator {other.__name__}", put(op=other())
    elif isinstance(node, ast.Compare):
        for other in OPERATORS[type(node.ops[0])]:
            yield f"operator {other.__name__}", put(ops=[other(), *node.ops[1:]])
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.Not):
        yield "sign dropped", lambda copied: copied.operand
    elif isinstance(node, ast.Constant) and not isinstance(node.value, str | bytes):
        if isinstance(node.value, bool):
            yield f"{node.value} turned", put(value=not node.value)
        elif isinstance(node.value, int):
            for value in (node.value + 1, node.value - 1):
                yield f"{node.value} to {value}", put(value=value)
        elif isinstance(node.value, float):
            for value in (2 * node.value or 0.1, -node.value or -0.1):
                yield f"{node.value} to {value}", put(value=value)
        elif node.value is None:
            yield "None to 0", put(value=0)
    elif isinstance(node, ast.IfExp | ast.If | ast.While):
        yield "test turned", lambda copied: put(test=ast.UnaryOp(ast.Not(), copied.test))(copied)
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in names and len(names) > 1:
        other = names[(names.index(node.id) + 1) % len(names)]
        yield f"{node.id} to {other}", put(id=other)
    elif isinstance(node, ast.Subscript):
        yield "index dropped", lambda copied: copied.value
    elif isinstance(node, ast.Tuple | ast.List) and isinstance(node.ctx, ast.Load) and len(node.elts) > 1:
        swapped = [*node.elts[1::-1], *node.elts[2:]]
        yield "first two swapped", lambda copied: put(elts=copy.deepcopy(swapped))(copied)
    elif isinstance(node, ast.Slice):
        if node.lower is not None:
            yield "slice without begin", put(lower=None)
        if node.upper is not None:
            yield "slice without end", put(upper=None)
        if node.step is not None:
            yield "slice without step", put(step=None)
    elif isinstance(node, ast.Call):
        yield from _edits_of_call(node)
    elif isinstance(node, ast.Return | ast.Assign) and isinstance(node.value, _SIGNED):
        yield "sign turned", lambda copied: put(value=_negated(copied.value))(copied)


def _edits_of_call(node):
    def without(field, position):
        def edit(copied):
            del getattr(copied, field)[position]
            return copied

        return edit

    def swapped(copied):
        copied.args[:2] = copied.args[1::-1]
        return copied

    function = ast.unparse(node.func)
    name = function.rsplit(".", 1)[-1]
    if isinstance(node.func, ast.Attribute):
        root = node.func
        while isinstance(root, ast.Attribute):
            root = root.value
        of_module = isinstance(root, ast.Name) and root.id in ("torch", "F", "nn", "math", "np", "plots", "data")
        if not of_module:
            yield f".{name}() dropped", lambda copied: copied.func.value
        if name in NEIGHBOURS:

            def neighbour(copied):
                copied.func.attr = NEIGHBOURS[name]
                return copied

            yield f"{name} to {NEIGHBOURS[name]}", neighbour
    if node.args and not isinstance(node.args[0], ast.Starred):
        if not name.endswith("_") and name[:1].islower():
            yield f"{name}(…) to its argument", lambda copied: copied.args[0]
        if len(node.args) > 1 and not isinstance(node.args[1], ast.Starred):
            yield f"arguments of {name} swapped", swapped
    for position in range(len(node.args)):
        yield f"argument {position + 1} of {name} dropped", without("args", position)
    for position, keyword in enumerate(node.keywords):
        yield f"{keyword.arg} of {name} dropped", without("keywords", position)


def _deletions(tree, lines):
    """Statements that may be left out: the block that holds them, and their place in it."""
    for owner in ast.walk(tree):
        for block in ("body", "orelse"):
            statements = getattr(owner, block, None)
            if isinstance(statements, list):
                for place, statement in enumerate(statements):
                    if _solved(statement, lines) and not isinstance(statement, ast.FunctionDef | ast.ClassDef):
                        yield owner, block, place, statement


def _nth(tree, number):
    return next(node for position, node in enumerate(ast.walk(tree)) if position == number)


def _replaced(tree, number, edit):
    """A copy of the tree with the node of this number (in the order of `ast.walk`) edited."""
    copied = copy.deepcopy(tree)
    target = _nth(copied, number)
    new = edit(target)
    if new is not target:
        for parent in ast.walk(copied):
            for field, value in ast.iter_fields(parent):
                if value is target:
                    setattr(parent, field, new)
                    return copied
                if isinstance(value, list) and any(entry is target for entry in value):
                    setattr(parent, field, [new if entry is target else entry for entry in value])
                    return copied
    return copied


def mutated(source):
    """All one-place mutants of a cell with solutions: (change, source)."""
    lines = set()
    for region in REGION.finditer(source):
        start = source[: region.start("solution")].count("\n") + 1
        lines |= set(range(start, start + region["solution"].count("\n")))
    tree = ast.parse(source)
    names = _locals(tree)
    plain = ast.unparse(tree)
    seen = {plain}
    texts = source.split("\n")

    def told(what, line):
        return f"{what} in `{texts[line - 1].split('  #')[0].strip()}`"

    for number, node in enumerate(ast.walk(tree)):
        if _solved(node, lines) or (isinstance(node, ast.Slice) and _solved(node.lower or node.upper or node, lines)):
            line = getattr(node, "lineno", None) or (node.lower or node.upper).lineno
            for what, edit in _edits(node, names):
                try:
                    new = ast.unparse(ast.fix_missing_locations(_replaced(tree, number, edit)))
                    ast.parse(new)
                except (SyntaxError, ValueError, AttributeError):
                    continue
                if new not in seen:
                    seen.add(new)
                    yield told(what, line), new
    places = [(number, node) for number, node in enumerate(ast.walk(tree))]
    index = {id(node): number for number, node in places}
    for owner, block, place, statement in _deletions(tree, lines):
        copied = copy.deepcopy(tree)
        getattr(_nth(copied, index[id(owner)]), block)[place] = ast.Pass()
        new = ast.unparse(ast.fix_missing_locations(copied))
        if new not in seen:
            seen.add(new)
            yield told("left out", statement.lineno), new


def _only_defines(source):
    """Whether a cell only imports and defines: what is played and drawn takes long and is not needed."""
    kinds = ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef
    return all(isinstance(statement, kinds) for statement in ast.parse(source).body)


@cache
def notebook(name):
    """The names that the solutions stand on, and the cell of each task: (names, {task: source})."""
    module = getattr(checks, name)
    read = nbformat.read(SOLUTIONS / f"{name}.ipynb", as_version=4)
    names, cells = {"__name__": "solutions", "ganbook": ganbook}, {}
    for cell in read.cells:
        if cell.cell_type != "code" or "setup" in cell.metadata.get("tags", []) or "check.require" in cell.source:
            continue
        if not REGION.search(cell.source) and re.search(r"^check\.|check\.done|\bif all\(", cell.source, re.MULTILINE):
            continue
        if REGION.search(cell.source) or _only_defines(cell.source):
            exec(compile(cell.source, f"<{name} {cell.id}>", "exec"), names)
        for task in module.sheet.tasks:
            if REGION.search(cell.source) and re.search(rf"^(def {task}\(|{task} = )", cell.source, re.MULTILINE):
                cells[task] = cell.source
    return names, cells


@cache
def mutants(name):
    """Every mutant of a notebook's solutions, in the order of its tasks; no two of a task have one name."""
    found = []
    for task, cell in notebook(name)[1].items():
        names = Counter()
        for change, source in mutated(cell):
            names[change] += 1
            number = f", no. {names[change]}" if names[change] > 1 else ""
            found.append(Mutant(name, task, change + number, source))
    return tuple(found)


def answer_of(mutant):
    """The mutant's function (or value); None if its cell does not even run."""
    names = dict(notebook(mutant.notebook)[0])
    del names[mutant.task]
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            exec(compile(mutant.source, "<mutant>", "exec"), names)
    except Exception:
        return None
    return names.get(mutant.task)


def judged(mutant, seed=0):
    """The card of the mutant's own check; None if its cell does not run."""
    answer = answer_of(mutant)
    if answer is None:
        return None
    limit.SECONDS = _SECONDS
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        return getattr(checks, mutant.notebook).sheet.tasks[mutant.task](answer, seed=seed)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="exercise notebooks (default: all)")
    parser.add_argument("--every", type=int, default=1, help="every so many mutants only")
    parser.add_argument("--quiet", action="store_true", help="the table only")
    arguments = parser.parse_args()
    from equivalents import reason

    os.environ["GANBOOK_BUDGET"] = "smoke"
    total = Counter()
    for name in arguments.names or checks.NOTEBOOKS:
        started, count, hints = time.monotonic(), Counter(), Counter()
        for mutant in mutants(name)[:: arguments.every]:
            if reason(mutant):
                count["equivalent"] += 1
                continue
            result = judged(mutant)
            status = "does not run" if result is None else result.status
            count["passed" if status == "passed" else "rejected"] += 1
            if result is not None and result.status == "failed":
                hints["named" if result.hint_id in named(name, mutant.task) else "by difference"] += 1
            if status == "passed" and not arguments.quiet:
                print(f"    {mutant.task}: {mutant.change}", flush=True)
        total += count
        print(_row(name, count), dict(hints), f"{time.monotonic() - started:.0f} s", flush=True)
    print(_row("all", total))


def named(name, task):
    return {mistake.id for mistake in getattr(checks, name).sheet.tasks[task].mistakes}


def _row(name, count):
    judged_ = count["rejected"] + count["passed"]
    share = f"{100 * count['rejected'] / judged_:.1f} %" if judged_ else ""
    made = sum(count.values())
    return f"{name:<18} made {made:>4}  equivalent {count['equivalent']:>3}  rejected {count['rejected']:>4}  {share}"


if __name__ == "__main__":
    assert hasattr(builtins, "print")
    main()
