"""When the next engine of a version may start, and when its version is quarantined or given up."""

from modelyard.domain.engines.health import (
    DEATHS_TO_QUARANTINE,
    FIRST_QUARANTINE,
    HOPELESS_AFTER,
    LONGEST_QUARANTINE,
    HealthRecord,
    Verdict,
)


def test_failed_starts_are_tried_again_later_and_later() -> None:
    record = HealthRecord()
    verdicts = [record.start_failed("no server", now=100) for _ in range(HOPELESS_AFTER)]

    assert verdicts == [Verdict.WAIT, Verdict.WAIT, Verdict.HOPELESS]
    assert (record.not_before, record.reason) == (104, "no server")
    record.started()
    assert (record.failures, record.not_before) == (0, 0)


def test_the_first_death_is_replaced_at_once_and_the_next_ones_later_and_later() -> None:
    record = HealthRecord()
    pauses = []
    for _ in range(DEATHS_TO_QUARANTINE - 1):
        assert record.died("it crashed", worked_at=0, now=100) == Verdict.WAIT
        pauses.append(record.not_before - 100)

    assert pauses[0] == 0
    assert pauses == sorted(pauses)


def test_engines_that_only_die_are_quarantined_and_at_last_given_up() -> None:
    record = HealthRecord()
    verdicts = [record.died("it crashed", worked_at=0, now=100) for _ in range(DEATHS_TO_QUARANTINE + 2)]

    assert verdicts[-3:] == [Verdict.QUARANTINE, Verdict.QUARANTINE, Verdict.HOPELESS]
    assert record.is_quarantined
    assert record.not_before == 100 + 4 * FIRST_QUARANTINE
    for _ in range(20):
        record.died("it crashed", worked_at=0, now=100)
    assert record.not_before == 100 + LONGEST_QUARANTINE


def test_a_version_that_works_is_never_quarantined() -> None:
    record = HealthRecord()
    for now in range(1, 100):
        assert record.died("a bad item", worked_at=now - 0.5, now=now) == Verdict.WAIT


def test_work_after_a_quarantine_ends_it() -> None:
    record = HealthRecord()
    for _ in range(DEATHS_TO_QUARANTINE):
        record.died("it crashed", worked_at=0, now=1)
    record.started()

    assert not record.is_quarantined
    assert record.died("again", worked_at=0, now=2) == Verdict.QUARANTINE
    assert record.died("a bad item", worked_at=3, now=4) == Verdict.WAIT
