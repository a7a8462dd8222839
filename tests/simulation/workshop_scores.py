"""Count over many drawn companies what each kind of analyst scores on the workshop's form.

python tests/simulation/workshop_scores.py [companies] [--write]   200 companies, 3 minutes

honest   our estimators, their intervals and the decision of most expected money
third    the same estimates, intervals a third as wide        triple   three times as wide
ship     honest, but always says "ship"               last     copies another company's form
extend   honest, but always says "extend"                      infinite limits nobody can miss
"""

import json
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from cxlib.workshop.company import make_company, open_company
from cxlib.workshop.form import Answer, Form
from cxlib.workshop.score_analyst import read_company
from cxlib.workshop.score_points import score_form

REFERENCE = Path(__file__).resolve().parents[1] / "reference" / "workshop_scores.json"
SEED = 3_000


def scaled(answers, factor):
    """Stretch every interval about its estimate."""
    return {
        key: replace(
            a,
            lower=a.value - factor * (a.value - a.lower),
            upper=a.value + factor * (a.upper - a.value),
        )
        if a.has_interval
        else a
        for key, a in answers.items()
    }


def analysts(honest, last):
    """Every kind of analyst's answers, made from the honest ones."""
    wait = Answer(words=("extend",))
    return {
        "honest": honest,
        "third": scaled(honest, 1 / 3),
        "triple": scaled(honest, 3),
        "infinite": scaled(honest, 1e6),
        "ship": honest | {"ab_decision": Answer(words=("ship",))},
        "extend": honest | {"ab_decision": wait, "initiative_decision": wait},
        "last": last,
    }


def points_of(answers, truth, reading):
    return score_form(Form(file="form.csv", answers=answers), truth, reading).points


def simulate(companies, difficulty="usual", seed=SEED):
    """Score every analyst on every company; rows are companies."""
    rows = []
    last = None
    with tempfile.TemporaryDirectory() as folder:
        for k in range(companies + 1):
            place = Path(folder) / str(k)
            truth = make_company(place, seed=seed + k, difficulty=difficulty)
            reading = read_company(open_company(place), truth.terms)
            if last is not None:
                kinds = analysts(reading.answers, last)
                rows.append({n: points_of(a, truth, reading) for n, a in kinds.items()})
            last = reading.answers
    return rows


def summary(rows):
    """Mean points per analyst, and by how many standard errors the honest one is ahead."""
    found = {}
    honest = np.array([row["honest"] for row in rows])
    for name in rows[0]:
        points = np.array([row[name] for row in rows])
        ahead = honest - points
        error = float(ahead.std(ddof=1) / np.sqrt(len(rows)))
        found[name] = {
            "points": round(float(points.mean()), 2),
            "ahead": round(float(ahead.mean()), 2),
            "standard_error": round(error, 3),
        }
    return found


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:] if word.isdigit()]
    count = numbers[0] if numbers else 200
    result = {
        "command": f"python tests/simulation/workshop_scores.py {count} --write",
        "companies": count,
        "seed": SEED,
        "usual": summary(simulate(count)),
    }
    if "--write" in sys.argv:
        REFERENCE.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(json.dumps(result, indent=1) + "\n")
