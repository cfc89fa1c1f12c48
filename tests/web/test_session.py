"""The applicant's cookie: sealed, bound to one application, and gone after its time."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from xinqiao.kit import new_id
from xinqiao.web.applicant.session import LASTS, Sealer, load_key

NOW = datetime(2026, 3, 2, 2, tzinfo=UTC)


@pytest.fixture
def sealer(tmp_path: Path) -> Sealer:
    return Sealer(load_key(tmp_path / "keys"))


def test_a_session_names_its_application_until_its_time_is_over(sealer: Sealer) -> None:
    application = new_id()
    cookie = sealer.start(application, NOW)
    read = sealer.read(cookie, NOW + LASTS - timedelta(seconds=1))
    assert read is not None
    assert read.application_id == application
    assert sealer.read(cookie, NOW + LASTS) is None


def test_one_changed_letter_anywhere_ends_it(sealer: Sealer) -> None:
    cookie = sealer.start(new_id(), NOW)
    for place in range(len(cookie)):
        other = "A" if cookie[place] != "A" else "B"
        altered = cookie[:place] + other + cookie[place + 1 :]
        assert sealer.read(altered, NOW) is None, place


@pytest.mark.parametrize("cookie", [None, "", ".", "a.b", "x" * 5000, "é.é", "..", "eyJhIjoxfQ."])
def test_rubbish_is_no_session(sealer: Sealer, cookie: str | None) -> None:
    assert sealer.read(cookie, NOW) is None


def test_another_installation_does_not_open_it(sealer: Sealer, tmp_path: Path) -> None:
    cookie = Sealer(load_key(tmp_path / "other")).start(new_id(), NOW)
    assert sealer.read(cookie, NOW) is None


def test_a_form_token_fits_its_own_session_only(sealer: Sealer) -> None:
    application = new_id()
    one, two = (sealer.read(sealer.start(application, NOW), NOW) for _ in range(2))
    assert one is not None
    assert two is not None
    assert sealer.is_form_token(one, sealer.form_token(one))
    assert not sealer.is_form_token(two, sealer.form_token(one))
    assert not sealer.is_form_token(one, "")
    assert not sealer.is_form_token(one, "é")


def test_workers_that_start_together_share_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(load_key, [tmp_path / "keys"] * 32))
    assert len(keys) == 1
    assert len(keys.pop()) == 32
    assert [path.name for path in (tmp_path / "keys").iterdir()] == ["web-session.key"]
    assert (tmp_path / "keys" / "web-session.key").stat().st_mode & 0o077 == 0
