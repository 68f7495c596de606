"""Rules on source code that no ready-made linter has: errors that carry a value, no hidden state, no own root. [E.1, A.5, U.1]"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SRC = Path(__file__).resolve().parents[2] / "src"
SHARE = 0.9
#: control flow, not errors
_CONTROL = {"Exit", "Abort", "SystemExit", "KeyboardInterrupt", "StopIteration", "NotImplementedError"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def trees() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(SRC.rglob("*.py")):
        yield str(path.relative_to(SRC / "garnetlab")), ast.parse(path.read_text())


def _is_formatted(node: ast.AST, assigned: dict[str, list[ast.expr]], depth: int = 0) -> bool:
    """Whether an argument of an exception holds something that is known at run time only."""
    if isinstance(node, ast.Name) and node.id in assigned and depth < 3:
        return any(_is_formatted(value, assigned, depth + 1) for value in assigned[node.id])
    if isinstance(node, ast.JoinedStr):
        return any(isinstance(part, ast.FormattedValue) for part in node.values)
    if isinstance(node, ast.BinOp | ast.IfExp):
        return any(_is_formatted(child, assigned, depth) for child in ast.iter_child_nodes(node))
    return isinstance(node, ast.Name | ast.Attribute | ast.Call | ast.Subscript)


def _assignments(function: ast.AST) -> dict[str, list[ast.expr]]:
    found: dict[str, list[ast.expr]] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    found.setdefault(target.id, []).append(node.value)
    return found


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def raises(tree: ast.AST) -> Iterator[tuple[int, bool]]:
    """Yield the line of each raised error and whether it carries a value. Raising a caught error again does not count."""
    for function in (n for n in ast.walk(tree) if isinstance(n, Function)):
        assigned = _assignments(function)
        for node in ast.walk(function):
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and _name(node.exc.func) not in _CONTROL:
                arguments = [*node.exc.args, *(k.value for k in node.exc.keywords)]
                yield node.lineno, any(_is_formatted(a, assigned) for a in arguments)


def _raises_again(handler: ast.ExceptHandler) -> bool:
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


def bad_excepts(tree: ast.AST) -> list[int]:
    """Return the lines that catch everything and keep it. Tidying up and raising again is fine."""
    handlers = [n for n in ast.walk(tree) if isinstance(n, ast.ExceptHandler)]
    bare = [h.lineno for h in handlers if h.type is None]
    named = [h for h in handlers if h.type is not None and not _raises_again(h)]
    caught = [(h.lineno, h.type.elts if isinstance(h.type, ast.Tuple) else [h.type]) for h in named]
    return bare + [line for line, types in caught if any(_name(t) in {"Exception", "BaseException"} for t in types)]


def calls_of(tree: ast.AST, names: set[str]) -> list[int]:
    return [n.lineno for n in ast.walk(tree) if isinstance(n, ast.Call) and getattr(n.func, "id", "") in names]


def own_root_imports(tree: ast.AST) -> list[int]:
    found = [n for n in ast.walk(tree) if isinstance(n, ast.Import) and any(a.name == "garnetlab" for a in n.names)]
    return [n.lineno for n in found]


def constants_by_name(tree: ast.AST) -> list[int]:
    """Return the lines that import a constant out of ``units``, where the dimension test cannot rescale it."""
    constants = {"F", "R", "e", "k_B", "N_A", "ZERO_CELSIUS"}
    modules = [n for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.module == "garnetlab.units"]
    return [n.lineno for n in modules if any(a.name in constants for a in n.names)]


def globals_of(tree: ast.AST) -> list[int]:
    return [n.lineno for n in ast.walk(tree) if isinstance(n, ast.Global)]


def places(check, *, but: str = "\0") -> dict[str, list[int]]:
    return {name: lines for name, tree in trees() if not name.startswith(but) and (lines := check(tree))}


def test_E1_nine_of_ten_raised_errors_carry_a_value():
    found = [(name, *where) for name, tree in trees() for where in set(raises(tree))]
    without = sorted(f"{name}:{line}" for name, line, carries in found if not carries)
    assert len(without) <= (1 - SHARE) * len(found), without


def test_E1_nothing_catches_everything():
    assert places(bad_excepts) == {}


def test_E1_only_app_prints():
    assert places(lambda tree: calls_of(tree, {"print"}), but="app/") == {}


def test_E1_nothing_evaluates_text_as_code():
    assert places(lambda tree: calls_of(tree, {"eval", "exec", "compile"})) == {}


def test_A5_no_state_is_kept_in_globals():
    assert places(globals_of) == {}


def test_no_part_imports_the_root():
    assert places(own_root_imports) == {}


def test_U1_constants_are_read_from_units_when_used():
    assert places(constants_by_name) == {}


@pytest.mark.parametrize(
    ("body", "carries"),
    [
        ('raise InvalidInput("expected more")', False),
        ('message = "expected more"\n    raise InvalidInput(message)', False),
        ('raise InvalidInput(f"area = {area}: expected more")', True),
        ('message = f"area = {area}: expected more"\n    raise InvalidInput(message)', True),
        ('message = "area: " + f"{area}"\n    raise core.InvalidInput(message)', True),
        ('raise ReadError(path, "damaged")', True),
    ],
)
def test_E1_whether_a_raise_carries_a_value_is_seen(body, carries):
    tree = ast.parse(f"def f(area):\n    {body}\n")
    assert [c for _, c in raises(tree)] == [carries]


def test_E1_raising_again_is_no_new_error():
    assert list(raises(ast.parse("def f():\n    try: g()\n    except ValueError:\n        raise\n"))) == []


@pytest.mark.parametrize(
    ("check", "source"),
    [
        (bad_excepts, "try: f()\nexcept: pass"),
        (bad_excepts, "try: f()\nexcept Exception: pass"),
        (bad_excepts, "try: f()\nexcept (ValueError, Exception): pass"),
        (lambda tree: calls_of(tree, {"print"}), "print(1)"),
        (lambda tree: calls_of(tree, {"eval"}), "eval('1')"),
        (globals_of, "def f():\n    global x"),
        (own_root_imports, "import garnetlab"),
        (constants_by_name, "from garnetlab.units import Voltage, F"),
    ],
)
def test_a_planted_violation_is_found(check, source):
    assert check(ast.parse(source)) != []


@pytest.mark.parametrize(
    ("check", "source"),
    [
        (bad_excepts, "try: f()\nexcept (ValueError, OSError): pass"),
        (bad_excepts, "try: f()\nexcept BaseException:\n    g()\n    raise"),
        (own_root_imports, "from garnetlab import units"),
        (constants_by_name, "from garnetlab.units import Voltage"),
    ],
)
def test_good_code_passes(check, source):
    assert check(ast.parse(source)) == []
