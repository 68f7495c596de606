"""Numerical methods that know no chemistry."""

from garnetlab.numerics._arcs import ArcFits, arcs_covariance, fit_arcs
from garnetlab.numerics._arcs_model import ArcModel, Tail, arcs_impedance, arcs_log_jacobian
from garnetlab.numerics._least_squares import LeastSquares, batched_levenberg_marquardt

__all__ = [
    "ArcFits",
    "ArcModel",
    "LeastSquares",
    "Tail",
    "arcs_covariance",
    "arcs_impedance",
    "arcs_log_jacobian",
    "batched_levenberg_marquardt",
    "fit_arcs",
]
