"""Client reports: blocks, tables, figures, sentences in two languages, HTML and PDF."""

from cxlib.report.report import Report

__all__ = ["Report"]
