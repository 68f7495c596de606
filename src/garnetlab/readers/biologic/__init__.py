"""BioLogic EC-Lab and BT-Lab text export: ``.mpt`` and ``.txt``, impedance and direct-current techniques.

The file names ``-Im(Z)``; the reader stores Z with negative imaginary part for capacitive arcs. Several spectra stay
several. ``Electrode surface area`` becomes the area only where somebody entered one: EC-Lab writes 0, 0.001 or 1 cm2
when nobody did, so these stay in the header. ``amplitude`` is the ``Va`` of the settings, a peak value.

Galvanostatic cycling and Modulo Bat become a cycling test, chronoamperometry and chronopotentiometry a direct-current
polarisation, cyclic and linear sweeps a voltammetry. Current > 0 is anodic at the working electrode, so it charges a cell
whose working electrode is the positive one. ``step`` is ``Ns``; times may be seconds or dates (month first).

Source: columns and header as in files of EC-Lab 11.18 to 11.61.
"""

from __future__ import annotations

from pathlib import Path

from garnetlab.core import Measurement
from garnetlab.readers._text import decode
from garnetlab.readers.biologic._read import read_text
from garnetlab.readers.biologic._write import write_mpt
from garnetlab.readers.biologic._write_direct import write_mpt_test

__all__ = ["name", "read", "sniff", "suffixes", "write_mpt", "write_mpt_test"]

name = "biologic-mpt"
suffixes: tuple[str, ...] = (".mpt", ".txt")


def sniff(path: Path, head: bytes) -> float:  # noqa: ARG001 - the content decides, not the suffix
    """Return how likely (0..1) the file is an EC-Lab text file."""
    first = decode(head[:4096]).lstrip().split("\n", 1)[0].strip()
    if first.startswith(("EC-Lab", "EC-LAB", "BT-Lab")) and first.endswith("FILE"):
        return 1.0
    return 0.9 if _is_bare(first) else 0.0


def _is_bare(first: str) -> bool:
    """Return whether a first line holds column names without a header above."""
    return (first.startswith("freq/Hz") and "(Z)/Ohm" in first) or (
        first.startswith("mode\tox/red\t") and "time/s" in first
    )


def read(path: Path) -> tuple[Measurement, ...]:
    """Return the spectra in one EC-Lab text file, one measurement per sweep, or its one direct-current test.

    Each spectrum carries time [s], voltage [V] and current [A] where recorded, and ``place``, ``cycle``, ``started_at`` [s],
    ``potential`` [V], ``amplitude`` [V], ``area`` [m^2], ``started``, ``instrument``, ``technique`` where known.

    Raises
    ------
    ReadError  if a line is damaged or cut, the file is a log, or has neither impedance nor time and voltage; with the line.
    """
    return read_text(path)
