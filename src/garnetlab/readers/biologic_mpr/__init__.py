"""BioLogic EC-Lab binary data: ``.mpr``, through the optional extra ``vendor`` (datalab-org-galvani, GPL-3).

The container is undocumented; galvani finds the columns, this reader turns them into spectra as for the text export.
The settings in the file are not decoded: there is no amplitude and no area.
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
    """Return the spectra in one ``.mpr`` file, one measurement per sweep, with time, voltage and current.

    Raises
    ------
    ReadError     if the file is damaged, cut or holds another technique.
    MissingExtra  if datalab-org-galvani is not installed.
    """
    return read_binary(path)
