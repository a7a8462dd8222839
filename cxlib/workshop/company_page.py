"""The learners' page: what they are told of their company, in both languages."""

from typing import Final

from cxlib.report.catalogue import CODES, message
from cxlib.workshop.truth_terms import Stake, Terms

_YEARS: Final = {"before": 2025, "after": 2026}
_TOLD: Final = ("periods", "goal", "test", "initiative", "coaching", "prior")
_TO_DO: Final = ("open", "form", "score")


def page_text(*, name: tuple[str, str], terms: Terms, tables: tuple[str, ...]) -> str:
    """Write README.md: nothing in it depends on the truth."""
    pages = [
        _page(language, name=name[k], terms=terms, tables=tables)
        for k, language in enumerate(CODES)
    ]
    return "\n\n---\n\n".join(pages) + "\n"


def _page(language: str, *, name: str, terms: Terms, tables: tuple[str, ...]) -> str:
    def say(key: str, **values: object) -> str:
        return message(f"company.page.{key}", language).format(**values)

    facts: dict[str, dict[str, object]] = {
        "periods": dict(_YEARS),
        "goal": {"rise": terms.goal_rise, "answers": f"{terms.goal_answers:,}"},
        "test": _money(terms.test),
        "initiative": _money(terms.initiative),
    }
    told = [f"- {say(key, **facts.get(key, {}))}" for key in _TOLD]
    to_do = [f"{k}. {say(key)}" for k, key in enumerate(_TO_DO, start=1)]
    rows = [
        f"- {say('table', file=f'`data/{table}.csv`', holds=say(f'table.{table}'))}"
        for table in tables
    ]
    return "\n".join(
        [
            f"# {say('title', name=name)}", "", say("who", name=name), "",
            f"## {say('know')}", "", *told, "", f"## {say('do')}", "", *to_do, "",
            f"## {say('tables')}", "", *rows,
        ]
    )  # fmt: skip


def _money(stake: Stake) -> dict[str, object]:
    return {
        "enquiries": f"{stake.enquiries_per_month:,}",
        "cost": f"{stake.cost_per_month_hkd:,.0f}",
        "margin": f"{stake.margin_hkd:,.0f}",
        "wait": stake.wait_months,
        "wait_cost": f"{stake.wait_cost_hkd:,.0f}",
        "months": stake.horizon_months,
    }
