import pytest

from xinqiao.kit.telemetry import BLANK, exposition, step, without_personal_data


@pytest.mark.parametrize("text", ["id 11010519491231002X seen", "call 13812345678 now", "card 6222021234567890123"])
def test_numbers_of_a_person_never_reach_the_log(text: str) -> None:
    assert BLANK in without_personal_data(None, "info", {"event": text})["event"]


def test_personal_fields_are_blank_and_others_stay() -> None:
    entry = without_personal_data(None, "info", {"event": "stored", "phone": "13812345678", "application": "019a-1234", "amount": "12000"})
    assert entry == {"event": "stored", "phone": BLANK, "application": "019a-1234", "amount": "12000"}


def test_a_failed_step_is_counted_under_its_reason() -> None:
    with pytest.raises(KeyError), step("test.fails"):
        raise KeyError
    assert b'xinqiao_step_seconds_count{outcome="KeyError",step="test.fails"} 1.0' in exposition()
