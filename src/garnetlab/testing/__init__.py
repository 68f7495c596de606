"""Conformance kits for readers and numerical methods, for tests here and in other projects."""

from garnetlab.testing._damage import Damage, damages, is_text
from garnetlab.testing._dimensions import check_dimensions
from garnetlab.testing._finite_volume import FiniteVolumeSolution, finite_volume_interface
from garnetlab.testing._numerics import observed_order
from garnetlab.testing._readers import check_reader, difference, nonsense
from garnetlab.testing._reference import random_spectra, reference_circuit, reference_spectra, with_outlier
from garnetlab.testing._refinement import extrapolated

__all__ = [
    "Damage",
    "FiniteVolumeSolution",
    "check_dimensions",
    "check_reader",
    "damages",
    "difference",
    "extrapolated",
    "finite_volume_interface",
    "is_text",
    "nonsense",
    "observed_order",
    "random_spectra",
    "reference_circuit",
    "reference_spectra",
    "with_outlier",
]
