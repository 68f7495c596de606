"""From columns of numbers to one checked impedance spectrum."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from garnetlab.core import Channel, FileSource, InvalidInput, Kind, Measurement, ReadError
from garnetlab.readers._evidence import parts_swapped, too_steep

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: outside these no instrument measures: mistaken columns, not impedance [Hz], [ohm]
FREQUENCY_RANGE = (1e-7, 1e12)
MODULUS_RANGE = (1e-12, 1e18)


def impedance_measurement(
    path: Path,
    frequency: Sequence[float] | NDArray[np.float64],
    real: Sequence[float] | NDArray[np.float64],
    imaginary: Sequence[float] | NDArray[np.float64],
    *,
    header: Mapping[str, str] | None = None,
    part: str = "",
    metadata: Mapping[str, float | str] | None = None,
    warnings: Sequence[str] = (),
    lines: Sequence[int] | None = None,
    extra: Mapping[Channel, Sequence[float] | NDArray[np.float64]] | None = None,
) -> Measurement:
    """Return one spectrum, checked point by point.

    Parameters
    ----------
    path:      The file, for the messages.
    frequency: [Hz], in the file's order.
    real:      Real part [ohm].
    imaginary: Imaginary part [ohm], in the package's sign: negative for capacitive arcs.
    header:    The file's own header.
    part:      Which part of the file (sheet, cycle), where there are several.
    metadata:  What the file knows, in SI.
    warnings:  What the reader noticed; this function adds its own.
    lines:     Line of each point in the file (from 1), for the messages; point numbers stand in where it is absent.
    extra:     Further channels (time, voltage, current) of the same length.

    Returns
    -------
    :  A measurement of kind impedance with a warning for repeated frequencies, frequencies out of order, negative real
       parts, a modulus that changes faster than passive elements allow, and a spectrum that is inductive throughout.

    Raises
    ------
    ReadError  if there is no point, the columns differ in length, a number is not finite, a frequency or modulus is
               not positive or beyond what instruments measure, or the sign of the imaginary part is turned round.
    """
    f, re, im = (np.asarray(column, dtype=np.float64) for column in (frequency, real, imaginary))
    sizes = {"frequency": f.shape, "real": re.shape, "imaginary": im.shape}
    sizes |= {c.label: np.shape(a) for c, a in (extra or {}).items()}
    if len(set(sizes.values())) > 1:
        shown = ", ".join(f"{name} {shape[0] if shape else 0}" for name, shape in sizes.items())
        raise ReadError(path, f"columns of unequal length ({shown}). Export the file again.")
    if f.size == 0:
        raise ReadError(
            path,
            f"{_named(part)}no impedance point (0 rows of numbers). Export the file again.",
        )
    z = np.empty(f.shape, dtype=np.complex128)
    z.real, z.imag = re, im
    _check_points(path, f, z, lines)
    if sign_is_turned(f, z):
        message = (
            f"{_named(part)}all {f.size} imaginary parts are positive while the real part falls with frequency, which"
            " no passive cell does: the sign of Z'' is turned round. Export -Z'' as the column's name says."
        )
        raise ReadError(path, message, lines[0] if lines else None)
    found = (*warnings, *_noticed(f, z, lines))
    channels = {
        Channel.FREQUENCY: f,
        Channel.IMPEDANCE: z,
        **{c: np.asarray(a) for c, a in (extra or {}).items()},
    }
    source = FileSource(str(path), "", "", "", dict(header or {}), part)
    return Measurement(Kind.IMPEDANCE, channels, source, dict(metadata or {}), warnings=found)


def _named(part: str) -> str:
    return f"{part}: " if part else ""


def _check_points(
    path: Path,
    f: NDArray[np.float64],
    z: NDArray[np.complex128],
    lines: Sequence[int] | None,
) -> None:
    modulus = np.abs(z)
    checks = (
        (~np.isfinite(f), "frequency", f, "expected a finite number"),
        (~np.isfinite(modulus), "impedance", z, "expected a finite number"),
        (f <= 0, "frequency", f, "expected a frequency > 0 Hz"),
        (modulus <= 0, "impedance", z, "expected |Z| > 0 ohm"),
        (_outside(f, FREQUENCY_RANGE), "frequency", f, "expected 1e-7 Hz to 1e12 Hz"),
        (
            _outside(modulus, MODULUS_RANGE),
            "impedance",
            z,
            "expected |Z| from 1e-12 ohm to 1e18 ohm",
        ),
    )
    for bad, name, values, expected in checks:
        if bad.any():
            first = int(np.argmax(bad))
            where = "" if lines else f" (point {first + 1})"
            shown = f"{values[first]:.6g}"
            message = f"{name} = {shown}: {expected}{where}. Correct the line or export the file again."
            raise ReadError(path, message, lines[first] if lines else None)


def _outside(values: NDArray[np.float64], limits: tuple[float, float]) -> NDArray[np.bool_]:
    return (values < limits[0]) | (values > limits[1])


def sign_is_turned(frequency: NDArray[np.float64], impedance: NDArray[np.complex128]) -> bool:
    """Return whether the spectrum can only be one whose imaginary part has the wrong sign.

    Kramers-Kronig ties the two parts: to first order ``Im Z = (pi/2) d Re Z / d ln f``, so a spectrum with positive
    imaginary part throughout has a real part that rises with frequency. One whose real part falls by more than a tenth
    of the largest modulus is turned round.

    Source: H. Schoenleber, D. Klotz, E. Ivers-Tiffee, Electrochim. Acta 131 (2014) 20, eq. (1) for the transform; the
    local form is its Bode approximation.
    """
    if len(frequency) < 3 or not (impedance.imag > 0).all():
        return False
    drop = impedance.real[int(np.argmin(frequency))] - impedance.real[int(np.argmax(frequency))]
    return bool(drop > 0.1 * np.abs(impedance).max())


def _noticed(f: NDArray[np.float64], z: NDArray[np.complex128], lines: Sequence[int] | None) -> list[str]:
    found = []
    values, counts = np.unique(f, return_counts=True)
    if (counts > 1).any():
        shown = ", ".join(f"{v:.6g} Hz" for v in values[counts > 1][:3])
        found.append(f"{int((counts > 1).sum())} frequencies stand more than once ({shown}); all points are kept")
    negative = np.flatnonzero(z.real <= 0)
    if negative.size:
        first = f"line {lines[negative[0]]}" if lines else f"point {negative[0] + 1}"
        found.append(f"{negative.size} of {f.size} real parts are not positive (first at {first})")
    astray = out_of_order(f)
    if astray:
        first = f"line {lines[astray[0]]}" if lines else f"point {astray[0] + 1}"
        found.append(f"{len(astray)} frequencies are out of order (first at {first}): check them")
    if too_steep(f, z):
        found.append("|Z| changes with frequency faster than a capacitor or an inductor lets it: are columns swapped?")
    if parts_swapped(f, z):
        found.append("the phase fits the modulus only with Z' and -Z'' exchanged: are these columns swapped?")
    if f.size >= 3 and (z.imag > 0).all():
        found.append(
            "every imaginary part is positive: an inductor or a short circuit, not a cell with a capacitive arc"
        )
    return found


def check_modulus(path: Path, line: int | None, real: float, imaginary: float, modulus: float) -> None:
    """Compare the modulus a file gives with its real and imaginary part: a damaged number shows itself here.

    Instruments print six digits or more, so a difference above 1e-3 is no rounding. A modulus of 0 means "not given".

    Raises
    ------
    ReadError  if they differ by more.
    """
    computed = math.hypot(real, imaginary)
    if modulus and abs(modulus - computed) > 1e-3 * max(computed, abs(modulus)):
        message = (
            f"|Z| = {modulus:.7g} ohm: expected {computed:.7g} ohm from the real and imaginary part beside it."
            " The line is damaged: export the file again."
        )
        raise ReadError(path, message, line)


def check_phase(path: Path, line: int | None, real: float, imaginary: float, phase: float) -> None:
    """Compare the phase [deg] a file gives with its real and imaginary part: swapped columns and lost signs show here.

    Instruments print 0.001 deg or finer, so a difference above 0.1 deg is no rounding.

    Raises
    ------
    ReadError  if they differ by more.
    """
    computed = math.degrees(math.atan2(imaginary, real))
    if abs((phase - computed + 180.0) % 360.0 - 180.0) > 0.1:
        message = (
            f"phase = {phase:.6g} deg: expected {computed:.6g} deg from the real and imaginary part beside it."
            " Columns are swapped, a sign is lost or the line is damaged: export the file again."
        )
        raise ReadError(path, message, line)


def informative(values: Sequence[float]) -> bool:
    """Return whether a column says anything: programs fill one they did not record with zeros or one number."""
    return any(values) and (len(values) == 1 or len(set(values)) > 1)


def split_sweeps(frequency: Sequence[float]) -> list[range]:
    """Return the index ranges of the sweeps in one column of frequencies.

    A new sweep begins where the frequency jumps back against its direction by more than three typical steps (the median
    of the steps, in decades). A repeated point or one out of order, after which the sweep goes on, stays where it is.
    """
    logs = [math.log10(f) if f > 0 else math.nan for f in frequency]
    steps = [b - a for a, b in itertools.pairwise(logs)]
    sizes = sorted(abs(s) for s in steps if s)
    if not sizes:
        return [range(len(logs))] if logs else []
    limit = 3.0 * sizes[len(sizes) // 2]
    starts, direction = [0], 0.0
    for i, step in enumerate(steps, start=1):
        back = bool(direction) and step * direction < 0 and abs(step) > limit
        if back and not _resumes(logs, i, direction, limit):
            starts.append(i)
            direction = 0.0
        elif step and not (direction and abs(step) > limit):
            direction = math.copysign(1.0, step)
    return [range(a, b) for a, b in zip(starts, [*starts[1:], len(logs)], strict=True)]


def _resumes(logs: Sequence[float], i: int, direction: float, limit: float) -> bool:
    """Return whether the sweep goes on after point ``i`` as if the point were not there."""
    return i + 1 < len(logs) and 0 < (logs[i + 1] - logs[i - 1]) * direction <= limit


def out_of_order(frequency: NDArray[np.float64]) -> list[int]:
    """Return the points that step against the sweep; none for a sweep with one turn, such as a run-up before it."""
    steps = np.sign(np.diff(frequency))
    moves = steps[steps != 0]
    if np.count_nonzero(moves[1:] != moves[:-1]) < 2:
        return []
    against = -1.0 if np.count_nonzero(moves > 0) >= np.count_nonzero(moves < 0) else 1.0
    return [int(i) + 1 for i in np.flatnonzero(steps == against)]


def require_impedance(measurement: Measurement) -> None:
    """Raise ``InvalidInput`` unless a writer can write the measurement as an impedance spectrum."""
    if measurement.kind is not Kind.IMPEDANCE or not len(measurement):
        message = (
            f"measurement = {measurement.kind.value} with {len(measurement)} points: expected an impedance spectrum."
        )
        raise InvalidInput(message)
