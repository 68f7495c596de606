"""Arcs by capacitance: the table, its scaling with geometry, and its doubt."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from garnetlab.core import InvalidInput
from garnetlab.physics.capacitance import CLASSES, REFERENCE_CASES, assign_arc

TABLE_GEOMETRY = {"cell_constant": 100.0, "area": 1e-4}


@pytest.mark.parametrize(("inputs", "expected"), [row[1:3] for row in REFERENCE_CASES])
def test_a_capacitance_amid_a_class_is_given_to_it(inputs, expected):
    assert assign_arc(**inputs).ranked[0][0] == expected


@given(st.floats(-15, 3), st.floats(0, 5))
def test_probabilities_add_to_one_and_fall(log_capacitance, relative_std):
    ranked = assign_arc(10**log_capacitance, relative_std=relative_std).ranked
    values = [probability for _, probability in ranked]
    assert sum(values) == pytest.approx(1.0, rel=1e-12)
    assert values == sorted(values, reverse=True)


def test_thickness_matters_to_processes_inside_and_not_to_those_on_a_face():
    # the same 1e-9 F: in a film of 1/100 of the table's cell constant it is bulk; on a face it stays what it was
    pellet, film = (dict(assign_arc(1e-9, cell_constant=c, area=1e-4).ranked) for c in (100.0, 0.1))
    assert film["bulk"] > 0.2 > 0.01 > pellet["bulk"]
    assert pellet["surface layer"] / pellet["electrochemical reaction"] == pytest.approx(
        film["surface layer"] / film["electrochemical reaction"], rel=1e-9
    )


def test_a_face_of_100_square_centimetres_carries_100_times_the_capacitance():
    small, large = assign_arc(1e-6, **TABLE_GEOMETRY), assign_arc(1e-4, cell_constant=1.0, area=1e-2)
    assert dict(large.ranked) == pytest.approx(dict(small.ranked), rel=1e-9)


def test_unknown_geometry_and_uncertainty_lower_the_best_probability():
    known = assign_arc(1e-6, **TABLE_GEOMETRY).ranked[0][1]
    assert assign_arc(1e-6).ranked[0][1] < known
    assert assign_arc(1e-6, relative_std=3.0, **TABLE_GEOMETRY).ranked[0][1] < known


def test_a_ferroelectric_is_considered_on_request_only():
    assert "bulk ferroelectric" not in dict(assign_arc(3e-10).ranked)
    assert "bulk ferroelectric" in dict(assign_arc(3e-10, ferroelectric=True).ranked)


def test_the_rule_states_table_doubt_and_missing_geometry():
    rule = assign_arc(1e-6, cell_constant=100.0).rule
    assert "Irvine" in rule
    assert "0.5 decades" in rule
    assert "area unknown" in rule
    assert "cell constant" not in rule


def test_every_class_names_its_source_and_has_an_order():
    assert all(row.low.source and row.low.value < row.high.value for row in CLASSES)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"capacitance": 0.0}, "capacitance = 0.0"),
        ({"capacitance": 1e-6, "area": -1.0}, "area = -1.0"),
        ({"capacitance": 1e-6, "cell_constant": np.inf}, "cell_constant = inf"),
        ({"capacitance": 1e-6, "relative_std": np.nan}, "relative_std = nan"),
    ],
)
def test_values_out_of_range_are_refused(inputs, message):
    with pytest.raises(InvalidInput, match=message):
        assign_arc(**inputs)
