"""Study documents: one strict, versioned file for recipes, cells, procedures, samples and measurements."""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, model_validator

from garnetlab.core._cell import Cell
from garnetlab.core._edge import DOCUMENT, Record, convert_errors
from garnetlab.core._errors import InvalidInput, ReadError, nearest
from garnetlab.core._experiment import ExperimentEntry, ModelEntry
from garnetlab.core._interface import InterfaceEntry
from garnetlab.core._procedure import Procedure
from garnetlab.core._recipe import Recipe
from garnetlab.core._samples import MeasurementEntry, Sample

SCHEMA = "garnetlab/1"


class StudyDocument(Record):
    """A study: what was made, what was done with it, and which files came out."""

    schema_: Literal["garnetlab/1"] = Field(alias="schema")
    title: str = ""
    recipes: dict[str, Recipe] = Field(default_factory=dict)
    cells: dict[str, Cell] = Field(default_factory=dict)
    procedures: dict[str, Procedure] = Field(default_factory=dict)
    interfaces: dict[str, InterfaceEntry] = Field(default_factory=dict)
    models: dict[str, ModelEntry] = Field(default_factory=dict)
    experiments: dict[str, ExperimentEntry] = Field(default_factory=dict)
    samples: dict[str, Sample] = Field(default_factory=dict)
    measurements: tuple[MeasurementEntry, ...] = ()

    @model_validator(mode="after")
    def _known_names(self) -> StudyDocument:
        for i, entry in enumerate(self.measurements):
            if entry.sample is not None and entry.sample not in self.samples:
                hint = nearest(entry.sample, self.samples)
                message = f"measurements.{i}.sample = {entry.sample!r}: no such sample in the register.{hint}"
                raise ValueError(message)
        for name, sample in self.samples.items():
            if sample.anode is not None and sample.anode not in self.recipes:
                message = (
                    f"samples.{name}.anode = {sample.anode!r}: no such recipe.{nearest(sample.anode, self.recipes)}"
                )
                raise ValueError(message)
        self._known_in_experiments()
        return self

    def _known_in_experiments(self) -> None:
        for name, experiment in self.experiments.items():
            for entry, wanted, known in (
                ("cell", experiment.cell, self.cells),
                ("procedure", experiment.procedure, self.procedures),
            ):
                if wanted is not None and wanted not in known:
                    hint = nearest(wanted, known)
                    message = f"experiments.{name}.{entry} = {wanted!r}: no such {entry} in the document.{hint}"
                    raise ValueError(message)

    def to_dict(self) -> dict[str, Any]:
        """Return the document as JSON-able objects, quantities as text with units, empty entries left out."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True, exclude_defaults=True) | {
            "schema": SCHEMA
        }

    def digest(self) -> str:
        """Return the SHA-256 of the content: independent of key order, of the units it is written in, and of its place."""
        text = json.dumps(self.to_dict(), sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def replicates(self) -> dict[str, tuple[str, ...]]:
        """Return the sample ids of every series (a sample without a series is its own)."""
        out: dict[str, list[str]] = {}
        for name, sample in self.samples.items():
            out.setdefault(sample.series or name, []).append(name)
        return {k: tuple(v) for k, v in out.items()}


def parse_document(data: Mapping[str, Any]) -> StudyDocument:
    """Return the document held by parsed TOML or JSON.

    Raises
    ------
    InvalidInput  with the path of the entry, its value and what was expected.
    """
    version = data.get("schema")
    if version != SCHEMA:
        message = f'schema = {version!r}: expected {SCHEMA!r}. Write  schema = "{SCHEMA}"  in the first line.'
        raise InvalidInput(message)
    try:
        return StudyDocument.model_validate(dict(data), context=DOCUMENT)
    except ValidationError as error:
        raise convert_errors(error, StudyDocument) from None


def load_document(path: str | Path) -> StudyDocument:
    """Return the study document in a TOML or JSON file.

    Raises
    ------
    ReadError     if the file is missing, no UTF-8 text, or no TOML (with its line).
    InvalidInput  if its content is not a study document.
    """
    path = Path(path)
    try:
        text = path.read_bytes().decode("utf-8-sig")
        data = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except OSError as error:
        raise ReadError(path, f"{error.strerror or 'cannot be opened'}. Check the path.") from None
    except UnicodeDecodeError:
        raise ReadError(path, "not UTF-8 text. Save the document as UTF-8.") from None
    except json.JSONDecodeError as error:
        raise ReadError(path, f"no JSON: {error.msg}.", error.lineno) from None
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        raise ReadError(path, f"no TOML: {error}.", int(line.group(1)) if line else None) from None
    except RecursionError:
        raise ReadError(path, "nested too deeply for a document.") from None
    if not isinstance(data, dict):
        raise ReadError(path, "expected an object at the top level, with schema, samples, measurements.")
    try:
        return parse_document(data)
    except InvalidInput as error:
        message = f"{path}: {error}"
        raise InvalidInput(message) from None


def save_document(document: StudyDocument, path: str | Path) -> None:
    """Write a document as TOML (or JSON by its suffix), whole or not at all.

    Raises
    ------
    InvalidInput  if a text of the document cannot be written as UTF-8.
    ReadError     if the file cannot be written there.
    """
    path = Path(path)
    content = document.to_dict()
    text = json.dumps(content, indent=1, ensure_ascii=False) if path.suffix == ".json" else write_toml(content)
    try:
        data = text.encode("utf-8")
    except UnicodeEncodeError as error:
        message = f"document = {text[error.start - 10 : error.end]!r}: expected text that is valid Unicode."
        raise InvalidInput(message) from None
    try:
        _replace(path, data)
    except OSError as error:
        raise ReadError(path, f"cannot be written: {error.strerror}. Check the folder.") from None


def _replace(path: Path, data: bytes) -> None:
    handle, temporary = tempfile.mkstemp(prefix=".", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except OSError:
        Path(temporary).unlink(missing_ok=True)
        raise


_BARE = re.compile(r"^[A-Za-z0-9_-]+$")


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _text(name)


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(k)} = {_value(v)}" for k, v in value.items()) + " }" if value else "{}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    if isinstance(value, str):
        return _text(value)
    return json.dumps(value)


def _tables(prefix: str, content: Mapping[str, Any]) -> Iterator[str]:
    plain = {k: v for k, v in content.items() if not _is_table(v)}
    for key, value in plain.items():
        yield f"{_key(key)} = {_value(value)}"
    for key, value in content.items():
        if key in plain:
            continue
        name = f"{prefix}{_key(key)}"
        if isinstance(value, Mapping):
            if not value or not all(map(_is_table, value.values())):
                yield f"\n[{name}]"
            yield from _tables(name + ".", value)
        else:
            for item in value:
                yield f"\n[[{name}]]"
                yield from _tables(name + ".", item)


def _is_table(value: Any) -> bool:
    if isinstance(value, Mapping):
        return True
    return isinstance(value, list | tuple) and bool(value) and all(isinstance(v, Mapping) for v in value)


def write_toml(content: Mapping[str, Any]) -> str:
    """Return nested mappings, lists, text, numbers and booleans as TOML, keys in their order."""
    return "\n".join(_tables("", content)).lstrip("\n") + "\n"


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a study document, as published in ``core/schemas/garnetlab-1.json``."""
    schema = StudyDocument.model_json_schema(by_alias=True, mode="validation")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": f"urn:{SCHEMA}"} | schema
