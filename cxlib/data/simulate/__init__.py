"""Generate the sample engagement: the tables of one company from a seed and its planted truth.

    from cxlib.data.simulate import Truth, simulate
    tables = simulate(Truth(conversion_rel_effect=0.0), seed=7)

`python -m cxlib.data.simulate data_samples/harbour_home` rebuilds the committed sample.
"""

from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Final

import pandas as pd

from cxlib.data.simulate.commerce import draw_cases, draw_events, draw_orders
from cxlib.data.simulate.company import as_text, draw_customers, visible
from cxlib.data.simulate.complaints import COMPLAINT_THEMES
from cxlib.data.simulate.derived import true_values
from cxlib.data.simulate.difficulty import draw_difficulty
from cxlib.data.simulate.experiment import draw_ab_test
from cxlib.data.simulate.followups import draw_followups
from cxlib.data.simulate.history import draw_history
from cxlib.data.simulate.mentions import draw_codes, draw_mentions
from cxlib.data.simulate.overall import draw_overall
from cxlib.data.simulate.panel import draw_costs, draw_panel
from cxlib.data.simulate.people import draw_employees, draw_maturity
from cxlib.data.simulate.survey import draw_answers, draw_experiences, draw_responses
from cxlib.data.simulate.teaching import TEACHING, describe_teaching, draw_teaching
from cxlib.data.simulate.text import draw_comments, planted_identifiers
from cxlib.data.simulate.truth import Touchpoint, Truth

__all__ = ["SEED", "Touchpoint", "Truth", "describe_truth", "simulate", "write_sample"]

SEED: Final = 20260701
"""The seed of the committed sample."""


def _draw(truth: Truth, seed: int) -> dict[str, pd.DataFrame]:
    """Draw every table with its hidden columns."""
    panel, stores = draw_panel(truth, seed=seed)
    customers = draw_customers(truth, stores, seed=seed)
    responses = draw_responses(
        truth, draw_experiences(truth, customers, stores, seed=seed), seed=seed
    )
    answers = draw_answers(truth, responses, seed=seed)
    start = str(truth.baseline_start)
    committed = answers[answers["_sent"] >= pd.Timestamp(truth.baseline_start)]
    committed = committed.reset_index(drop=True)
    earlier = answers[answers["answered_at"] < start]
    committed.insert(0, "answer_id", [f"A{k}" for k in range(10_001, 10_001 + len(committed))])
    committed["comment"] = draw_comments(truth, committed, seed=seed)
    sent = responses[responses["_sent"] >= pd.Timestamp(truth.baseline_start)]
    invitations = sent.reset_index(drop=True)
    invitations.insert(6, "sent_at", as_text(invitations["_sent"]))
    orders = draw_orders(truth, customers, stores, seed=seed)
    mentions = draw_mentions(truth, seed=seed)
    history = draw_history(
        truth,
        answers=pd.concat([earlier, committed]),
        panel=panel,
        orders=orders,
        mentions=mentions,
    )
    return {
        "answers": committed,
        "invitations": invitations,
        "customers": customers,
        "stores": stores,
        "orders": orders,
        "cases": draw_cases(truth, customers, stores, seed=seed),
        "events": draw_events(truth, seed=seed),
        "mentions": mentions,
        "mention_codes": draw_codes(truth, mentions, seed=seed),
        "ab_test": pd.concat(
            [draw_ab_test(truth, seed=seed), *(draw_teaching(t, seed=seed) for t in TEACHING)],
            ignore_index=True,
        ),
        "kpi_history": history,
        "store_panel": panel,
        "costs": draw_costs(truth),
        "maturity": draw_maturity(truth, seed=seed),
        "difficulty": draw_difficulty(truth, seed=seed),
        "employees": draw_employees(truth, stores, seed=seed),
        "overall": draw_overall(truth, committed, seed=seed),
        "followups": draw_followups(truth, committed, seed=seed),
    }


def simulate(truth: Truth | None = None, *, seed: int = SEED) -> dict[str, pd.DataFrame]:
    """Generate the tables of the sample engagement.

    Args:
        truth: The planted effects; the defaults are those of the committed sample.
        seed: Any non-negative integer; the same seed gives the same tables.

    Returns:
        One frame a table, named and with columns as in data_samples/README.md; moments are text
        (ISO, Hong Kong time), whole-number columns with gaps are Int64.
    """
    drawn = _draw(truth or Truth(), seed)
    return {name: visible(frame) for name, frame in drawn.items()}


def _plain(value: object) -> object:
    """Turn dates and tuples into what JSON can hold."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _describe(truth: Truth, drawn: dict[str, pd.DataFrame], seed: int) -> dict[str, object]:
    stores, answers = drawn["stores"], drawn["answers"]
    flagged = {
        name: stores.loc[stores[name] == 1, "store"].tolist()
        for name in ("reply_promise", "coaching")
    }
    invited = drawn["invitations"][["invitation_id", "sent_at"]]
    joined = answers[["invitation_id", "answered_at"]].merge(invited, on="invitation_id")
    wait = pd.to_datetime(joined["answered_at"]) - pd.to_datetime(joined["sent_at"])
    found = {kind: len(values) for kind, values in planted_identifiers(truth).items()}
    return {
        "seed": seed,
        "command": "python -m cxlib.data.simulate data_samples/harbour_home",
        "planted": _plain(asdict(truth)),
        "derived": _plain(true_values(truth, stores)),
        "complaint_themes": _plain(COMPLAINT_THEMES),
        "teaching_tests": _plain(describe_teaching()),
        "drawn": {
            "rows": {name: len(frame) for name, frame in drawn.items()},
            "stores": flagged,
            "late_answers": int((wait > pd.Timedelta(days=14)).sum()),
            "comments": int(answers["comment"].notna().sum()),
            "planted_identifiers": found,
            "identifiers": _plain(planted_identifiers(truth)),
        },
    }


def describe_truth(truth: Truth | None = None, *, seed: int = SEED) -> dict[str, object]:
    """Describe what is planted, what follows from it and what was drawn (truth.json)."""
    known = truth or Truth()
    return _describe(known, _draw(known, seed), seed)


def write_sample(folder: Path, *, truth: Truth | None = None, seed: int = SEED) -> None:
    """Write data/<table>.csv (UTF-8, LF) and truth.json: the same bytes for the same seed."""
    import json

    known = truth or Truth()
    drawn = _draw(known, seed)
    (folder / "data").mkdir(parents=True, exist_ok=True)
    for name, frame in drawn.items():
        text = visible(frame).to_csv(index=False, lineterminator="\n")
        (folder / "data" / f"{name}.csv").write_bytes(text.encode())
    described = json.dumps(_describe(known, drawn, seed), ensure_ascii=False, indent=1)
    (folder / "truth.json").write_bytes((described + "\n").encode())
