# ruff: noqa: E501  (a message stands on its line)
"""engagement.yml: what it states about customers' words."""

import pytest

from cxlib.engagement import load_engagement
from cxlib.errors import ConfigError


@pytest.mark.parametrize("key", ["names", "taxonomy", "quotes"])
@pytest.mark.parametrize(
    "path", ["../names.txt", "/etc/passwd", "a/../../b", "C:\\names.txt", "\\\\server\\names"]
)
def test_a_file_outside_the_engagement_folder_is_refused(edited, key, path):
    """File, line, key, value, rule and remedy, for every kind of file customers' words need."""
    file = edited(("  quotes: internal/quotes.csv", f"  {key}: '{path}'"))
    with pytest.raises(ConfigError) as caught:
        load_engagement(file)
    line = next(
        n for n, text in enumerate(file.read_text(encoding="utf-8").splitlines(), 1) if path in text
    )
    assert [str(problem) for problem in caught.value.problems] == [
        (
            f"engagement.yml, line {line}, voice.{key}: found {path!r}; must name a file inside the "
            "folder of the engagement file; copy the file there and write its name"
        )
    ]


def test_a_file_in_a_folder_of_the_engagement_is_taken(edited):
    file = edited(("  quotes: internal/quotes.csv", "  names: internal/names.txt"))
    assert load_engagement(file).voice.names == "internal/names.txt"
