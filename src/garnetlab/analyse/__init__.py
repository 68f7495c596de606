"""Measurements to results."""

from garnetlab.analyse.arrhenius import arrhenius, branches
from garnetlab.analyse.circuit import analyse_circuit
from garnetlab.analyse.eis import analyse_impedance
from garnetlab.analyse.joint import joint_arrhenius
from garnetlab.analyse.profile import profile
from garnetlab.analyse.replicates import combine, contact_area_test, wording
from garnetlab.analyse.tafel import analyse_tafel

__all__ = [
    "analyse_circuit",
    "analyse_impedance",
    "analyse_tafel",
    "arrhenius",
    "branches",
    "combine",
    "contact_area_test",
    "joint_arrhenius",
    "profile",
    "wording",
]
