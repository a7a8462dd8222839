"""CX Workbook: customer-experience measurement from raw files to client reports."""

__version__ = "0.1.0"
