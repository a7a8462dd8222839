"""The theme of the default brand, and made-up results of a 14-touchpoint journey."""

import xml.etree.ElementTree as ET
from math import sqrt

import pytest

from cxlib.report.brand import Brand
from cxlib.report.figures import IntervalItem, JourneyPoint, theme_from
from cxlib.report.fonts import report_fonts
from cxlib.stats.estimate import Estimate

STAGES = (
    ("Awareness", "認知"),
    ("Consideration", "考慮"),
    ("Purchase", "購買"),
    ("Use", "使用"),
    ("Advocacy", "擁護"),
)
TOUCHPOINTS = (
    ("Social media advertisement", "社交媒體廣告", 0, 3.9, 412, "none"),
    ("Search and comparison sites", "搜尋及格價網站", 0, 3.95, 388, "none"),
    ("Website browsing", "網站瀏覽", 1, 4.0, 1203, "none"),
    ("Store visit", "親臨門市", 1, 4.1, 1540, "none"),
    ("Enquiry chat", "查詢對話", 1, 3.2, 986, "pain"),
    ("Design consultation", "設計諮詢", 1, 4.6, 655, "peak"),
    ("Store checkout", "門市付款", 2, 4.05, 1322, "none"),
    ("Online checkout", "網上付款", 2, 3.95, 701, "none"),
    ("Delivery booking", "預約送貨", 2, 3.4, 842, "pain"),
    ("Delivery", "送貨上門", 3, 3.9, 1110, "none"),
    ("Assembly", "安裝服務", 3, 4.5, 960, "peak"),
    ("After-sales service", "售後服務（維修及退換）", 3, 3.3, 733, "pain"),
    ("Loyalty app", "會員應用程式", 4, None, 18, "none"),
    ("Referral and review", "推薦與評價", 4, 4.0, 240, "none"),
)


@pytest.fixture(scope="session")
def theme():
    return theme_from(Brand(name="Harbour Home"), fonts=report_fonts())


@pytest.fixture(scope="session")
def estimate():
    def make(value, n_obs=400, *, half=None, unit="rating"):
        half = 1.96 / sqrt(n_obs) if half is None else half
        return Estimate(
            value=value,
            ci_lower=value - half,
            ci_upper=value + half,
            n_obs=n_obs,
            unit=unit,
            method="t",
        )

    return make


def _note(n_obs):
    return f"{n_obs:,}" if n_obs >= 30 else "n < 30"


@pytest.fixture(scope="session")
def intervals(estimate):
    def make(language):
        return [
            IntervalItem(
                label=row[language],
                estimate=None if row[3] is None else estimate(row[3], row[4]),
                note=_note(row[4]),
                mark=row[5],
            )
            for row in TOUCHPOINTS
        ]

    return make


@pytest.fixture(scope="session")
def journey(estimate):
    def make(language):
        return [
            JourneyPoint(
                label=row[language],
                stage=STAGES[row[2]][language],
                estimate=None if row[3] is None else estimate(row[3], row[4]),
                note=_note(row[4]),
                mark=row[5],
            )
            for row in TOUCHPOINTS
        ]

    return make


@pytest.fixture(scope="session")
def words():
    """List the lines of text a figure shows, ticks left out."""

    def read(figure):
        return [text.get_text() for text in figure.texts if text.get_text()]

    return read


@pytest.fixture(scope="session")
def parse():
    """Read an SVG this project has written itself."""
    return ET.fromstring
