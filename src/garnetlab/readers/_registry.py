"""The table of readers and the one way into it."""

from __future__ import annotations

import hashlib
import importlib
import struct
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import NamedTuple, Protocol, cast, runtime_checkable

from garnetlab.core import FileSource, GarnetlabError, InvalidInput, Kind, Measurement, ReadError, nearest
from garnetlab.readers._options import NOTHING, ReadOptions
from garnetlab.readers._temperature import temperature_metadata

HEAD_BYTES = 65536

#: kinds whose file name may state the temperature ("60deg" in the name of a diffraction file is an angle)
AT_TEMPERATURE = frozenset({Kind.IMPEDANCE, Kind.CYCLING, Kind.VOLTAMMETRY, Kind.DC_POLARISATION})


class Reader(Protocol):
    """What a reader is: a module with these names, imported on first use."""

    name: str
    suffixes: tuple[str, ...]

    def sniff(self, path: Path, head: bytes) -> float:
        """Return how likely (0..1) this reader reads the file whose first 64 KiB are ``head``; never raises."""
        ...

    def read(self, path: Path) -> tuple[Measurement, ...]:
        """Return the measurements in the file; raises ``ReadError`` naming path and line."""
        ...


#: reader name -> module that holds ``name``, ``suffixes``, ``sniff`` and ``read``
READERS: dict[str, str] = {
    "zahner-ism": "garnetlab.readers.zahner",
    "biologic-mpt": "garnetlab.readers.biologic",
    "biologic-mpr": "garnetlab.readers.biologic_mpr",
    "gamry-dta": "garnetlab.readers.gamry",
    "zplot": "garnetlab.readers.zplot",
    "ivium-idf": "garnetlab.readers.ivium",
    "relaxis": "garnetlab.readers.relaxis",
    "bdf": "garnetlab.readers.bdf",
    "land": "garnetlab.readers.land",
    "parquet": "garnetlab.readers.parquet",
    "cellpy": "garnetlab.readers.cellpy",
    "neware": "garnetlab.readers.neware",
    "neware-csv": "garnetlab.readers.neware_csv",
    "arbin-res": "garnetlab.readers.arbin_res",
    "cycler-workbook": "garnetlab.readers.cycler_workbook",
    "land-cex": "garnetlab.readers.land_cex",
    "generic-cycling": "garnetlab.readers.generic_cycling",
    "arbin": "garnetlab.readers.arbin",
    "maccor": "garnetlab.readers.maccor",
    "basytec": "garnetlab.readers.basytec",
    "novonix": "garnetlab.readers.novonix",
    "generic-text": "garnetlab.readers.generic_text",
    "generic-workbook": "garnetlab.readers.generic_workbook",
}


@runtime_checkable
class ReaderWithOptions(Reader, Protocol):
    """A reader that takes what the user says where a file leaves something open."""

    def read_with(self, path: Path, options: ReadOptions) -> tuple[Measurement, ...]:
        """Return the measurements in the file as ``read`` does, with the user's options."""
        ...


class _Candidate(NamedTuple):
    score: float
    name: str


def reader_names() -> tuple[str, ...]:
    """Return the names of all readers, for ``read(..., reader=name)``."""
    return tuple(READERS)


def _load(name: str) -> Reader:
    if name not in READERS:
        message = f"reader = {name!r}: no such reader.{nearest(name, READERS)} Known: {', '.join(READERS)}."
        raise InvalidInput(message)
    return cast("Reader", importlib.import_module(READERS[name]))


def _choose(path: Path, head: bytes) -> Reader:
    scores = [_Candidate(_load(name).sniff(path, head), name) for name in READERS]
    best = max(scores, key=lambda c: c.score)
    if best.score <= 0.0:
        shown = head[:24]
        message = (
            f"no reader knows this file (it begins {shown!r}). Export it as text or csv with columns of frequency, Z' and"
            f" Z'', or of time, voltage and current, or name a reader: {', '.join(READERS)}."
        )
        raise ReadError(path, message)
    return _load(best.name)


def read(
    path: str | Path, *, reader: str | Reader | None = None, options: ReadOptions | None = None
) -> tuple[Measurement, ...]:
    """Return the measurements in one instrument file, in SI and in the package's signs.

    Parameters
    ----------
    path:   The file.
    reader: Name of a reader, or a module that is one; by default the file's content decides.
    options: What the user says where a file leaves something open, such as the unit of its current; used by the readers
             that take options (those of cyclers), and only where the file states nothing itself.

    Returns
    -------
    :  One measurement per spectrum or test in the file, in the file's order. ``source`` is stamped with path, SHA-256
       of the bytes, reader and package version; the file's own header stays in ``source.header``.

    Raises
    ------
    ReadError     if the file is missing, damaged, empty or of no known format; one line, with the line number.
    InvalidInput  if ``reader`` is no known name.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
            file.seek(0)
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        if path.is_dir():
            message = (
                "is a folder, expected a file. Name its files, or take 'garnetlab report FOLDER' for mixed files and"
                " 'garnetlab analyse FOLDER --watch' for running cells."
            )
            raise ReadError(path, message) from None
        raise ReadError(path, f"{error.strerror or 'cannot be opened'}. Check the path.") from None
    if not head:
        raise ReadError(path, "the file is empty (0 bytes). Export it again.")
    named = _load(reader) if isinstance(reader, str) else reader
    chosen = named or _choose(path, head)
    try:
        takes = options is not None and isinstance(chosen, ReaderWithOptions)
        found = cast("ReaderWithOptions", chosen).read_with(path, options or NOTHING) if takes else chosen.read(path)
    except GarnetlabError:
        raise
    except (ArithmeticError, LookupError, TypeError, ValueError, OSError, EOFError, struct.error) as error:
        reason = f"{type(error).__name__}: {' '.join(str(error).split())}"
        message = f"damaged or unexpected content for a {chosen.name} file ({reason}). Export it again."
        raise ReadError(path, message) from error
    if not found:
        raise ReadError(path, f"the {chosen.name} file holds no measurement. Export it again.")
    return tuple(_stamp(m, path, digest, chosen.name) for m in found)


def _stamp(measurement: Measurement, path: Path, digest: str, name: str) -> Measurement:
    old = measurement.source
    header = old.header if isinstance(old, FileSource) else {}
    part = old.part if isinstance(old, FileSource) else ""
    source = FileSource(str(path), digest, name, metadata.version("garnetlab"), header, part)
    known = dict(measurement.metadata)
    if measurement.kind in AT_TEMPERATURE:
        known |= temperature_metadata(known, path.name)
    return replace(measurement, source=source, metadata=known)
