"""Twenty companies with their truths, made once a session and shared by every test here."""

import pytest

from cxlib.workshop.company import make_company, open_company

SEEDS = tuple(range(101, 121))


def _made(folder, seed, difficulty="usual"):
    truth = make_company(folder / f"{difficulty}_{seed}", seed=seed, difficulty=difficulty)
    return open_company(folder / f"{difficulty}_{seed}"), truth


@pytest.fixture(scope="session")
def companies(tmp_path_factory):
    """List (Company, Truth) of 20 seeds, difficulty usual."""
    folder = tmp_path_factory.mktemp("companies")
    return [_made(folder, seed) for seed in SEEDS]


@pytest.fixture(scope="session")
def hard_companies(tmp_path_factory):
    """List (Company, Truth) of six seeds, difficulty hard; the test of none of them is broken."""
    folder = tmp_path_factory.mktemp("hard")
    return [_made(folder, seed, "hard") for seed in SEEDS[:6]]
