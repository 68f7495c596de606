"""Measurements to results."""

from garnetlab.analyse.arrhenius import arrhenius, branches
from garnetlab.analyse.cell_events import CellEvent, CellEvents, cell_events
from garnetlab.analyse.cell_groups import CcdInterval, ccd_power, ccd_spread, compare_ccd, pellet_spread
from garnetlab.analyse.circuit import analyse_circuit
from garnetlab.analyse.critical_current import critical_current
from garnetlab.analyse.dc_polarisation import analyse_dc_polarisation
from garnetlab.analyse.eis import analyse_impedance
from garnetlab.analyse.full_cell import analyse_full_cell
from garnetlab.analyse.half_cycles import HalfCycles, half_cycles
from garnetlab.analyse.joint import joint_arrhenius
from garnetlab.analyse.lifetimes import Life, compare_lifetimes, life_power, lifetimes
from garnetlab.analyse.linear_polarisation import analyse_linear_polarisation
from garnetlab.analyse.profile import profile
from garnetlab.analyse.relaxation_times import (
    ArcTrack,
    RelaxationSeries,
    relaxation_series,
    relaxation_times,
    relaxation_times_of,
)
from garnetlab.analyse.replicates import combine, contact_area_test, wording
from garnetlab.analyse.stripping import stripping_capacity, volumetric_capacity
from garnetlab.analyse.tafel import analyse_tafel
from garnetlab.analyse.transference import analyse_transference

__all__ = [
    "ArcTrack",
    "CcdInterval",
    "CellEvent",
    "CellEvents",
    "HalfCycles",
    "Life",
    "RelaxationSeries",
    "analyse_circuit",
    "analyse_dc_polarisation",
    "analyse_full_cell",
    "analyse_impedance",
    "analyse_linear_polarisation",
    "analyse_tafel",
    "analyse_transference",
    "arrhenius",
    "branches",
    "ccd_power",
    "ccd_spread",
    "cell_events",
    "combine",
    "compare_ccd",
    "compare_lifetimes",
    "contact_area_test",
    "critical_current",
    "half_cycles",
    "joint_arrhenius",
    "life_power",
    "lifetimes",
    "pellet_spread",
    "profile",
    "relaxation_series",
    "relaxation_times",
    "relaxation_times_of",
    "stripping_capacity",
    "volumetric_capacity",
    "wording",
]
