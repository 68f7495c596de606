"""Archives of the program cellpy: HDF5 up to its version 1 (extra ``cellpy``), a zip of Parquet tables from version 2 on.

The raw records are read: time, voltage, current, cycle, step, and the net charge where it is the integral of the current. The
units are those that the archive states; an archive that states no unit of the current is refused until the user says it.
Current > 0 charges, as cellpy keeps it. Texts inside an HDF5 archive are pickled: they are read as texts, nothing is executed.

Source: one archive that cellpy 1.0.3 wrote from a real Neware export, for HDF5; for the zip the names and members that cellpy
2.1.5 and cellpycore 0.2.6 (MIT) declare.
"""

from __future__ import annotations

from pathlib import Path

from garnetlab.core import Measurement, ReadError
from garnetlab.readers._options import NOTHING, ReadOptions
from garnetlab.readers.cellpy._hdf5 import MAGIC, read_hdf5
from garnetlab.readers.cellpy._zipped import META, RAW, is_zipped, read_zipped

__all__ = ["name", "read", "read_with", "sniff", "suffixes"]

name = "cellpy"
suffixes: tuple[str, ...] = (".cellpy", ".h5")
_ROOT = b"CellpyData"


def sniff(path: Path, head: bytes) -> float:
    """Return how likely (0..1) the file is an archive of cellpy: by its members."""
    hdf5 = head.startswith(MAGIC) and (_ROOT in head or path.suffix.lower() == ".cellpy")
    return 1.0 if hdf5 or is_zipped(path, head) else 0.0


def read(path: Path) -> tuple[Measurement, ...]:
    """Return the test in one archive.

    Raises
    ------
    MissingExtra  if the archive is HDF5 and h5py is not installed.
    ReadError     if the archive is damaged, a number is missing, the time falls, or the unit of the current stays open.
    """
    return read_with(path, NOTHING)


def read_with(path: Path, options: ReadOptions) -> tuple[Measurement, ...]:
    """Return the test in one archive; ``options.current_unit`` is used where it states none."""
    with path.open("rb") as file:
        head = file.read(len(MAGIC))
    if is_zipped(path, head):
        return (read_zipped(path, options),)
    if head == MAGIC:
        return (read_hdf5(path, options),)
    message = (
        f"expected HDF5 or a zip of {RAW} and {META}, found {head!r}. No archive of cellpy, or damaged: save it again."
    )
    raise ReadError(path, message)
