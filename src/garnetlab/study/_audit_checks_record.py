"""The record of one check."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from garnetlab.core import InvalidInput

CONSISTENT = "consistent"
INCONSISTENT = "inconsistent"
AMBIGUOUS = "ambiguous"
UNDECIDED = "not decidable from the text"
#: how a check may end
VERDICTS = (CONSISTENT, INCONSISTENT, AMBIGUOUS, UNDECIDED)


@dataclass(frozen=True, slots=True)
class Check:
    """One check: what is stated, what follows from the paper's own numbers, and how both compare.

    Parameters
    ----------
    id:          Name of the check.
    statement:   What the paper states, and where.
    calculation: One line with the numbers computed by this package.
    verdict:     One of ``VERDICTS``.
    """

    id: str
    statement: str
    calculation: str
    verdict: str

    def __post_init__(self) -> None:
        if self.verdict not in VERDICTS:
            message = f"verdict = {self.verdict!r}: expected one of {', '.join(VERDICTS)}."
            raise InvalidInput(message)

    def to_dict(self) -> dict[str, str]:
        """Return the JSON object of the contract."""
        return asdict(self)
