"""Numerical methods that know no chemistry."""

from garnetlab.numerics._arcs import ArcFits, arcs_covariance, fit_arcs
from garnetlab.numerics._arcs_model import ArcModel, Tail, arcs_impedance, arcs_log_jacobian

__all__ = [
    "ArcFits",
    "ArcModel",
    "Tail",
    "arcs_covariance",
    "arcs_impedance",
    "arcs_log_jacobian",
    "fit_arcs",
]
