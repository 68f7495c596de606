"""Circuit elements: one formula each, with its derivatives by the logarithm of every parameter.

With ``s = j omega`` the elements are

=====  ============  ==========================================  =======================================
kind   parameters    impedance                                   source
=====  ============  ==========================================  =======================================
R      R             R                                           Barsoukov & Macdonald [1], sec. 1.3
C      C             1/(s C)                                     [1], sec. 1.3
L      L             s L                                         [1], sec. 1.3
La     L, n          L s^n                                       lossy inductor; Boukamp [2]
CPE    Q, n          1/(Q s^n)                                   Brug et al. [3]; Orazem & Tribollet [4], ch. 14
W      sigma         sigma (1 - j)/sqrt(omega)                   Warburg; [1], sec. 2.1; Lasia [5], ch. 4
Ws     R, tau        R tanh(sqrt(s tau))/sqrt(s tau)             finite length, transmissive end; [5], ch. 4
Wo     R, tau        R coth(sqrt(s tau))/sqrt(s tau)             finite length, reflecting end; [5], ch. 4
G      R, tau        R/sqrt(1 + s tau)                           Gerischer; Boukamp & Bouwmeester [6]
K      R, tau        R/(1 + s tau)                               Voigt element, R parallel to C = tau/R
Zarc   R, tau, n     R/(1 + (s tau)^n)                           Cole & Cole [7], as impedance; [1], sec. 2.2
=====  ============  ==========================================  =======================================

R, L, tau in ohm, H, s; Q in S s^n, sigma in ohm s^-1/2. The impedance is passive for positive parameters and n <= 1.

Source
------
[1] Barsoukov, Macdonald (eds.), Impedance Spectroscopy, 2nd ed., Wiley 2005. [2] Boukamp, Solid State Ionics 20
(1986) 31. [3] Brug, van den Eeden, Sluyters-Rehbach, Sluyters, J. Electroanal. Chem. 176 (1984) 275. [4] Orazem,
Tribollet, Electrochemical Impedance Spectroscopy, 2nd ed., Wiley 2017. [5] Lasia, Electrochemical Impedance
Spectroscopy and its Applications, Springer 2014. [6] Boukamp, Bouwmeester, Solid State Ionics 157 (2003) 29.
[7] Cole, Cole, J. Chem. Phys. 9 (1941) 341.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from garnetlab.units import NONE, Capacitance, Dim, Inductance, Resistance, Time, WarburgCoefficient

FloatArray: TypeAlias = NDArray[np.float64]
ComplexArray: TypeAlias = NDArray[np.complex128]
#: impedance and its derivatives by the logarithm of each parameter, all of shape (..., n)
Evaluated: TypeAlias = tuple[ComplexArray, tuple[ComplexArray, ...]]

_HALF_PI = 0.5 * np.pi
_LOG_LIMIT = 300.0  # exp(300) and its square are finite in float64


def _dim(annotated: object) -> Dim:
    return next(m for m in annotated.__metadata__ if isinstance(m, Dim))  # type: ignore[attr-defined]


_OHM, _TIME, _FARAD = _dim(Resistance), _dim(Time), _dim(Capacitance)
_HENRY, _WARBURG = _dim(Inductance), _dim(WarburgCoefficient)


class Parameter(NamedTuple):
    """One parameter of an element: its name, display unit, dimension, and the power of time that ``n`` adds to it."""

    name: str
    unit: str
    dim: Dim
    time_power: float = 0.0


class ElementKind(NamedTuple):
    """One kind of element: name, letter in a circuit code, parameters, and the function of (parameters, omega)."""

    name: str
    letter: str
    parameters: tuple[Parameter, ...]
    evaluate: Callable[[tuple[FloatArray, ...], FloatArray], Evaluated]


def _power(log_modulus: FloatArray, exponent: FloatArray) -> ComplexArray:
    """Return ``(j exp(log_modulus))^exponent``, limited to finite numbers."""
    size = np.exp(np.clip(exponent * log_modulus, -_LOG_LIMIT, _LOG_LIMIT))
    return np.asarray(size * np.exp(1j * _HALF_PI * exponent))


def _resistor(p: tuple[FloatArray, ...], omega: FloatArray) -> Evaluated:
    z = np.asarray(p[0] + 0j * omega, dtype=np.complex128)
    return z, (z,)


def _capacitor(p: tuple[FloatArray, ...], omega: FloatArray) -> Evaluated:
    z = np.asarray(-1j / (omega * p[0]), dtype=np.complex128)
    return z, (-z,)


def _inductor(p: tuple[FloatArray, ...], omega: FloatArray) -> Evaluated:
    z = np.asarray(1j * omega * p[0], dtype=np.complex128)
    return z, (z,)


def _lossy_inductor(p: tuple[FloatArray, ...], omega: FloatArray) -> Evaluated:
    inductance, n = p
    log_omega = np.log(omega)
    z = inductance * _power(log_omega, n)
    return z, (z, z * n * (log_omega + 1j * _HALF_PI))


def _constant_phase(p: tuple[FloatArray, ...], omega: FloatArray) -> Evaluated:
    q, n = p
    log_omega = np.log(omega)
    z = _power(log_omega, -n) / q
    return z, (-z, -z * n * (log_omega + 1j * _HALF_PI))


def _warburg(p: tuple[FloatArray, ...], omega: FloatArray) -> Evaluated:
    z = p[0] * (1 - 1j) / np.sqrt(omega)
    return z, (z,)


def _root(tau: FloatArray, omega: FloatArray) -> tuple[ComplexArray, ComplexArray, ComplexArray]:
    """Return u = sqrt(s tau), q = exp(-2u) and 1 - q; none overflows, and 1 - q keeps its digits for small u."""
    u = np.sqrt(0.5 * omega * tau) * (1 + 1j)
    one_minus_q = -np.expm1(-2 * u)
    return u, 1 - one_minus_q, one_minus_q


def _transmissive(p: tuple[FloatArray, ...], omega: FloatArray) -> Evaluated:
    u, q, one_minus_q = _root(p[1], omega)
    shape = one_minus_q / ((1 + q) * u)
    slope = 0.5 * (4 * q / (1 + q) ** 2 - shape)
    return p[0] * shape, (p[0] * shape, p[0] * slope)


def _reflecting(p: tuple[FloatArray, ...], omega: FloatArray) -> Evaluated:
    u, q, one_minus_q = _root(p[1], omega)
    shape = (1 + q) / (one_minus_q * u)
    slope = -0.5 * (4 * q / one_minus_q**2 + shape)
    return p[0] * shape, (p[0] * shape, p[0] * slope)


def _gerischer(p: tuple[FloatArray, ...], omega: FloatArray) -> Evaluated:
    v = 1j * omega * p[1]
    z = p[0] / np.sqrt(1 + v)
    return z, (z, -0.5 * z * v / (1 + v))


def _voigt(p: tuple[FloatArray, ...], omega: FloatArray) -> Evaluated:
    v = 1j * omega * p[1]
    z = p[0] / (1 + v)
    return z, (z, -z * v / (1 + v))


def _zarc(p: tuple[FloatArray, ...], omega: FloatArray) -> Evaluated:
    resistance, tau, n = p
    log_v = np.log(omega * tau)
    x = _power(log_v, n)
    z = resistance / (1 + x)
    slope = -z * n * x / (1 + x)
    return z, (z, slope, slope * (log_v + 1j * _HALF_PI))


_R = Parameter("R", "ohm", _OHM)
_TAU = Parameter("tau", "s", _TIME)
_N = Parameter("n", "1", NONE)

#: kind -> definition. A name of one parameter is the element's own ("R0"); else it has a suffix ("CPE1.Q").
ELEMENTS: dict[str, ElementKind] = {
    kind.name: kind
    for kind in (
        ElementKind("R", "R", (_R,), _resistor),
        ElementKind("C", "C", (Parameter("C", "F", _FARAD),), _capacitor),
        ElementKind("L", "L", (Parameter("L", "H", _HENRY),), _inductor),
        ElementKind("La", "A", (Parameter("L", "ohm s^n", _OHM, 1.0), _N), _lossy_inductor),
        ElementKind("CPE", "Q", (Parameter("Q", "S s^n", _OHM**-1, 1.0), _N), _constant_phase),
        ElementKind("W", "W", (Parameter("sigma", "ohm s^-0.5", _WARBURG),), _warburg),
        ElementKind("Ws", "O", (_R, _TAU), _transmissive),
        ElementKind("Wo", "T", (_R, _TAU), _reflecting),
        ElementKind("G", "G", (_R, _TAU), _gerischer),
        ElementKind("K", "K", (_R, _TAU), _voigt),
        ElementKind("Zarc", "Z", (_R, _TAU, _N), _zarc),
    )
}
#: other spellings of a kind
ALIASES = {"Q": "CPE", "ZARC": "Zarc", "Zarc": "Zarc"}
#: letter of a circuit code -> kind
LETTERS = {kind.letter: kind.name for kind in ELEMENTS.values()}
