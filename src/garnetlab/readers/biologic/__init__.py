"""BioLogic EC-Lab text export: ``.mpt`` and ``.txt``, potentiostatic and galvanostatic impedance.

The file names ``-Im(Z)``; the reader stores Z with negative imaginary part for capacitive arcs. Several spectra stay
several. ``Electrode surface area`` becomes the area only where somebody entered one: EC-Lab writes 0, 0.001 or 1 cm2
when nobody did, so these stay in the header. ``amplitude`` is the ``Va`` of the settings, a peak value.

Source: columns and header as in files of EC-Lab 11.18 to 11.61.
"""

from __future__ import annotations

from pathlib import Path

from garnetlab.core import Measurement
from garnetlab.readers._text import decode
from garnetlab.readers.biologic._read import read_text
from garnetlab.readers.biologic._write import write_mpt

__all__ = ["name", "read", "sniff", "suffixes", "write_mpt"]

name = "biologic-mpt"
suffixes: tuple[str, ...] = (".mpt", ".txt")


def sniff(path: Path, head: bytes) -> float:  # noqa: ARG001 - the content decides, not the suffix
    """Return how likely (0..1) the file is an EC-Lab text file."""
    first = decode(head[:4096]).lstrip().split("\n", 1)[0].strip()
    if first.startswith(("EC-Lab", "EC-LAB", "BT-Lab")) and first.endswith("FILE"):
        return 1.0
    return 0.9 if first.startswith("freq/Hz") and "(Z)/Ohm" in first else 0.0


def read(path: Path) -> tuple[Measurement, ...]:
    """Return the spectra in one EC-Lab text file, one measurement per sweep.

    Each carries time [s], voltage [V] and current [A] where recorded, and ``place``, ``cycle``, ``started_at`` [s],
    ``potential`` [V], ``amplitude`` [V], ``area`` [m^2], ``started``, ``instrument``, ``technique`` where known.

    Raises
    ------
    ReadError  if a line is damaged or cut, the file is a log or holds another technique; with the line number.
    """
    return read_text(path)
