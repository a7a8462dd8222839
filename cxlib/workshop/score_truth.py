"""The truth of a company in plain words, for the end of the workshop."""

from collections.abc import Iterator

from cxlib.report.catalogue import message
from cxlib.workshop.form_rows import ROW, choice_label, touchpoint_names
from cxlib.workshop.truth import Truth
from cxlib.workshop.truth_terms import Stake


def truth_lines(truth: Truth, language: str) -> list[str]:
    """Say what was planted and what followed from it, one sentence a thing.

    Args:
        truth: Of one company.
        language: "en" or "zh-Hant-HK".
    """
    return [
        message(f"company.truth.{key}", language).format(**values)
        for key, values in _facts(truth, language)
    ]


def _facts(truth: Truth, language: str) -> Iterator[tuple[str, dict[str, object]]]:
    names = touchpoint_names()
    joiner = message("company.truth.joiner", language)
    yield "seed", {"seed": truth.seed, "difficulty": _difficulty(truth, language)}
    yield (
        "nps",
        {
            "nps": _points(truth.nps), "baseline": _points(truth.nps_baseline),
            "everyone": _points(truth.nps_everyone),
        },
    )  # fmt: skip
    worst = [names[name][language] for name in truth.pain_points]
    yield "pain", {"names": joiner.join(worst)}
    peaks = [names[name][language] for name in truth.peaks]
    yield "peaks", {"names": joiner.join(peaks)}
    driver = f"driver_{truth.top_driver}"
    yield "driver", {"name": choice_label(ROW["top_driver"], driver, language)}
    seen = "goal_seen" if truth.goal_visible else "goal_unseen"
    yield (
        seen,
        {
            "rise": truth.terms.goal_rise, "needed": f"{truth.goal_n:,}",
            "planned": f"{truth.terms.goal_answers:,}",
        },
    )  # fmt: skip
    yield (
        "reversal",
        {
            "rate": _points(truth.rate_points), "mix": _points(truth.mix_points),
            "total": _points(truth.nps_change),
        },
    )  # fmt: skip
    yield (
        "shift",
        {
            "date": truth.shift_start.isoformat(), "size": _pp(truth.shift_size),
            "shifted": message("company.truth.series.positive_mentions", language),
            "steady": message("company.truth.series.repurchase_90d", language),
        },
    )  # fmt: skip
    for name, effect, stake in (
        ("ab", truth.ab_effect, truth.terms.test),
        ("initiative", truth.initiative_effect, truth.terms.initiative),
    ):
        yield (f"{name}_real" if effect else f"{name}_none"), _money(effect, stake)
    if truth.ab_broken:
        yield "broken", {}
    yield "coaching", {}


def _money(effect: float, stake: Stake) -> dict[str, object]:
    return {
        "effect": _pp(effect),
        "break_even": _pp(stake.break_even),
        "months": stake.horizon_months,
        "net": money_text(stake.horizon_months * stake.net_per_month(effect)),
    }


def money_text(hkd: float) -> str:
    """HK$ to the thousand, as the page prints it."""
    return f"{round(hkd, -3):,.0f}".replace("-", "−")


def _difficulty(truth: Truth, language: str) -> str:
    return message(f"company.difficulty.{truth.difficulty}", language)


def _points(value: float) -> str:
    return f"{value:.1f}".replace("-", "−")


def _pp(value: float) -> str:
    return f"{100 * value:.2f}".replace("-", "−")
