"""Recover the sample's planted effects over seeds of its own generator, by every method.

python tests/simulation/causal_sample.py [seeds] [--write]        40 seeds, a minute
"""

import json
import sys
from pathlib import Path

import numpy as np

from cxlib.data.simulate.company import month_starts
from cxlib.data.simulate.panel import draw_panel, expected_enquiries, untreated_conversion
from cxlib.data.simulate.truth import Truth
from cxlib.decisions.baseline import store_months
from cxlib.decisions.initiatives import PickedReview, choose, review_all
from cxlib.decisions.methods import compare_methods
from cxlib.engagement import load_engagement
from cxlib.engagement.ledger import Ledger

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "data_samples" / "harbour_home"
REFERENCE = ROOT / "tests" / "reference" / "causal.json"
COACHING = 0.0


def months_of(seed):
    """Draw the store panel anew, laid out as the notebook does, and the effect planted in it."""
    truth = Truth()
    panel, stores = draw_panel(truth, seed=seed)
    after = np.array([month >= truth.review_start for month in month_starts(truth)])
    seen = expected_enquiries(truth, stores) * np.outer(stores["reply_promise"], after)
    base = float((untreated_conversion(truth, stores) * seen).sum() / seen.sum())
    frame = panel.rename(columns={"month": "period_start"}).assign(n=1)
    for column in ("enquiries", "sales", "csat_n", "csat_mean"):
        frame[f"mean_{column}"] = frame[column].astype(float)
        frame[f"n_{column}"] = frame[column].notna().astype(int)
    frame["period_start"] = frame["period_start"].astype("datetime64[us]")
    flags = stores[["store", "reply_promise", "coaching"]].assign(n=1)
    return store_months(frame, flags), truth.conversion_rel_effect * base


def recovered(seeds):
    """Count how often each method's interval holds what was planted."""
    engagement = load_engagement(SAMPLE)
    ledger = Ledger(SAMPLE / "ledger.json")
    counts = {}
    for seed in seeds:
        months, effect = months_of(seed)
        reviews = review_all(months, engagement=engagement)
        found = compare_methods(choose(reviews), months, engagement=engagement, ledger=ledger)
        pairs = [(e.key, e.estimate, effect) for e in found.effects if e.key != "randomised"]
        pairs += [("coaching", r.effect, COACHING) for r in reviews if isinstance(r, PickedReview)]
        for key, estimate, truth in pairs:
            row = counts.setdefault(key, {"held": 0, "refused": 0, "mean_error": 0.0, "n": 0})
            row["n"] += 1
            if estimate is None:
                row["refused"] += 1
                continue
            row["held"] += int(estimate.ci_lower <= truth <= estimate.ci_upper)
            row["mean_error"] += (estimate.value - truth) / len(seeds)
    return counts


def main():
    n = next((int(each) for each in sys.argv[1:] if each.isdigit()), 40)
    table = recovered(range(1, n + 1))
    for key, row in table.items():
        print(f"{key:14}", row)
    if "--write" in sys.argv:
        kept = json.loads(REFERENCE.read_text(encoding="utf-8"))
        kept["sample"] = {
            "command": f"python tests/simulation/causal_sample.py {n} --write", "found": table,
        }  # fmt: skip
        REFERENCE.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
