"""Every question cxlib.data asks of a table, on the sample: one list for every engine.

A case takes the open tables, a mapping of name to Source, and gives what the library's function
gives. `same` compares two such answers: frames, arrays, mappings, dataclasses, numbers.
"""

import dataclasses
import datetime as dt
import inspect
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

import numpy as np
import pandas as pd

from cxlib.data import (
    cell_pairs,
    closed_loop,
    clusters,
    cohorts,
    comments,
    contacts,
    employees,
    experiments,
    exposure,
    followups,
    joins,
    lapses,
    mention_labels,
    moments,
    order_histories,
    products,
    purchases,
    summaries,
    texts,
    visits,
    volumes,
)
from cxlib.data.tables import DRIVERS

START, CUT, END = dt.date(2025, 7, 1), dt.date(2026, 1, 1), dt.date(2026, 7, 1)
DAYS = {"start": START, "end": CUT}
YEAR = {"start": START, "end": END}
SAID = {"date": "answered_at", **YEAR}
STEPS = ("visit", "product", "checkout", "purchase")
TEST = experiments.Scope(
    date="assigned_at",
    start=dt.date(2026, 3, 2),
    end=dt.date(2026, 4, 27),
    equals={"experiment": "enquiry_reply"},
)
RTOL = 1e-9


def _loop(t, kind):
    return closed_loop.Loop(
        answers=t["answers"], follow=t[kind], kind=kind, score="csat", cut=2,
        start=CUT, end=END, seen=END, contact_days=2, close_days=14,
    )  # fmt: skip


