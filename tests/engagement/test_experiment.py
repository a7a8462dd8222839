"""cxlib.engagement.experiment: the short form, the long form, and every refusal in words."""

import pytest
from pydantic import ValidationError

from cxlib.engagement.experiment import Experiment

WORDS = {"en": "x", "zh-Hant-HK": "x"}
SHARE = {"column": "bought", "name": WORDS, "kind": "proportion", "direction": "higher"}
USUAL = {"source": WORDS, "value": 0.05}
SHORT = {
    "id": "demo",
    **dict.fromkeys(("name", "question", "treatment", "control", "owner"), WORDS),
    "period": {"start": "2026-03-02", "end": "2026-04-26"},
    "split": {"control": 0.5, "treatment": 0.5},
    "planned_per_arm": 4_500,
    "minimum_effect": 0.015,
    "primary": SHARE,
}


def read(**changes):
    return Experiment.model_validate({**SHORT, **changes})


def test_the_short_form_looks_once_and_adjusts_by_nothing():
    found = read()
    assert (found.looks.design, found.looks.planned, found.family) == ("fixed", 1, "holm")
    assert (found.covariates, found.segments, found.secondary) == ([], [], [])
    assert list(found.arm_names) == ["control", "treatment"]


def test_the_long_form_names_arms_looks_covariates_and_segments():
    found = read(
        arms={"second": WORDS},
        split={"control": 0.4, "treatment": 0.3, "second": 0.3},
        covariates=["pre_orders", {"column": "age", "measured": "before", "name": "Age"}],
        segments=["city", {"column": "segment", "name": "Kind of customer"}],
        looks={"design": "pocock", "planned": 4},
    )
    assert list(found.arm_names) == ["control", "treatment", "second"]
    assert [each.column for each in found.covariates] == ["pre_orders", "age"]
    assert found.covariates[1].name == {"en": "Age", "zh-Hant-HK": "Age"}
    assert [each.column for each in found.segments] == ["city", "segment"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"split": {"control": 0.5, "treatment": 0.4}},
            ("split needs control and treatment that sum to 1, got {'control': 0.5, 'treatment': "
            "0.4} (sum 0.9)"),
        ),
        (
            {"arms": {"second": WORDS}},
            ("split needs control, treatment and second that sum to 1, got {'control': 0.5, "
            "'treatment': 0.5} (sum 1)"),
        ),
        (
            {"covariates": [{"column": "pages", "measured": "after"}]},
            ("pages was measured after the assignment, so the treatment may have moved it; adjust "
            "only by what was known before"),
        ),
        (
            {"covariates": ["pages"]},
            ("write {column: pages, measured: before}; only a name that begins with pre_ says by "
            "itself that it was measured before the test"),
        ),
        (
            {"covariates": [{"column": "bought", "measured": "before"}]},
            ("bought is an outcome of this test, so it cannot adjust the test; a covariate is "
            "measured before the assignment"),
        ),
        ({"primary": {**SHARE, "kind": "ratio"}}, "bought is a ratio, which needs denominator"),
        (
            {"primary": {**SHARE, "kind": "time"}},
            "bought is a time, which needs event, horizon_days",
        ),
        ({"primary": {**SHARE, "quantile": 0.9}}, "bought is a proportion, which has no quantile"),
        ({"primary": {**SHARE, "cap": 0.99}}, "bought is a proportion; a cap fits mean, ratio"),
        (
            {"primary": {**SHARE, "kind": "ratio", "denominator": "bought"}},
            "bought cannot be its own denominator",
        ),
        ({"looks": {"design": "pocock"}}, "pocock needs planned, 2 looks or more"),
        (
            {"looks": {"design": "fixed", "planned": 3}},
            "fixed has no number of planned looks, got 3",
        ),
        ({"guardrails": [SHARE]}, "a guardrail needs a non-inferiority margin: bought"),
        ({"secondary": [SHARE]}, "a column is measured once in a test: bought"),
        ({"segments": ["city", "city"]}, "a segment column stands once: city"),
        ({"covariates": ["pre_a", "pre_a"]}, "a covariate stands once: pre_a"),
        (
            {"cluster": "shop", "secondary": [{**SHARE, "column": "nps", "kind": "nps"}]},
            ("a test by shop takes measures of the kinds proportion, mean, ratio; nps is another: "
            "make it a mean, or leave it out"),
        ),
        (
            {"usual": {**USUAL, "value": 5}},
            "usual value of a proportion must be between 0 and 1, got 5",
        ),
        (
            {"usual": {**USUAL, "value": None}},
            "usual of a proportion needs value, not given: value",
        ),
        (
            {"usual": {**USUAL, "correlation": 0.5}},
            ("usual correlation is that of covariates with a share, mean or ratio of units "
            "assigned one by one; this test has none: leave it out"),
        ),
        (
            {"usual": {**USUAL, "cluster_size": 20}},
            ("usual cluster_size above 1 and cluster go together, got cluster_size 20 and cluster "
            "none"),
        ),
        (
            {"primary": {**SHARE, "kind": "ordinal"}, "usual": {**USUAL, "shares": [0.5, 0.4]}},
            "usual shares must sum to 1, got 0.9",
        ),
        (
            {"primary": {**SHARE, "kind": "quantile", "quantile": 0.9}, "usual": USUAL},
            ("usual sizes a test of proportion, mean, ratio, ordinal, nps, time; bought is a "
            "quantile: leave usual out"),
        ),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_in_words(changes, message):
    with pytest.raises(ValidationError) as caught:
        read(**changes)
    said = [error["msg"].removeprefix("Value error, ") for error in caught.value.errors()]
    assert said == [message]
