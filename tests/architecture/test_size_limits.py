"""Functions, classes and files stay small. [A.6]

A function's length is its lines without its docstring, since every public function carries a long one.
"""

from __future__ import annotations

import ast
from pathlib import Path
from statistics import median, quantiles

import pytest

SRC = Path(__file__).resolve().parents[2] / "src"
FUNCTION, MEDIAN, P90 = 80, 10, 40
CLASS, METHODS, FILE = 250, 15, 500

Function = ast.FunctionDef | ast.AsyncFunctionDef


def function_length(node: Function) -> int:
    whole = node.end_lineno - node.lineno + 1
    first = node.body[0]
    if ast.get_docstring(node, clean=False) is None:
        return whole
    return whole - (first.end_lineno - first.lineno + 1)


def function_lengths(tree: ast.AST) -> dict[str, int]:
    return {f"{n.name}:{n.lineno}": function_length(n) for n in ast.walk(tree) if isinstance(n, Function)}


def public_methods(node: ast.ClassDef) -> list[str]:
    return [n.name for n in node.body if isinstance(n, Function) and not n.name.startswith("_")]


def too_large(source: str) -> list[str]:
    """Return what is over a limit in one file's source."""
    tree = ast.parse(source)
    lines = len(source.splitlines())
    found = [f"{name} has {n} lines" for name, n in function_lengths(tree).items() if n > FUNCTION]
    for node in (n for n in ast.walk(tree) if isinstance(n, ast.ClassDef)):
        length, methods = node.end_lineno - node.lineno + 1, len(public_methods(node))
        found += [f"{node.name} has {length} lines"] if length > CLASS else []
        found += [f"{node.name} has {methods} public methods"] if methods > METHODS else []
    return found + ([f"the file has {lines} lines"] if lines > FILE else [])


def files() -> list[Path]:
    return sorted(SRC.rglob("*.py"))


def all_lengths() -> list[int]:
    return [n for path in files() for n in function_lengths(ast.parse(path.read_text())).values()]


def test_A6_no_function_over_80_lines_no_class_over_250_or_15_methods_no_file_over_500():
    found = {str(path.relative_to(SRC)): over for path in files() if (over := too_large(path.read_text()))}
    assert found == {}


def test_A6_the_median_function_has_at_most_10_lines():
    assert median(all_lengths()) <= MEDIAN


def test_A6_nine_of_ten_functions_have_at_most_40_lines():
    assert quantiles(all_lengths(), n=10)[-1] <= P90


def _function(lines: int, *, docstring: int = 0) -> str:
    text = "def f():\n"
    text += '    """One.\n' + "\n" * (docstring - 2) + '    """\n' if docstring else ""
    return text + "    x = 1\n" * (lines - 1)


@pytest.mark.parametrize(
    ("source", "found"),
    [
        (_function(81), ["f:1 has 81 lines"]),
        (_function(80), []),
        (_function(80, docstring=30), []),
        ("class C:\n" + "    x = 1\n" * 250, ["C has 251 lines"]),
        ("class C:\n" + "".join(f"    def m{i}(self): ...\n" for i in range(16)), ["C has 16 public methods"]),
        ("class C:\n" + "".join(f"    def _m{i}(self): ...\n" for i in range(16)), []),
        ("x = 1\n" * 501, ["the file has 501 lines"]),
    ],
)
def test_A6_a_planted_excess_is_found(source, found):
    assert too_large(source) == found
