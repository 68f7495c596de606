"""Results to figures, tables and pages."""

from garnetlab.report._ledger_page import write_ledger
from garnetlab.report._report import Written, write_analysis, write_report

__all__ = ["Written", "write_analysis", "write_ledger", "write_report"]
