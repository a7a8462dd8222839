"""What lies beside a company's data: engagement.yml, the form and the learners' page."""

from pathlib import Path
from string import Template
from typing import Final

from cxlib.workshop.company_page import page_text
from cxlib.workshop.form_file import form_text
from cxlib.workshop.truth_terms import Terms

_HERE: Final = Path(__file__).parent


def engagement_text(*, name: tuple[str, str], terms: Terms) -> str:
    """Write the engagement file of a company: nothing in it depends on the truth."""
    stake = terms.test
    template = Template((_HERE / "company_engagement.yml").read_text(encoding="utf-8"))
    return template.substitute(
        name_en=name[0],
        name_zh=name[1],
        goal_rise=terms.goal_rise,
        break_even=round(stake.break_even, 4),
        enquiries_per_year=stake.enquiries_per_month * 12,
        margin=round(stake.margin_hkd),
        cost_per_year=round(stake.cost_per_month_hkd * 12),
    )


def write_files(
    folder: Path, *, name: tuple[str, str], terms: Terms, code: str, tables: tuple[str, ...]
) -> None:
    """Write what learners get beside the tables (UTF-8, LF).

    Args:
        folder: Of the company.
        name: Of the company, English and Chinese.
        terms: What the groups are told.
        code: Of the company, for its form.
        tables: Names of the tables, for the page.
    """
    texts = {
        "engagement.yml": engagement_text(name=name, terms=terms),
        "_brand.yml": (_HERE / "company_brand.yml").read_text(encoding="utf-8"),
        "form.csv": form_text(terms=terms, code=code),
        "README.md": page_text(name=name, terms=terms, tables=tables),
    }
    for file, text in texts.items():
        (folder / file).write_bytes(text.encode())
