"""Client reports: blocks, tables, figures, sentences in two languages, HTML and PDF."""
