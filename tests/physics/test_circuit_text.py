"""Circuit text: both notations, round trips, and where malformed text is refused."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from garnetlab.core import InvalidInput
from garnetlab.physics.impedance import ELEMENTS, parse_circuit

KINDS = sorted(ELEMENTS)


def _joined(children):
    return st.lists(children, min_size=2, max_size=3).flatmap(
        lambda parts: st.sampled_from(["-".join(parts), "p(" + ",".join(parts) + ")"])
    )


#: circuits without numbers, of at most 12 elements
TEXTS = st.recursive(st.sampled_from(KINDS), _joined, max_leaves=12)


def numbered(text: str) -> str:
    """Give every element of the text its own number."""
    count = iter(range(1000))
    return re.sub("|".join(sorted(KINDS, key=len, reverse=True)), lambda m: f"{m.group()}{next(count)}", text)


@settings(max_examples=200, deadline=None)
@given(TEXTS.map(numbered))
def test_the_text_of_a_circuit_parses_to_an_equal_circuit(text):
    circuit = parse_circuit(text)
    assert parse_circuit(str(circuit)) == circuit
    assert len(set(circuit.names)) == len(circuit.names) == len(circuit.units)


@settings(max_examples=200, deadline=None)
@given(TEXTS)
def test_a_circuit_code_parses_to_a_circuit_of_the_same_code(text):
    code = parse_circuit(numbered(text)).boukamp
    assert parse_circuit(code).boukamp == code


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="RCLQWpsoGZK()0123-,_ x[]", max_size=25))
def test_any_text_is_parsed_or_refused_with_one_line(text):
    try:
        circuit = parse_circuit(text)
    except InvalidInput as error:
        assert str(error).startswith("circuit = ")
        assert "\n" not in str(error)
    else:
        assert parse_circuit(str(circuit)) == circuit


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("R(RQ)(RQ)W", "R0-p(R1,CPE1)-p(R2,CPE2)-W1"),
        ("R(Q(RW))", "R0-p(CPE1,R1-W1)"),
        ("R(C(R(C(RW))))", "R0-p(C1,R1-p(C2,R2-W1))"),
        ("(RQ)Q", "p(R1,CPE1)-CPE2"),
        ("RTOG", "R0-Wo1-Ws1-G1"),
        (" R ( R Q ) ", "R0-p(R1,CPE1)"),
        ("R-p(R,CPE)-W", "R0-p(R1,CPE1)-W1"),
        ("R_0-p(R_1,Q_1)", "R0-p(R1,CPE1)"),
        ("R0 - p( R1 , C1 )", "R0-p(R1,C1)"),
        ("p(p(R1,C1),L1)-R2-p(R3,C3)", "p(R1,C1,L1)-R2-p(R3,C3)"),
    ],
)
def test_both_notations_give_the_canonical_text(code, text):
    assert str(parse_circuit(code)) == text


def test_parameters_are_named_and_have_units():
    circuit = parse_circuit("L1-R0-p(R1,CPE1)-Ws1")
    assert circuit.names == ("L1", "R0", "R1", "CPE1.Q", "CPE1.n", "Ws1.R", "Ws1.tau")
    assert circuit.units == ("H", "ohm", "ohm", "S s^n", "1", "ohm", "s")


@pytest.mark.parametrize(
    ("text", "position", "expected"),
    [
        ("", 1, "an element"),
        ("   ", 4, "an element"),
        ("R0-", 4, "an element such as R1"),
        ("R0--R1", 4, "an element such as R1"),
        ("R0-X1", 4, "one of the elements R, C"),
        ("p(R1)", 5, "',' and a second branch"),
        ("p R1,C1", 3, "'(' after p"),
        ("R0-p(R1,C1", 11, "',' or ')'"),
        ("R1)", 3, "the end or '-'"),
        ("R1(R2,C2)", 3, "the end or '-'"),
        ("(R)", 3, "two or more elements"),
        ("R()", 3, "two or more elements"),
        ("R(RQ", 5, "')'"),
        ("RQ)", 3, "an element or '('"),
        ("RxQ", 2, "one of the letters"),
        ("R" * 61, 62, "at most 60 elements"),
        ("R" + "(R" * 30, 42, "at most 20 brackets"),
        ("-".join(["p(R"] * 30), 82, "at most 20 brackets"),
    ],
)
def test_malformed_text_is_refused_with_its_position(text, position, expected):
    with pytest.raises(InvalidInput) as caught:
        parse_circuit(text)
    assert f"at position {position}." in str(caught.value)
    assert f"expected {expected}" in str(caught.value)


def test_a_name_used_twice_is_refused():
    with pytest.raises(InvalidInput, match="the name CPE1 is used twice"):
        parse_circuit("CPE1-p(R1,Q1)")


def test_a_near_miss_is_suggested():
    with pytest.raises(InvalidInput, match="Did you mean 'Zarc'"):
        parse_circuit("R0-Zarcs1")


def test_a_long_text_is_refused_before_it_is_read():
    with pytest.raises(InvalidInput, match="expected at most 500 characters, got 3000"):
        parse_circuit("R1-" * 1000)
