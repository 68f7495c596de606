"""The audit: what the paper states, tested by one-line calculations on its own numbers."""

from __future__ import annotations

from collections.abc import Iterable

from garnetlab.library import Observation, load_observations
from garnetlab.study import _audit_checks, _audit_checks_materials, _audit_checks_tests
from garnetlab.study._audit_checks_numbers import Paper
from garnetlab.study._audit_checks_record import VERDICTS, Check

__all__ = ["VERDICTS", "Check", "audit"]

#: every check, in the order in which they are shown
CHECKS = (*_audit_checks.CHECKS, *_audit_checks_tests.CHECKS, *_audit_checks_materials.CHECKS)


def audit(observations: Iterable[Observation] | None = None) -> tuple[Check, ...]:
    """Return every check of the paper against itself that needs no further model.

    Parameters
    ----------
    observations: What the paper reports; by default the observations shipped with the package.

    Returns
    -------
    :  One record per check: id, statement of the paper, calculation with the numbers computed here, and a verdict, one
       of ``VERDICTS``.

    Raises
    ------
    InvalidInput  if an observation that a check needs is missing or has no number.
    """
    paper = Paper(load_observations() if observations is None else observations)
    return tuple(check(paper) for check in CHECKS)
