"""What stands above a table: header texts, temperature, geometry."""

from __future__ import annotations

import re
from collections.abc import Sequence

from garnetlab import units
from garnetlab.readers._temperature import temperatures_in
from garnetlab.readers.generic_text._dialect import Row

_PAIR = re.compile(r"\s*([^:=,;\t]{1,40}?)\s*[:=]\s*(.+)")
_LENGTH = re.compile(r"\b(diameter|thickness)\s*[\[(/]\s*(mm|cm|m|um)\s*[\])]?\s*[:=]?\s*([-+.\deE]+)", re.IGNORECASE)
_TEMPERATURE = re.compile(
    r"\btemp(?:erature)?\.?\s*[\[(/]?\s*(K|°C|C|degC)?\s*[\])]?\s*[:=]\s*([-+]?\d+(?:[.,]\d+)?)\s*(K|°\s?C|C|degC)?\b",
    re.IGNORECASE,
)
_METRES = {"m": 1.0, "cm": 1e-2, "mm": 1e-3, "um": 1e-6}


def header_of(preface: Sequence[Row], names: Row | None) -> dict[str, str]:
    """Return the texts above a table: ``key: value`` and ``key = value`` by key, others by line."""
    header: dict[str, str] = {}
    for row in preface:
        text = row.text.strip().strip("\"'\t,;#% ")
        match = _PAIR.fullmatch(text)
        if match and match[1].strip() not in header:
            header[match[1].strip()] = match[2].strip()
        elif text:
            header[f"line {row.line}"] = text
    if names is not None:
        header["columns"] = names.text.strip()
    return header


def metadata_of(preface: Sequence[Row]) -> dict[str, float | str]:
    """Return what the texts above a table state: ``temperature`` [K], ``diameter`` and ``thickness`` [m].

    A temperature is ``Temperature = 25 °C`` in any line, or a title (the first line) that states one by the rules for
    file names. ``temperature_from`` says that the file gave it. Lengths need their unit; 0 counts as not given.
    """
    out: dict[str, float | str] = {}
    texts = [row.text for row in preface if row.text.strip()]
    for text in texts:
        for name, unit, number in _LENGTH.findall(text):
            value = _number(number)
            if value is not None and value > 0:
                out.setdefault(name.lower(), value * _METRES[unit.lower()])
    temperature = _temperature(texts)
    if temperature is not None:
        out |= {"temperature": temperature, "temperature_from": "file"}
    return out


def _temperature(texts: Sequence[str]) -> float | None:
    for text in texts:
        match = _TEMPERATURE.search(text)
        unit = (match[1] or match[3] or "") if match else ""
        if match and unit:
            value = float(match[2].replace(",", "."))
            kelvin = value if unit.upper() == "K" else units.celsius(value)
            return kelvin if 0.0 < kelvin < 3000.0 else None
    stated = temperatures_in(texts[0]) if texts else ()
    return stated[0] if len(stated) == 1 else None


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