CASES = {
    "summaries.score_counts": lambda t: summaries.score_counts(
        t["answers"], score="nps", by=["touchpoint", "store"], cadence="month", **SAID
    ),
    "summaries.score_counts by week": lambda t: summaries.score_counts(
        t["answers"], score="csat", cadence="week", equals={"channel": "online"}, **SAID
    ),
    "summaries.score_counts by quarter": lambda t: summaries.score_counts(
        t["answers"], score="ces", by=["segment"], cadence="quarter", date="answered_at"
    ),
    "summaries.flag_counts": lambda t: summaries.flag_counts(
        t["invitations"],
        flags=["delivered", "opened", "started", "completed"],
        by=["segment", "channel"],
        date="sent_at",
        **YEAR,
    ),
    "summaries.period_counts": lambda t: summaries.period_counts(
        t["orders"], date="ordered_at", cadence="day", by=["channel"]
    ),
    "summaries.distinct_customers": lambda t: summaries.distinct_customers(
        t["answers"], by=["touchpoint"], **SAID
    ),
    "summaries.group_moments": lambda t: summaries.group_moments(
        t["answers"], columns=["nps", "csat", "ces", "driver_speed"], by=["store"], **SAID
    ),
    "summaries.ratio_moments": lambda t: summaries.ratio_moments(
        t["store_panel"], numerator="sales", denominator="enquiries", by=["treated"]
    ),
    "summaries.clustered_moments": lambda t: summaries.clustered_moments(
        t["answers"], columns=["nps"], coding="nps", by=["touchpoint"], **SAID
    ),
    "cell_pairs.cell_pairs": lambda t: cell_pairs.cell_pairs(
        t["answers"], score="nps", by=["touchpoint"], coding="nps", alone="answer_id", **SAID
    ),
    "cell_pairs.cell_pairs of two waves": lambda t: cell_pairs.cell_pairs(
        t["answers"],
        score=["csat", "ces"],
        by=["period", "channel", "item"],
        alone="answer_id",
        date="answered_at",
        spans={"2025H2": (START, CUT), "2026H1": (CUT, END)},
    ),
    "clusters.flag_sums": lambda t: clusters.flag_sums(
        t["orders"],
        flags=["on_time", "returned"],
        cluster="customer_id",
        date="ordered_at",
        **YEAR,
    ),
    "clusters.paired_sums": lambda t: clusters.paired_sums(
        t["answers"],
        after="csat",
        before="expectation",
        cluster="customer_id",
        by="touchpoint",
        **SAID,
    ),
    "clusters.date_span": lambda t: clusters.date_span(t["orders"], "ordered_at"),
    "cohorts.repeat_times": lambda t: cohorts.repeat_times(
        t["orders"], within_days=90, seen=END, customers=t["customers"], **DAYS
    ),
    "comments.scored_comments": lambda t: comments.scored_comments(t["answers"], **SAID),
    "comments.scored_comments drawn": lambda t: comments.scored_comments(
        t["answers"], at_most=500, seed=3, **SAID
    ),
    "contacts.issue_sums": lambda t: contacts.issue_sums(
        t["cases"], window_days=7, seen=END, **YEAR
    ),
    "contacts.unlinked_cases": lambda t: contacts.unlinked_cases(t["cases"], **YEAR),
    "contacts.handling_sums": lambda t: contacts.handling_sums(t["cases"], by="channel", **YEAR),
    "contacts.recorded_parts": lambda t: contacts.recorded_parts(t["cases"]),
    "contacts.reply_counts": lambda t: contacts.reply_counts(
        t["cases"], seen=END, by="channel", **YEAR
    ),
    "contacts.promise_sums": lambda t: contacts.promise_sums(
        t["cases"], promise_minutes=15, seen=END, by="channel", **YEAR
    ),
    "contacts.complaint_sums": lambda t: contacts.complaint_sums(
        t["cases"], t["orders"], leave_out=["enquiry"], pool_up_to=20, **YEAR
    ),
    "employees.staff_counts": lambda t: employees.staff_counts(t["employees"]),
    "experiments.aggregate": lambda t: experiments.aggregate(
        t["ab_test"],
        arm="arm",
        measures=[("converted",), ("amount_hkd",), ("csat",), ("amount_hkd", "pre_orders")],
        covariates=["pre_amount_hkd"],
        segments=["segment"],
        caps={"amount_hkd": 9000.0},
        scope=TEST,
    ),
    "experiments.aggregate daily": lambda t: experiments.aggregate(
        t["ab_test"], arm="arm", measures=[("converted",)], scope=TEST, daily=True
    ),
    "exposure.exposure": lambda t: exposure.exposure(
        t["ab_test"], unit="unit_id", arm="arm", scope=TEST
    ),
    "exposure.value_counts": lambda t: exposure.value_counts(
        t["ab_test"], column="csat", arm="arm", by=["segment"], scope=TEST
    ),
    "exposure.without_unclear": lambda t: summaries.group_moments(
        exposure.without_unclear(t["ab_test"], unit="unit_id", arm="arm", scope=TEST),
        columns=["amount_hkd"],
        by=["arm"],
    ),
    "exposure.waiting_counts": lambda t: exposure.waiting_counts(
        t["ab_test"], time="pre_orders", event="converted", arm="arm", scope=TEST
    ),
    "exposure.cluster_sums": lambda t: exposure.cluster_sums(
        t["ab_test"],
        cluster="unit_id",
        arm="arm",
        measures=[("converted",), ("amount_hkd", "pre_orders")],
        scope=TEST,
    ),
    "exposure.cap_of": lambda t: exposure.cap_of(
        t["ab_test"], column="amount_hkd", quantile=0.99, scope=TEST
    ),
    "followups.score_followups": lambda t: followups.score_followups(
        t["answers"], t["orders"], score="nps", within_days=90, seen=END, **DAYS
    ),
    "joins.key_counts": lambda t: joins.key_counts(t["customers"]),
    "joins.match_counts": lambda t: joins.match_counts(
        t["orders"], t["customers"], date="ordered_at", **YEAR
    ),
    "joins.coverage_counts": lambda t: joins.coverage_counts(
        t["customers"],
        {"answers": (t["answers"], "answered_at"), "orders": (t["orders"], "ordered_at")},
        by="segment",
        **YEAR,
    ),
    "joins.matched_score_sums": lambda t: joins.matched_score_sums(
        t["answers"], t["customers"], score="nps", **SAID
    ),
    "joins.rfm_cells": lambda t: joins.rfm_cells(t["orders"], end=END),
    "joins.cell_scores": lambda t: joins.cell_scores(
        t["orders"], t["answers"], score="nps", **SAID
    ),
    "lapses.lapse_cells": lambda t: lapses.lapse_cells(
        t["orders"], cut=CUT, window=180, answers=t["answers"], cases=t["cases"]
    ),
    "mention_labels.label_counts": lambda t: mention_labels.label_counts(
        t["mentions"], date="posted_on", by=["source"], cadence="month", **YEAR
    ),
    "mention_labels.coded_labels": lambda t: mention_labels.coded_labels(
        t["mentions"], t["mention_codes"], date="posted_on", **YEAR
    ),
    "moments.moment_products": lambda t: moments.moment_products(
        t["answers"], t["overall"], **YEAR
    ),
    "order_histories.value_sums": lambda t: order_histories.value_sums(
        t["orders"], horizons=[90, 180], seen=END, by_quarter=True, customers=t["customers"]
    ),
    "order_histories.history_counts": lambda t: order_histories.history_counts(
        t["orders"], until=CUT, seen=END
    ),
    "order_histories.spend_counts": lambda t: order_histories.spend_counts(t["orders"], until=CUT),
    "order_histories.margin_sums": lambda t: order_histories.margin_sums(t["orders"], **YEAR),
    "products.driver_products": lambda t: products.driver_products(
        t["answers"], outcome="nps", drivers=DRIVERS, **SAID
    ),
    "products.driver_products in ranks": lambda t: products.driver_products(
        t["answers"], outcome="csat", drivers=DRIVERS, coding="rank", **SAID
    ),
    "products.driver_products low and high": lambda t: products.driver_products(
        t["answers"], outcome="csat", drivers=DRIVERS, coding="low_high", **SAID
    ),
    "purchases.first_order_counts": lambda t: purchases.first_order_counts(
        t["orders"],
        within_days=90,
        seen=END,
        cadence="quarter",
        customers=t["customers"],
        **YEAR,
    ),
    "purchases.activity_counts": lambda t: purchases.activity_counts(
        t["orders"], active_days=180, **DAYS
    ),
    "purchases.revenue_sums": lambda t: purchases.revenue_sums(
        t["orders"], active_days=180, **DAYS
    ),
    "texts.count_texts": lambda t: texts.count_texts(
        t["mentions"], text="text", date="posted_on", **YEAR
    ),
    "texts.text_batches": lambda t: list(
        texts.text_batches(
            t["mentions"],
            text="text",
            row_id="mention_id",
            date="posted_on",
            columns=["source"],
            size=1000,
            **YEAR,
        )
    ),
    "visits.funnel_counts": lambda t: visits.funnel_counts(
        t["events"], steps=STEPS, window_days=7, seen=END, **YEAR
    ),
    "visits.bounce_counts": lambda t: visits.bounce_counts(
        t["events"], entry="visit", window_days=7, seen=END, **YEAR
    ),
    "visits.load_counts": lambda t: visits.load_counts(t["events"], **YEAR),
    "visits.load_sums": lambda t: visits.load_sums(t["events"], limits_ms=[3000], **YEAR),
    "volumes.fault_counts": lambda t: volumes.fault_counts(
        t["cases"], t["orders"], cadence="week", **YEAR
    ),
    "volumes.mention_counts": lambda t: volumes.mention_counts(
        t["mentions"], starred="reviews", **YEAR
    ),
    "volumes.order_counts": lambda t: volumes.order_counts(t["orders"], cadence="month", **YEAR),
    **{
        f"closed_loop.{question} of {kind}": lambda t, question=question, kind=kind: getattr(
            closed_loop, question
        )(_loop(t, kind))
        for question in ("loop_sums", "reason_counts", "wait_counts", "impossible_followups",
                         "next_score_sums")
        for kind in ("followups", "cases")
    },
}  # fmt: skip

