"""The limit of values on meshes that are refined by two."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from garnetlab.core import InvalidInput


def extrapolated(values: Sequence[complex], *, resistance_length: float | None = None) -> tuple[complex, float]:
    r"""Return the limit of values from ``refine`` = r, 2r, 4r, ... and an estimate of its error.

    At the edge of a contact without resistance the current density grows as distance^-1/2: cells of width h miss an energy
    :math:`a h + b h^2`. A resistance R caps it on the length sigma R and leaves a jump, whose modes fall as 1/k while
    the symbol of the cells is off by :math:`h^2 k`: summed up to k = 1/h they miss :math:`a h^2 + b h^2 \ln h`. The last
    three values v and the two models give

    .. math:: A_{edge} = (8 v_3 - 6 v_2 + v_1)/3, \qquad A_{capped} = (16 v_3 - 8 v_2 + v_1)/9

    In between the order drifts from 1 to 2, and :math:`A = v_3 + d_3/(2^p - 1)` is used with the last difference d_3 and
    :math:`p = \log_2 |d_2/d_3|` kept within [1, 2]. The error is the distance of the value from A where the model is
    known, else the largest distance of A from the two models.

    Parameters
    ----------
    values: Three or more; the number of cells per side doubles from one to the next.
    resistance_length: sigma R/h with the smallest resistance on contact and the width h of a pixel (absolute value with an
            impedance, the slope of the overpotential with kinetics). 0 takes the edge model, 1 or more the capped one.

    Raises
    ------
    InvalidInput  if there are fewer than three values, or one is not finite.

    Examples
    --------
    >>> value, error = extrapolated([1.0 + 1 / 2, 1.0 + 1 / 4, 1.0 + 1 / 8])
    >>> value, round(error, 6)  # either model may hold
    (1.0, 0.055556)
    """
    if len(values) < 3 or not np.isfinite(np.asarray(values)).all():
        message = f"values = {list(values)}: expected three finite numbers or more. Solve with refine=1, 2 and 4."
        raise InvalidInput(message)
    a, b, c = values[-3:]
    edge, capped = (8 * c - 6 * b + a) / 3, (16 * c - 8 * b + a) / 9
    ratio = abs(b - a) / abs(c - b) if c != b else math.inf
    drifting = c + (c - b) / (min(max(ratio, 2.0), 4.0) - 1.0)
    if resistance_length == 0:
        return edge, abs(edge - drifting)
    if resistance_length is not None and resistance_length >= 1:
        return capped, abs(capped - drifting)
    return drifting, max(abs(drifting - edge), abs(drifting - capped))
