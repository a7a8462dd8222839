"""Running the workbook: notebooks through papermill, run folders, checks, scaffolding."""