PARTS = {
    "clusters.cluster_sums", "purchases.with_sure", "query.build_query", "query.find_shifts",
}  # fmt: skip
"""Parts of several questions: every case above that needs them asks through them."""


def questions():
    """Name every public function of cxlib.data that takes a Source or a Loop."""
    import cxlib.data

    found = set()
    for path in sorted(Path(cxlib.data.__file__).parent.glob("*.py")):
        module = import_module(f"cxlib.data.{path.stem}")
        for name, function in vars(module).items():
            if name.startswith("_") or not inspect.isfunction(function):
                continue
            kinds = [str(p.annotation) for p in inspect.signature(function).parameters.values()]
            mine = function.__module__ == module.__name__
            if mine and any("Source" in kind or "Loop" in kind for kind in kinds):
                found.add(f"{path.stem}.{name}")
    return found


def same(found, expected):
    """Assert that two answers are the same to nine digits."""
    if isinstance(expected, pd.Series):
        found, expected = found.to_frame(), expected.to_frame()
    if isinstance(expected, pd.DataFrame):
        assert list(found.columns) == list(expected.columns)
        pd.testing.assert_frame_equal(
            _plain(found), _plain(expected), check_dtype=False, rtol=RTOL, atol=RTOL
        )
    elif dataclasses.is_dataclass(expected):
        for part in dataclasses.fields(expected):
            same(getattr(found, part.name), getattr(expected, part.name))
    elif isinstance(expected, Mapping):
        assert list(found) == list(expected)
        same(list(found.values()), list(expected.values()))
    elif isinstance(expected, list | tuple):
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            same(one, other)
    elif isinstance(expected, np.ndarray | float):
        np.testing.assert_allclose(found, expected, rtol=RTOL, atol=RTOL)
    else:
        assert found == expected


def _plain(frame):
    """Spell an absent cell, a text and a number in one way, whichever engine gave them."""
    columns = {}
    for name, column in frame.items():
        if pd.api.types.is_numeric_dtype(column):
            columns[name] = column.astype("float64")
        elif column.dtype == object or isinstance(column.dtype, pd.StringDtype):
            columns[name] = column.astype(object).where(column.notna(), None)
        else:
            columns[name] = column
    return pd.DataFrame(columns).reset_index(drop=True)
