"""Which starts are followed how far: few for spectra whose starts agree, more for the others."""

from __future__ import annotations

import numpy as np

from garnetlab.numerics._arcs_problem import Problem
from garnetlab.numerics._arcs_projection import Floats, Ints, Members, joined, refine
from garnetlab.numerics._arcs_start import starts

def polished(problem: Problem, spectrum: Ints, shape: Floats, iterations: int = 60, tolerance: float = 1e-7) -> Members:
    """Return the members followed to the bottom."""
    return refine(
        problem.task, spectrum, problem.put_fixed(spectrum, shape), iterations=iterations, tolerance=tolerance
    )


def searched(problem: Problem, count: int) -> Members:
    spectra = len(problem.task.data)
    shape = starts(problem.task, np.arange(spectra), count)
    spectrum = np.repeat(np.arange(spectra), count)
    members = polished(problem, spectrum, shape.reshape(spectra * count, -1))
    return best_of(members, spectra)


def best_of(members: Members, spectra: int) -> Members:
    order = np.lexsort((members.cost, members.spectrum))
    _, first = np.unique(members.spectrum[order], return_index=True)
    return members.take(order[first])
