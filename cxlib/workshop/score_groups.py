"""Which truth a form belongs to, and what it scores."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cxlib.errors import InputError
from cxlib.workshop.company import make_company, open_company
from cxlib.workshop.form import Form
from cxlib.workshop.score_analyst import Reading, read_company
from cxlib.workshop.score_points import Score, score_form
from cxlib.workshop.truth import Truth


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One group: its form, and, where its company is known, truth, analyst and score."""

    form: Form
    truth: Truth | None = None
    reading: Reading | None = None
    score: Score | None = None


def judge_forms(forms: Sequence[Form], truths: Mapping[str, Truth]) -> tuple[Judged, ...]:
    """Find each form's company and judge it; the best group comes first."""
    readings: dict[str, Reading] = {}
    judged = []
    for form in forms:
        truth = company_of(form, truths)
        if truth is None:
            judged.append(Judged(form=form))
            continue
        if truth.code not in readings:
            readings[truth.code] = read_again(truth)
        reading = readings[truth.code]
        score = score_form(form, truth, reading)
        judged.append(Judged(form=form, truth=truth, reading=reading, score=score))
    return tuple(sorted(judged, key=lambda each: -each.score.points if each.score else 1e9))


def company_of(form: Form, truths: Mapping[str, Truth]) -> Truth | None:
    """The truth of a form's company: by the code it carries, the folder it lies in, or the only."""
    if len(truths) == 1:
        only = next(iter(truths.values()))
        return only if form.company in {"", only.code} else None
    for name, truth in truths.items():
        if form.company == truth.code or (not form.company and form.folder == name):
            return truth
    return None


def read_again(truth: Truth) -> Reading:
    """Make a truth's company anew and let the perfect analyst read it.

    Raises:
        InputError: Another version of the workbook made it: the data differ.
    """
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "company"
        again = make_company(place, seed=truth.seed, difficulty=truth.difficulty)
        if again.code != truth.code:
            raise InputError(
                f"the company {truth.code or '?'} must come from this version of the workbook, "
                f"which makes {again.code} of its seed; score with the version that made it"
            )
        return read_company(open_company(place), truth.terms)
