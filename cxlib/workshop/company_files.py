"""What lies beside a company's data: engagement.yml, the form and the learners' page."""

from pathlib import Path
from string import Template
from typing import Final

from cxlib.workshop.form_file import form_text
from cxlib.workshop.truth_terms import Terms

_TEMPLATE: Final = Path(__file__).with_name("company_engagement.yml")


def engagement_text(*, name: tuple[str, str], terms: Terms) -> str:
    """Write the engagement file of a company: nothing in it depends on the truth."""
    stake = terms.test
    return Template(_TEMPLATE.read_text(encoding="utf-8")).substitute(
        name_en=name[0],
        name_zh=name[1],
        goal_rise=terms.goal_rise,
        break_even=round(stake.break_even, 4),
        enquiries_per_year=stake.enquiries_per_month * 12,
        margin=round(stake.margin_hkd),
        cost_per_year=round(stake.cost_per_month_hkd * 12),
    )


def write_files(folder: Path, *, name: tuple[str, str], terms: Terms, code: str) -> None:
    """Write what learners get beside the tables (UTF-8, LF)."""
    text = engagement_text(name=name, terms=terms)
    (folder / "engagement.yml").write_bytes(text.encode())
    brand = Path(__file__).with_name("company_brand.yml").read_bytes()
    (folder / "_brand.yml").write_bytes(brand)
    (folder / "form.csv").write_bytes(form_text(terms=terms, code=code).encode())
