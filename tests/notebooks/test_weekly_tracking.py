"""`cx run 05_kpi_tracking`, week after week: the record grows, and nothing on it changes unsaid."""

import json
import shutil
from datetime import date

import nbformat
import pandas as pd
import pytest

from cxlib.data.kpi_store import read_values
from cxlib.errors import RunError
from cxlib.run import notebooks
from cxlib.run.runner import Options, run_workbook

pytestmark = pytest.mark.notebooks
WEEK = date(2026, 6, 22)
REASON = "restatements:\n  - {kpi: nps, period: 2025-03-01, reason: {en: Counted twice, zh-Hant-HK: 重複計算}}\n"  # noqa: E501


class Client:
    """One engagement whose history grows: 17 months and 76 weeks, then a week, then a month."""

    def __init__(self, home, out):
        self.home, self.out = home, out
        self.table = home / "data" / "kpi_history.csv"
        self.whole = pd.read_csv(self.table)

    def known(self, *, until, months="2026-05-01"):
        weekly = self.whole["kpi"] == "positive_mentions"
        last = self.whole["period_start"].where(weekly, "") <= until.isoformat()
        monthly = self.whole["period_start"].where(~weekly, "") <= months
        self.whole[last & monthly].to_csv(self.table, index=False)

    def run(self):
        options = Options(notebooks=("05",), languages=("en",), formats=("html",), out=self.out)
        return run_workbook(self.home, options)

    def record(self):
        return {
            (value.kpi, value.period_start): (value.value, value.n_obs, value.revision)
            for value in read_values(self.home / "history.duckdb")
        }

    def kept(self):
        return [(self.home / name).read_bytes() for name in ("ledger.json", "history.duckdb")]

    def forecasts(self):
        ledger = json.loads((self.home / "ledger.json").read_text(encoding="utf-8"))
        made = ledger["record"]["content"]["forecasts"]
        return {(each["kpi"], each["made_on"]): each["value"] for each in made}


@pytest.fixture
def client(full_run, tmp_path):
    """A copy of the engagement that was run in full, before its first tracking run."""
    home = shutil.copytree(
        full_run.engagement, tmp_path / "client", ignore=shutil.ignore_patterns("history.duckdb*")
    )
    ledger = json.loads((home / "ledger.json").read_text(encoding="utf-8"))
    for entry in ("record", "kpis"):
        ledger.pop(entry)
    (home / "ledger.json").write_text(json.dumps(ledger), encoding="utf-8")
    return Client(home, tmp_path / "reports")


@pytest.fixture
def spoilt(tmp_path):
    """A copy of the notebooks in which the last cell of 05 raises, after the record was kept."""
    folder = tmp_path / "notebooks"
    shutil.copytree(notebooks.FOLDER, folder, ignore=shutil.ignore_patterns(".*"))
    whole = nbformat.read(folder / "05_kpi_tracking.ipynb", as_version=4)
    whole.cells[-1].source = "1 / 0"
    nbformat.write(whole, folder / "05_kpi_tracking.ipynb")
    return folder


def test_each_run_adds_what_is_new_and_a_changed_past_needs_a_reason(client, spoilt, monkeypatch):
    """A week later one period more; a past value that differs stops the run and names it.

    A run that fails after the record was kept in its folder leaves the client's as it was: the
    next run adds the same week.
    """
    client.known(until=date(2026, 6, 15))
    client.run()
    first, forecasts = client.record(), client.forecasts()
    assert len(first) == 3 * 17 + 76 + 5

    client.known(until=WEEK)
    before = client.kept()
    with monkeypatch.context() as patch:
        patch.setattr(notebooks, "FOLDER", spoilt)
        with pytest.raises(RunError, match="division by zero"):
            client.run()
    assert client.kept() == before
    assert list(client.home.glob(".*.partial")) == []

    folder = client.run()
    second = client.record()
    assert set(second) - set(first) == {("positive_mentions", WEEK)}
    assert {key: second[key] for key in first} == first
    assert {key: client.forecasts()[key] for key in forecasts} == forecasts
    assert set(client.forecasts()) - set(forecasts) == {("positive_mentions", WEEK.isoformat())}
    page = (folder / "05_kpi_tracking.en.html").read_text(encoding="utf-8")
    assert ">133</data> periods are on record" in page

    row = client.whole[
        (client.whole["kpi"] == "nps") & (client.whole["period_start"] == "2025-03-01")
    ].iloc[0]
    n, up, down = (int(row[name]) for name in ("n_obs", "promoters", "detractors"))
    client.whole.loc[row.name, ["n_obs", "promoters"]] = [n - 1, up - 1]
    client.whole.loc[row.name, "value"] = round(100 * (up - 1 - down) / (n - 1), 4)
    client.known(until=WEEK, months="2026-06-01")
    before = client.kept()
    with pytest.raises(RunError) as caught:
        client.run()
    said = str(caught.value)
    assert "history.duckdb keeps what was reported: nothing was written" in said
    assert f"nps, 2025-03-01: found {100 * (up - 1 - down) / (n - 1):g} (n {n - 1})" in said
    assert "restatements: [{kpi: nps, period: 2025-03-01, reason: …}]" in said
    assert client.kept() == before, "neither ledger nor record holds anything of the failed run"

    file = client.home / "engagement.yml"
    file.write_text(file.read_text(encoding="utf-8") + "\n" + REASON, encoding="utf-8")
    folder = client.run()
    third = client.record()
    assert third["nps", date(2025, 3, 1)][1:] == (n - 1, 1)
    assert {key for key in third if key not in second} == {
        (kpi, date(2026, 6, 1)) for kpi in ("nps", "ces", "conversion")
    }
    same = set(second) - {("nps", date(2025, 3, 1))}
    assert {key: third[key] for key in same} == {key: second[key] for key in same}
    page = (folder / "05_kpi_tracking.en.html").read_text(encoding="utf-8")
    assert "may be restated. Reason: Counted twice." in page
