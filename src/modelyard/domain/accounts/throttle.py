"""Slows down who guesses: failures of signing in are limited for each address and for each account."""

import math
import time
from collections import Counter, OrderedDict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from hashlib import blake2b

from limits import RateLimitItemPerSecond
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from modelyard.core.addresses import neighbourhood
from modelyard.core.errors import LimitReached, NotAuthenticated

WINDOW_SECONDS = 300
MOST_COUNTED = 20_000
"""Addresses, or accounts, that are remembered; above that the one that failed longest ago is forgotten."""


class TooManyFailures(LimitReached):
    """Too many failures lately, from this address or for this account."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(
            f"There were too many failed attempts; wait {retry_after} seconds, then try again.", retry_after=retry_after
        )


class Throttle:
    """Counts failures only, so nobody who signs in without mistakes is ever held up.

    Strangers must not be able to lock somebody out by failing in their name. So an account waits where it failed
    before it waits everywhere, and where somebody signed in to it lately, what fails elsewhere does not count.

    Args:
        per_address: failures within the window after which an address has to wait.
        per_account: the same for an account, from whatever address.
        per_account_there: the same for an account from one address; as `per_account` unless given.
        most_counted: addresses, or accounts, of which failures are remembered.
    """

    def __init__(
        self,
        *,
        per_address: int,
        per_account: int,
        per_account_there: int | None = None,
        window_seconds: int = WINDOW_SECONDS,
        most_counted: int = MOST_COUNTED,
    ) -> None:
        self._addresses = _Failures(per_address, window_seconds, most_counted)
        self._accounts = _Failures(per_account, window_seconds, most_counted)
        self._there = _Failures(per_account_there or per_account, window_seconds, most_counted)
        self._at_home: OrderedDict[str, None] = OrderedDict()
        self._most_counted = most_counted

    @contextmanager
    def attempt(self, address: str, subject: str) -> Iterator[None]:
        """Around one attempt; NotAuthenticated within counts as a failure, leaving in peace as success.

        What runs at the same time counts as failed until it ends: else a thousand guesses at once would all be
        made before the first one fails. Raises TooManyFailures.
        """
        self.check(address, subject)
        with ExitStack() as running:
            for failures, key in self._counted(address, subject):
                running.enter_context(failures.running(key))
            try:
                yield
            except NotAuthenticated:
                self.failed(address, subject)
                raise
        self.succeeded(subject)
        self._note_home(_pair_of(address, subject))

    def check(self, address: str, subject: str) -> None:
        """Before anything is compared. Raises TooManyFailures.

        Args:
            address: of who asks; IPv6 addresses of one site count as one.
            subject: whose account it is about, as they wrote it: an e-mail address, a user's id.
        """
        self.check_address(address)
        self._there.require_left(_pair_of(address, subject))
        if _pair_of(address, subject) not in self._at_home:
            self.check_account(subject)

    def check_address(self, address: str) -> None:
        """Whether the address has failures left, whatever it is about. Raises TooManyFailures."""
        self._addresses.require_left(_site_of(address))

    def check_account(self, subject: str) -> None:
        """Whether the account has, wherever they came from. Raises TooManyFailures."""
        self._accounts.require_left(_digest_of(subject))

    def has_too_many(self, subject: str) -> bool:
        """Whether the account has none left, as an answer instead of an error."""
        return not self._accounts.has_left(_digest_of(subject))

    def failed(self, address: str, subject: str) -> None:
        """Counts a wrong password, also one for an account that does not exist."""
        for failures, key in self._counted(address, subject):
            failures.count(key)

    def succeeded(self, subject: str) -> None:
        """Forgets the failures of the account; those of the address stay, for it may try other accounts."""
        self._accounts.forget(_digest_of(subject))

    def _counted(self, address: str, subject: str) -> "tuple[tuple[_Failures, str], ...]":
        return (
            (self._addresses, _site_of(address)),
            (self._there, _pair_of(address, subject)),
            (self._accounts, _digest_of(subject)),
        )

    def _note_home(self, pair: str) -> None:
        self._there.forget(pair)
        self._at_home[pair] = None
        self._at_home.move_to_end(pair)
        if len(self._at_home) > self._most_counted:
            self._at_home.popitem(last=False)


class _Failures:
    """Those of many addresses, or of many accounts, within a window that moves."""

    def __init__(self, most: int, window_seconds: int, most_counted: int) -> None:
        self._limit = RateLimitItemPerSecond(most, window_seconds)
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._most_counted = most_counted
        self._counted: OrderedDict[str, None] = OrderedDict()
        self._running: Counter[str] = Counter()

    def has_left(self, key: str) -> bool:
        return self._limiter.test(self._limit, key, cost=1 + self._running[key])

    def require_left(self, key: str) -> None:
        if not self.has_left(key):
            wait = self._limiter.get_window_stats(self._limit, key).reset_time - time.time()
            raise TooManyFailures(max(1, math.ceil(wait)))

    def count(self, key: str) -> None:
        self._counted[key] = None
        self._counted.move_to_end(key)
        if len(self._counted) > self._most_counted:
            self.forget(next(iter(self._counted)))
        self._limiter.hit(self._limit, key)

    def forget(self, key: str) -> None:
        if key in self._counted:
            del self._counted[key]
            self._limiter.clear(self._limit, key)

    @contextmanager
    def running(self, key: str) -> Iterator[None]:
        self._running[key] += 1
        try:
            yield
        finally:
            self._running[key] -= 1
            if not self._running[key]:
                del self._running[key]


def _site_of(address: str) -> str:
    """What one attacker has at least: an IPv4 address, or the network of a site."""
    return _digest_of(neighbourhood(address))


def _pair_of(address: str, subject: str) -> str:
    return f"{_digest_of(subject)}@{_site_of(address)}"


def _digest_of(text: str) -> str:
    """Short, however long the text that a stranger sent."""
    return blake2b(text.strip().casefold().encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
