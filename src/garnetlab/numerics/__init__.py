"""Numerical methods that know no chemistry."""

from garnetlab.numerics._arcs import ArcFits, arcs_covariance, fit_arcs
from garnetlab.numerics._arcs_model import ArcModel, Tail, arcs_impedance, arcs_log_jacobian
from garnetlab.numerics._least_squares import LeastSquares, batched_levenberg_marquardt
from garnetlab.numerics._patch_cg import PatchSystem, Solved, conjugate_gradients
from garnetlab.numerics._patch_kernels import Array, GenericKernels, Kernels, compiled_kernels, unmix
from garnetlab.numerics._patch_symbol import current_symbol, potential_symbol

__all__ = [
    "Array",
    "ArcFits",
    "ArcModel",
    "GenericKernels",
    "Kernels",
    "LeastSquares",
    "PatchSystem",
    "Solved",
    "Tail",
    "arcs_covariance",
    "arcs_impedance",
    "arcs_log_jacobian",
    "batched_levenberg_marquardt",
    "compiled_kernels",
    "conjugate_gradients",
    "current_symbol",
    "fit_arcs",
    "potential_symbol",
    "unmix",
]
