"""Which arc is what: capacitance classes, expectations, doubt."""

from __future__ import annotations

import pytest

from garnetlab.analyse._assignment import assign_arcs


def test_a_grain_boundary_and_an_interface_are_told_apart() -> None:
    found = assign_arcs([3e-9, 7e-7], [0.1, 0.1])
    assert found.roles == ("grain boundary", "interface")
    assert found.probability > 0.9


def test_the_only_arc_of_a_symmetric_cell_is_its_interface() -> None:
    """1.5e-7 F on 0.785 cm^2 x 0.6 mm lies between the classes; a symmetric cell is expected to show its interface."""
    found = assign_arcs([1.5e-7], [0.05], cell_constant=0.076, symmetric=True)
    assert found.roles == ("interface",)
    assert found.second == ("grain boundary",)
    assert found.probability < 0.9


def test_nothing_is_an_interface_where_the_electrodes_block() -> None:
    found = assign_arcs([3.4e-9, 1.5e-6], [0.1, 0.1], cell_constant=0.127, blocking=True)
    assert found.roles == ("grain boundary", "electrode")


def test_a_tail_is_the_electrode_already() -> None:
    found = assign_arcs([1.2e-9, 9e-9], [0.5, 0.5], cell_constant=0.127, blocking=True, tail=True)
    assert found.roles == ("grain boundary", "grain boundary")


def test_a_garnet_without_series_resistance_shows_its_bulk_first() -> None:
    """Permittivity 150 on 0.785 cm^2 x 1 mm: 1.0e-10 F."""
    found = assign_arcs([1.0e-10, 3.6e-9], [0.1, 0.1], cell_constant=0.127, ohmic=False, blocking=True)
    assert found.roles == ("bulk", "grain boundary")


def test_an_arc_below_the_window_is_no_part_of_the_electrolyte() -> None:
    found = assign_arcs(
        [3e-10, 1.5e-6], [0.1, 0.3], cell_constant=0.127, ohmic=False, blocking=True, unfinished=[False, True]
    )
    assert found.roles == ("bulk", "electrode")


def test_a_capacitance_outside_every_class_is_doubtful() -> None:
    """1e-14 F is 1.5 decades under the smallest bulk, three half decades of doubt: exp(-9/2) = 0.011."""
    found = assign_arcs([1e-14], [1e-6], ohmic=False, blocking=True)
    assert found.probability == pytest.approx(0.011, abs=0.001)


def test_roles_never_go_back() -> None:
    order = ("bulk", "grain boundary", "interface", "electrode")
    for capacities in ([1e-5, 1e-9], [1e-3, 1e-12, 1e-7]):
        roles = assign_arcs(capacities, [0.1] * len(capacities), ohmic=False).roles
        assert list(roles) == sorted(roles, key=order.index)


def test_probabilities_of_an_arc_add_up() -> None:
    for marginal in assign_arcs([3e-9, 7e-7], [0.1, 0.1]).marginal:
        assert sum(marginal.values()) == pytest.approx(1.0)
