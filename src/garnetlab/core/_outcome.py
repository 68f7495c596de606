"""How a computation ended: members are sentences with advice."""

from __future__ import annotations

import enum


class Outcome(enum.Enum):
    """How a computation ended. The value is a sentence for people; ``good`` says whether the numbers may be used."""

    SUCCESS = "The computation ended as it should."
    NOT_AT_OPTIMUM = (
        "The fit did not converge. Look at the residuals, then remove bad points or choose another circuit."
    )
    NOT_CONVERGED = (
        "The solver did not reach its tolerance. Loosen tolerance, or check the map for isolated pixels and the kinetics "
        "for resistances that span more than twelve decades."
    )
    POOR_FIT = (
        "The model does not describe the data within their noise. Try another circuit or check the validity tests."
    )
    INVALID_SPECTRUM = (
        "The spectrum violates the Kramers-Kronig relations: the cell drifted or points are bad. Measure again."
    )
    NOT_IDENTIFIABLE = (
        "The data do not determine the wanted quantity. Extend the frequency range or report the sum given."
    )
    TOO_FEW_POINTS = "There are too few points for this analysis. Measure more points or choose a simpler model."
    NON_FINITE = "The computation met a number that is not finite. Check the input for zeros and missing values."
    MISSING_INPUT = "Something the result depends on was not given. The warning names the option or the document entry."
    SHORT_CIRCUIT = "The simulated cell shorted. The numbers up to there may be used."
    CONTACT_LOST = "The simulated cell lost contact on the stripped side. The numbers up to there may be used."
    LITHIUM_USED_UP = "The simulated cell used up the lithium of one electrode. The numbers up to there may be used."
    VOLTAGE_LIMIT = (
        "The simulated cell reached its voltage limit before a step was done. The numbers up to there may be used."
    )
    INTERRUPTED = "The computation was interrupted. Run the same command again to resume it."

    @property
    def good(self) -> bool:
        """Whether the numbers may be used."""
        ends = (Outcome.SHORT_CIRCUIT, Outcome.CONTACT_LOST, Outcome.LITHIUM_USED_UP, Outcome.VOLTAGE_LIMIT)
        return self is Outcome.SUCCESS or self in ends

    @property
    def label(self) -> str:
        """Name used in JSON, for example ``"success"``."""
        return self.name.lower()
