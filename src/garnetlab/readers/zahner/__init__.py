"""Zahner Thales ``.ism``: the binary impedance file of IM6, Zennium and their successors.

All points are kept in the file's order. A sweep that starts in the middle, runs up to the highest frequency and then
down passes its first frequencies twice; the warning and ``overlap_points`` say how many points come before the turn.

What is not taken for a measured value, and stays in the header: a temperature without a sensor (the instrument then
writes absolute zero or a number within 1 K of 0 degC), an electrode area without a unit.

Source: byte layout from the maker's open importer (Zahner-elektrik, zahner_analysis, MIT), against which this reader is
tested.
"""

from __future__ import annotations

from pathlib import Path

from garnetlab.core import Measurement
from garnetlab.readers.zahner._read import MAGIC, read_binary

__all__ = ["name", "read", "sniff", "suffixes"]

name = "zahner-ism"
suffixes: tuple[str, ...] = (".ism",)


def sniff(path: Path, head: bytes) -> float:
    """Return how likely (0..1) the file is a Zahner impedance file."""
    if head[: len(MAGIC)] != MAGIC:
        return 0.0
    return 1.0 if path.suffix.lower() == ".ism" else 0.8


def read(path: Path) -> tuple[Measurement, ...]:
    """Return the one spectrum in an ``.ism`` file, with time, voltage and current per point where recorded.

    Metadata, where known: ``started``, ``temperature`` [K], ``amplitude`` [V], ``potential`` [V], ``area`` [m^2],
    ``sample``, ``comment``, ``overlap_points``.

    Raises
    ------
    ReadError  if the file is cut or a number in it is no impedance.
    """
    return read_binary(path)
