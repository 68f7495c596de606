"""Circuit text to tree: a recursive descent parser with limits. Nothing is evaluated."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NoReturn

from garnetlab.core import InvalidInput, nearest
from garnetlab.physics._circuit import Element, Node, Parallel, Series, elements
from garnetlab.physics._elements import ALIASES, ELEMENTS, LETTERS

MAX_LENGTH = 500
MAX_DEPTH = 20
MAX_ELEMENTS = 60

_WORD = re.compile(r"([A-Za-z]+)_?([0-9]{0,4})")
_UNNUMBERED = -1


@dataclass
class _Cursor:
    text: str
    position: int = 0
    count: int = 0

    def peek(self) -> str:
        while self.position < len(self.text) and self.text[self.position].isspace():
            self.position += 1
        return self.text[self.position] if self.position < len(self.text) else ""

    def take(self, character: str) -> bool:
        found = self.peek() == character
        self.position += found
        return found

    def fail(self, expected: str, hint: str = "") -> NoReturn:
        found = repr(self.text[self.position]) if self.position < len(self.text) else "the end"
        message = (
            f"circuit = {self.text!r}: expected {expected}, found {found} at position {self.position + 1}.{hint}"
            " Write for example R0-p(R1,CPE1) or R(RQ)."
        )
        raise InvalidInput(message)

    def new(self, kind: str, number: int) -> Element:
        self.count += 1
        if self.count > MAX_ELEMENTS:
            self.fail(f"at most {MAX_ELEMENTS} elements")
        return Element(kind, number, 0)


def parse(text: str) -> Node:
    """Return the tree of ``text``, numbered and flattened; InvalidInput with the position where it is malformed."""
    if len(text) > MAX_LENGTH:
        message = f"circuit = {text[:30]!r}...: expected at most {MAX_LENGTH} characters, got {len(text)}. Use a shorter circuit."
        raise InvalidInput(message)
    cursor = _Cursor(text)
    if not cursor.peek():
        cursor.fail("an element")
    named = re.search(r"[0-9,_-]|p\s*\(", text) is not None or text.strip() in ELEMENTS
    root = _named_series(cursor, 0) if named else _code(cursor, 0)
    if cursor.peek():
        cursor.fail("the end or '-'" if named else "an element or '('")
    return _placed(_numbered(root, text))


def _join(kind: type[Series] | type[Parallel], parts: list[Node]) -> Node:
    """Return ``parts`` as one node, without a node of one part or a node directly inside its own kind."""
    flat: list[Node] = []
    for part in parts:
        if isinstance(part, (Series, Parallel)) and type(part) is kind:
            flat.extend(part.parts)
        else:
            flat.append(part)
    return flat[0] if len(flat) == 1 else kind(tuple(flat))


def _named_series(cursor: _Cursor, depth: int) -> Node:
    parts = [_named_part(cursor, depth)]
    while cursor.take("-"):
        parts.append(_named_part(cursor, depth))
    return _join(Series, parts)


def _named_part(cursor: _Cursor, depth: int) -> Node:
    cursor.peek()
    match = _WORD.match(cursor.text, cursor.position)
    if match is None:
        cursor.fail("an element such as R1 or p(")
    word, digits = match.groups()
    if word == "p" and not digits:
        cursor.position = match.end()
        return _named_parallel(cursor, depth + 1)
    kind = ALIASES.get(word, word)
    if kind not in ELEMENTS:
        cursor.fail(f"one of the elements {', '.join(ELEMENTS)}", nearest(word, ELEMENTS))
    cursor.position = match.end()
    return cursor.new(kind, int(digits) if digits else _UNNUMBERED)


def _named_parallel(cursor: _Cursor, depth: int) -> Node:
    if depth > MAX_DEPTH:
        cursor.fail(f"at most {MAX_DEPTH} brackets inside each other")
    if not cursor.take("("):
        cursor.fail("'(' after p")
    branches = [_named_series(cursor, depth)]
    while cursor.take(","):
        branches.append(_named_series(cursor, depth))
    if len(branches) < 2:
        cursor.fail("',' and a second branch in parallel")
    if not cursor.take(")"):
        cursor.fail("',' or ')'")
    return _join(Parallel, branches)


def _code(cursor: _Cursor, depth: int) -> Node:
    """Parse a circuit description code: brackets are parallel at odd depth and series at even depth."""
    parts: list[Node] = []
    while (character := cursor.peek()) and character != ")":
        if character == "(":
            if depth >= MAX_DEPTH:
                cursor.fail(f"at most {MAX_DEPTH} brackets inside each other")
            cursor.position += 1
            parts.append(_code(cursor, depth + 1))
            if not cursor.take(")"):
                cursor.fail("')'")
        elif character in LETTERS:
            cursor.position += 1
            parts.append(cursor.new(LETTERS[character], _UNNUMBERED))
        else:
            cursor.fail(f"one of the letters {' '.join(LETTERS)} or a bracket")
    if len(parts) < (2 if depth else 1):
        cursor.fail("two or more elements in a bracket" if depth else "an element")
    return _join(Parallel if depth % 2 else Series, parts)


def _numbered(root: Node, text: str) -> Node:
    """Return the tree with numbers for elements written without: from 0 for a leading series R, else from 1."""
    used: set[tuple[str, int]] = set()
    for element in elements(root):
        if element.number != _UNNUMBERED:
            if (element.kind, element.number) in used:
                message = (
                    f"circuit = {text!r}: the name {element.label} is used twice. Give each element its own number."
                )
                raise InvalidInput(message)
            used.add((element.kind, element.number))
    first = root.parts[0] if isinstance(root, Series) else root
    leading = isinstance(first, Element) and first.kind == "R"

    def place(element: Element) -> Element:
        if element.number != _UNNUMBERED:
            return element
        number = 0 if element.kind == "R" and leading else 1
        while (element.kind, number) in used:
            number += 1
        used.add((element.kind, number))
        return replace(element, number=number)

    return _mapped(root, place)


def _placed(root: Node) -> Node:
    """Return the tree with the place of each element's parameters in the vector."""
    position = 0

    def place(element: Element) -> Element:
        nonlocal position
        placed = replace(element, start=position)
        position += len(ELEMENTS[element.kind].parameters)
        return placed

    return _mapped(root, place)


def _mapped(node: Node, function: Callable[[Element], Element]) -> Node:
    if isinstance(node, Element):
        return function(node)
    return type(node)(tuple(_mapped(part, function) for part in node.parts))
