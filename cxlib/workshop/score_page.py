"""The score page: standings, each group beside the perfect analyst, and the truth at the end."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from cxlib.errors import ReportError
from cxlib.report.catalogue import message
from cxlib.report.fonts import report_fonts
from cxlib.report.html import FONT_MARK, font_faces
from cxlib.workshop.form import Answer
from cxlib.workshop.form_rows import ASKED, Row, choice_label
from cxlib.workshop.score_groups import Judged
from cxlib.workshop.score_points import MOST, Scored, true_number, true_words
from cxlib.workshop.score_truth import money_text, truth_lines
from cxlib.workshop.truth import Truth

_TEMPLATE: Final = Path(__file__).with_name("score_page.html")
_REACH: Final = 8.0
"""Standard errors shown to either side of the truth."""
_LANGUAGE_NAMES: Final = {"en": "English", "zh-Hant-HK": "繁體中文（香港）"}


def score_page(judged: Sequence[Judged], *, languages: Sequence[str]) -> str:
    """Give the page as one self-contained HTML text; everything groups wrote is escaped.

    Args:
        judged: The groups, the best first.
        languages: One after the other on the page.
    """
    parts = [
        {
            "code": language,
            "name": _LANGUAGE_NAMES[language],
            "say": _Words(language),
            "standings": [_standing(place, each) for place, each in enumerate(judged, start=1)],
            "charts": [_chart(row, judged, language) for row in ASKED if row.interval],
            "groups": [_group(place, each, language) for place, each in enumerate(judged, start=1)],
            "truths": _truths(judged, language),
        }
        for language in languages
    ]
    most = {part: f"{points:g}" for part, points in MOST.items()}
    try:
        fonts = report_fonts()
    except ReportError:  # no Chinese face on this computer: the reader's own is used
        return str(_template().render(languages=parts, most=most, family=""))
    page = str(_template().render(languages=parts, most=most, family=fonts.family))
    return page.replace(FONT_MARK, font_faces(page, fonts), 1)


@cache
def _template() -> Any:  # noqa: ANN401 - a template of jinja2
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(_TEMPLATE.read_text(encoding="utf-8"))


@dataclass(frozen=True, slots=True)
class _Words:
    """`say("title")` in a template: the words of the page in one language."""

    language: str

    def __call__(self, key: str, **values: object) -> str:
        return message(f"company.score.{key}", self.language).format(**values)


def _standing(place: int, each: Judged) -> dict[str, Any]:
    score = each.score
    return {
        "place": place,
        "group": each.form.group,
        "company": each.form.company or "–",
        "known": score is not None,
        "points": _plain(score.points) if score else "–",
        "most": f"{score.most:g}" if score else "–",
        "share": max(0.0, min(100.0, 100 * score.points / score.most)) if score else 0.0,
        "regret": money_text(score.regret_hkd) if score else "–",
        "hints": len(each.form.hints),
    }


def _group(place: int, each: Judged, language: str) -> dict[str, Any]:
    rows = []
    if each.score and each.truth and each.reading:
        for row in ASKED:
            parts = each.score.of(row.key)
            rows.append(
                {
                    "title": message(f"company.title.{row.key}", language),
                    "yours": _shown(row, each.form.answers.get(row.key), language),
                    "analyst": _shown(row, each.reading.answers.get(row.key), language),
                    "truth": _true(row, each.truth, language),
                    "points": _plain(sum(part.points for part in parts)),
                    "most": f"{sum(part.most for part in parts):g}",
                    "remarks": list(dict.fromkeys(_remark(part, language) for part in parts)),
                }
            )
    return {
        "place": place,
        "group": each.form.group,
        "name": each.truth.name[language != "en"] if each.truth else "",
        "rows": rows,
        "hints": [hint.text for hint in each.form.hints],
        "file": each.form.file,
        "unmatched": each.score is None and all(hint.row for hint in each.form.hints),
    }


def _plain(points: float) -> str:
    return f"{points:.1f}".replace("-", "−")


def _remark(part: Scored, language: str) -> str:
    text = message(f"company.remark.{part.remark}", language)
    if part.part != "money" or part.regret_hkd <= 0:
        return text
    lost = message("company.remark.lost", language)
    return lost.format(remark=text, regret=money_text(part.regret_hkd))


def number_text(row: Row, value: float, language: str) -> str:
    """A number of the form with its unit, in a language."""
    digits = {"points": 1, "pp": 2, "rating": 2, "percent": 0, "answers": 0}.get(row.unit, 1)
    shown = f"{value:,.{digits}f}".replace("-", "−")
    return message(f"company.unit.{row.unit}", language).format(value=shown)


def _shown(row: Row, answer: Answer | None, language: str) -> str:
    if answer is None:
        return "–"
    if answer.words:
        joiner = message("company.form.joiner", language)
        return joiner.join(choice_label(row, word, language) for word in answer.words)
    value = number_text(row, answer.value, language)
    if not answer.has_interval:
        return value
    return message("company.score.interval", language).format(
        value=value,
        lower=number_text(row, answer.lower, language),
        upper=number_text(row, answer.upper, language),
    )


def _true(row: Row, truth: Truth, language: str) -> str:
    if row.kind in {"number", "count"}:
        return number_text(row, true_number(truth, row.key), language)
    if row.kind == "percent":
        real = true_number(truth, row.key) > 0
        return message(f"company.score.{'real' if real else 'no_effect'}", language)
    joiner = message("company.form.joiner", language)
    return joiner.join(choice_label(row, word, language) for word in true_words(truth, row.key))


def _chart(row: Row, judged: Sequence[Judged], language: str) -> dict[str, Any]:
    """Each group's interval as distance from its truth, in standard errors the data allow."""
    lines = []
    for each in judged:
        answer = each.form.answers.get(row.key)
        if answer is None or each.truth is None or each.reading is None:
            continue
        if row.key not in each.reading.answers:
            continue
        true, error = true_number(each.truth, row.key), each.reading.errors[row.key]
        ends = (answer.lower, answer.upper) if answer.has_interval else (answer.value,) * 2
        near, far = (_place((end - true) / error) for end in ends)
        lines.append(
            {
                "group": each.form.group,
                "value": _place((answer.value - true) / error),
                "lower": near,
                "width": max(far - near, 0.0),
                "covers": ends[0] <= true <= ends[1],
                "shown": _shown(row, answer, language),
            }
        )
    half = 97 * 1.96 / (2 * _REACH)
    return {
        "title": message(f"company.title.{row.key}", language),
        "lines": lines,
        "honest": (50 - half, 2 * half),
    }


def _place(errors: float) -> float:
    """Where a distance stands on the chart, percent of its width."""
    return 50 + 48.5 * max(-_REACH, min(_REACH, errors)) / _REACH


def _truths(judged: Sequence[Judged], language: str) -> list[dict[str, Any]]:
    known = {each.truth.code: each.truth for each in judged if each.truth}
    return [
        {
            "code": code,
            "name": truth.name[language != "en"],
            "lines": truth_lines(truth, language),
        }
        for code, truth in known.items()
    ]
