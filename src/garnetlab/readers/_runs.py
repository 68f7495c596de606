"""Texts of a column whose neighbours are often the same, each stretch of them kept once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, overload

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Runs(Sequence[str]):
    """A sequence of texts; text ``words[i]`` stands in the rows from ``starts[i]`` to that of the next.

    Parameters
    ----------
    words:  The texts, one per stretch.
    starts: First row of each stretch, rising from 0.
    rows:   How many rows in all.
    """

    __slots__ = ("_rows", "starts", "words")

    def __init__(self, words: Sequence[str], starts: NDArray[np.int64], rows: int) -> None:
        self.words = words
        self.starts = starts
        self._rows = rows

    def __len__(self) -> int:
        return self._rows

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(self._rows))]
        row = index + self._rows if index < 0 else index
        if not 0 <= row < self._rows:
            message = f"row {index} of {self._rows}"
            raise IndexError(message)
        return self.words[int(np.searchsorted(self.starts, row, side="right")) - 1]

    def __iter__(self) -> Iterator[str]:
        for word, length in zip(self.words, self.lengths().tolist(), strict=True):
            for _ in range(length):
                yield word

    def lengths(self) -> NDArray[np.int64]:
        """Return how many rows each stretch has."""
        return np.diff(self.starts, append=self._rows)
