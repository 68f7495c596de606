"""Order of convergence."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from garnetlab.core import InvalidInput


def observed_order(errors: Sequence[float], sizes: Sequence[float]) -> float:
    """Return the order p at which errors fall with the size of the problem, error = c size^-p.

    Parameters
    ----------
    errors: Error at each size, > 0.
    sizes:  Number of cells, steps or points along one dimension, > 0; at least two different ones.

    Returns
    -------
    :  The slope of the least-squares line through (ln size, -ln error); dimensionless, positive where errors fall.

    Raises
    ------
    InvalidInput  if the two differ in length, there are fewer than two sizes, or a number is not positive and finite.

    Examples
    --------
    >>> round(observed_order([1.0, 0.25, 0.0625], [16, 32, 64]), 12)
    2.0
    """
    e, n = np.asarray(errors, dtype=np.float64), np.asarray(sizes, dtype=np.float64)
    if e.shape != n.shape or e.ndim != 1 or len(np.unique(n)) < 2:
        message = (
            f"errors = {list(errors)}, sizes = {list(sizes)}: expected as many errors as sizes, two sizes or more."
        )
        raise InvalidInput(message)
    for name, values in (("errors", e), ("sizes", n)):
        if not (np.isfinite(values) & (values > 0)).all():
            message = f"{name} = {values.tolist()}: expected finite numbers > 0. An error of exactly 0 has no order."
            raise InvalidInput(message)
    x, y = np.log(n) - np.log(n).mean(), np.log(e) - np.log(e).mean()
    return float(-np.dot(x, y) / np.dot(x, x))
