"""What a client states on contracts and contacts: what may stand, and full error messages."""

from pathlib import Path

import pytest

from cxlib.engagement import load_engagement
from cxlib.errors import ConfigError

SAMPLE = Path(__file__).resolve().parents[2] / "data_samples" / "harbour_home" / "engagement.yml"
START = "customer_value:\n  horizon_months: 12\n"
CONTRACT = "  contract: {{margin_hkd: 100, {what}, source: Finance, dated: 2026-06-30}}\n"


def load(tmp_path, *, old=START, new=START):
    text = SAMPLE.read_text(encoding="utf-8")
    assert old in text
    file = tmp_path / "engagement.yml"
    file.write_text(text.replace(old, new), encoding="utf-8")
    return load_engagement(file)


def error_of(tmp_path, **change):
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, **change)
    return str(caught.value)


def test_a_contract_states_counts_or_a_rate(tmp_path):
    for what in ("retention_rate: 0.8", "remaining: [100, 80, 70]"):
        found = load(tmp_path, new=START + CONTRACT.format(what=what)).customer_value.contract
        assert (found.margin_hkd, found.period_months, found.horizon_periods) == (100, 12, 10)


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("period_months: 12", "a contract needs exactly one of remaining (customers counted after"),
        ("retention_rate: 0.8, remaining: [9, 8, 7]", "a contract needs exactly one of remaining"),
        (
            "remaining: [100, 80, 90]",
            "customers of one cohort cannot grow in number, got 100, 80, ",
        ),
        ("remaining: [100, 80]", "customer_value.contract.remaining"),
        ("retention_rate: 80", "customer_value.contract.retention_rate"),
        ("retention_rat: 0.8", "retention_rate"),
    ],
)
def test_a_wrong_contract_is_named_with_its_place(tmp_path, what, said):
    message = error_of(tmp_path, new=START + CONTRACT.format(what=what))
    assert said in message
    assert "engagement.yml" in message


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("save_rate: 0.05", "save_rate: 5", ["customer_value.retention_contact.save_rate", "5"]),
        ("save_rate: 0.05", "save_rat: 0.05", ["save_rat", "save_rate"]),
        ("cost_hkd: 60", "cost_hkd: -60", ["customer_value.retention_contact.cost_hkd", "-60"]),
        ("cost_hkd: 60", "cost_hkd: 60\n    experiment: enquiry_rply",
         ["enquiry_rply", "unknown experiment", "enquiry_reply"]),
    ],
)  # fmt: skip
def test_a_wrong_contact_is_named_with_its_place(tmp_path, old, new, said):
    message = error_of(tmp_path, old=old, new=new)
    for part in said:
        assert part in message
