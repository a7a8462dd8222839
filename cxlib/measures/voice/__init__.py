"""The voice of the customer: open answers, contact notes and public mentions, read offline."""
