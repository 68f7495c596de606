"""BioLogic EC-Lab binary data: ``.mpr``, through the optional extra ``vendor`` (datalab-org-galvani, GPL-3).

The container is undocumented; galvani finds the columns, this reader turns them into spectra or a test as for the text
export. Of the settings only the technique is decoded: there is no amplitude and no area. Where the file has no current (it
then has the charge passed in each row) the current is that charge over the row's time, which is what EC-Lab prints; cycles
are pairs of half cycles, as EC-Lab counts them.
"""

from __future__ import annotations

from pathlib import Path

from garnetlab.core import Measurement
from garnetlab.readers.biologic_mpr._read import MAGIC, read_binary

__all__ = ["name", "read", "sniff", "suffixes"]

name = "biologic-mpr"
suffixes: tuple[str, ...] = (".mpr",)


def sniff(path: Path, head: bytes) -> float:  # noqa: ARG001 - the content decides, not the suffix
    """Return how likely (0..1) the file is an EC-Lab binary file."""
    return 1.0 if head.startswith(MAGIC) else 0.0


def read(path: Path) -> tuple[Measurement, ...]:
    """Return the spectra in one ``.mpr`` file, one measurement per sweep, or its one direct-current test.

    Raises
    ------
    ReadError     if the file is damaged, cut, or has neither impedance nor time and voltage.
    MissingExtra  if datalab-org-galvani is not installed.
    """
    return read_binary(path)
