"""Instrument files to measurements."""

from garnetlab.readers._options import ReadOptions
from garnetlab.readers._registry import READERS, Reader, read, reader_names

__all__ = ["READERS", "ReadOptions", "Reader", "read", "reader_names"]
