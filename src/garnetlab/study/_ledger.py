"""The ledger: what the paper reports against what the package computes."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from garnetlab.core import InvalidInput, Measurement, Result, nearest
from garnetlab.library import load_observations
from garnetlab.study._audit import audit
from garnetlab.study._audit_checks_numbers import Paper, rounding_std
from garnetlab.study._audit_checks_record import Check
from garnetlab.study._ledger_rows import Row, Status, assemble, planned
from garnetlab.study._ledger_rows_audited import audited
from garnetlab.study._ledger_rows_cells import living_cells
from garnetlab.study._ledger_rows_dc import dc_rows
from garnetlab.study._ledger_rows_spectra import ReadBack, read_back, series_of
from garnetlab.study._ledger_rows_tafel import tafel_rows
from garnetlab.study._paper_tests import PaperTests, tests_of_the_paper

__all__ = ["SEED", "Ledger", "Row", "Status", "ledger_csv", "ledger_json", "reproduce"]

SCHEMA = "garnetlab/1"
#: seed of the simulated spectra: the date on which the paper appeared. It was not chosen by its outcome.
SEED = 20250414


@dataclass(frozen=True, slots=True)
class Ledger:
    """The rows of all observations in the order of the paper's table, and the audit.

    Parameters
    ----------
    rows:      One row per observation.
    audit:     The checks of the paper against itself.
    seed:      Seed of the simulated spectra.
    read_back: Spectra and results behind the rows that were simulated and read back, by id.
    series:    Results that belong into one figure, by name: spectra, or activation energies.
    captions:  What each series shows.
    labels:    Label of each result of a series.
    tests:     Tests of cells behind the rows of the calibrated model, by id.
    sweeps:    Voltage sweeps and their results behind the exchange currents, by id.
    holds:     Currents under a constant voltage and their results behind the electronic conductivity, by id.
    """

    rows: tuple[Row, ...]
    audit: tuple[Check, ...]
    seed: int = SEED
    read_back: Mapping[str, ReadBack] = field(default_factory=dict)
    series: Mapping[str, tuple[Result, ...]] = field(default_factory=dict)
    captions: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    tests: PaperTests = field(default_factory=dict)
    sweeps: Mapping[str, tuple[Measurement, Result]] = field(default_factory=dict)
    holds: Mapping[str, tuple[Measurement, Result]] = field(default_factory=dict)

    def __getitem__(self, key: str) -> Row:
        for row in self.rows:
            if row.id == key:
                return row
        message = f"row = {key!r}: not in this ledger.{nearest(key, (r.id for r in self.rows))}"
        raise InvalidInput(message)

    def counts(self) -> dict[str, int]:
        """Return how many rows have each status, in the order of the statuses."""
        return {s.value: n for s in Status if (n := sum(r.status is s for r in self.rows))}

    def to_dict(self) -> dict[str, object]:
        """Return the JSON object of the contract: numbers are finite or None."""
        return {
            "schema": SCHEMA,
            "observations": [row.to_dict() for row in self.rows],
            "audit": [check.to_dict() for check in self.audit],
        }


def reproduce(*, seed: int = SEED, progress: Callable[[int, int], None] | None = None) -> Ledger:
    """Return the ledger: every observation of the paper with what the package can say about it so far.

    Conductivity, activation energies and interface resistances are simulated from the reported values as spectra of real
    instruments, written to files, read back and analysed without knowing them (status ``input``). Values that follow from
    other reported values are computed (``audited``). For the others the row says what is missing.

    Parameters
    ----------
    seed:     Seed of the noise in the simulated spectra.
    progress: Called with (done, total) spectra and tests of cells.

    Returns
    -------
    :  The ledger. The same seed gives the same numbers.
    """
    observations = load_observations()
    paper = Paper(observations)
    with tempfile.TemporaryDirectory(prefix="garnetlab-ledger-") as folder:
        cells_to_come = len(tests_of_the_paper(paper))
        spectra = None if progress is None else lambda done, total: progress(done, total + cells_to_come)
        rows, behind = read_back(paper, Path(folder), seed=seed, progress=spectra)
        electronic, holds = dc_rows(paper, Path(folder), seed=seed)
    before = sum(len(entry.measurements) for entry in behind.values())
    later = None if progress is None else lambda done, total: progress(before + done, before + total)
    cells, tests = living_cells(paper, seed=seed, progress=later)
    exchange, sweeps = tafel_rows(paper, seed=seed)
    computed = {**planned(), **audited(paper), **rows, **cells, **exchange, **electronic}
    table = tuple(assemble(o, computed, None if o.value is None else rounding_std(o.value)) for o in observations)
    figures = series_of(behind)
    return Ledger(
        rows=table,
        audit=audit(observations),
        seed=seed,
        read_back=behind,
        series={f.name: f.results for f in figures},
        captions={f.name: f.caption for f in figures},
        labels={f.name: f.labels for f in figures},
        tests=tests,
        sweeps=sweeps,
        holds=holds,
    )


def ledger_json(ledger: Ledger) -> str:
    """Return the ledger as strict JSON text (no NaN), indented, with a final line end."""
    return json.dumps(ledger.to_dict(), allow_nan=False, ensure_ascii=False, indent=2) + "\n"


def ledger_csv(ledger: Ledger) -> str:
    """Return the rows as CSV text: the keys of the contract, with the interval in two columns and empty for None."""
    names = list(ledger.rows[0].to_dict()) if ledger.rows else ["id"]
    at = names.index("interval") if "interval" in names else len(names)
    names[at : at + 1] = ["interval_low", "interval_high"]
    text = io.StringIO()
    writer = csv.DictWriter(text, names, lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    for row in ledger.rows:
        low, high = row.interval or (None, None)
        writer.writerow({**row.to_dict(), "interval_low": low, "interval_high": high})
    return text.getvalue()
