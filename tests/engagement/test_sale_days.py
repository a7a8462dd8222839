"""Sale days of the engagement file: named, and with an end after their start."""

import pytest

from cxlib.engagement import load_engagement
from cxlib.errors import ConfigError


def test_the_sample_lists_its_sales(edited):
    """Three, one of them in both years."""
    sales = load_engagement(edited()).sale_days
    assert [sale.name["en"] for sale in sales] == [
        "Mid-year sale",
        "November sale",
        "Mid-year sale",
    ]


def test_a_client_without_sales_says_nothing(edited):
    """The list may be left out."""
    path = edited()
    lines = path.read_text(encoding="utf-8").splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith("sale_days:"))
    path.write_text("\n".join([*lines[:start], *lines[start + 4 :]]), encoding="utf-8")
    assert load_engagement(path).sale_days == []


def test_a_sale_that_ends_before_it_starts_and_one_without_a_name_are_refused(edited):
    """Both at once, each with its line."""
    path = edited(
        ("start: 2025-06-13, end: 2025-06-18", "start: 2025-06-13, end: 2025-06-08"),
        ("2025-11-11, name: {en: November sale, zh-Hant-HK: 十一月大減價}}", "2025-11-11}"),
    )  # fmt: skip
    with pytest.raises(ConfigError) as caught:
        load_engagement(path)
    said = [str(problem) for problem in caught.value.problems]
    assert any("end 2025-06-08 must not be before start 2025-06-13" in line for line in said)
    assert any("sale_days" in line and "name" in line for line in said)
    assert all("engagement.yml, line " in line for line in said)
