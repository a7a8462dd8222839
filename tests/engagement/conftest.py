"""The sample's engagement file, to be spoilt."""

from pathlib import Path

import pytest

SAMPLE = Path(__file__).parents[2] / "data_samples" / "harbour_home" / "engagement.yml"


@pytest.fixture
def edited(tmp_path):
    """Write the sample with some text replaced; return its path."""

    def edit(*pairs):
        text = SAMPLE.read_text(encoding="utf-8")
        for old, new in pairs:
            assert old in text, f"the sample no longer holds {old!r}"
            text = text.replace(old, new, 1)
        path = tmp_path / "engagement.yml"
        path.write_text(text, encoding="utf-8")
        return path

    return edit
