"""Which callbacks get the places that are free."""

from collections import Counter

from modelyard.domain.jobs.callback_turns import AT_ONCE, AT_ONCE_EACH, DueCallback, choose_next


def _due(number: int, *, user: str = "alice", host: str = "one.example") -> list[DueCallback]:
    return [DueCallback(f"{user}-{host}-{each}", user, f"https://{host}/{each}") for each in range(number)]


def test_no_user_takes_all_places() -> None:
    due = [each for host in range(10) for each in _due(2, host=f"{host}.example")]
    bob = _due(1, user="bob", host="bob.example")
    assert choose_next([*due, *bob], []) == [*due[:AT_ONCE_EACH], *bob]
    assert choose_next([*due, *bob], due[:3]) == [due[0], *bob]


def test_no_host_takes_all_places() -> None:
    due = [each for user in range(10) for each in _due(2, user=str(user))]
    others = _due(1, user="0", host="other.example")
    assert choose_next([*due, *others], []) == [*due[:AT_ONCE_EACH], *others]
    shouted = DueCallback("loud", "bob", "HTTPS://ONE.EXAMPLE:443/x")
    assert choose_next([shouted], due[:AT_ONCE_EACH]) == []


def test_there_is_an_end_of_places() -> None:
    due = [each for number in range(20) for each in _due(4, user=str(number), host=f"{number}.example")]
    chosen = choose_next(due, [])
    assert len(chosen) == AT_ONCE
    assert max(Counter(each.user_id for each in chosen).values()) == AT_ONCE_EACH
    assert choose_next(due, chosen) == []
