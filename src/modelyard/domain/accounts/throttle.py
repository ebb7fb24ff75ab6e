"""Slows down who guesses: failures of signing in are limited for each address and for each account."""

import ipaddress
import math
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b

from limits import RateLimitItemPerSecond
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from modelyard.core.errors import LimitReached, NotAuthenticated

WINDOW_SECONDS = 300
MOST_COUNTED = 20_000
"""Addresses, or accounts, that are remembered; above that all begins anew, so that strangers cannot fill the memory."""
_IPV6_SITE = 64
"""Bits of the part of an IPv6 address that a site cannot change at will."""


class TooManyFailures(LimitReached):
    """Too many failures lately, from this address or for this account."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(
            f"There were too many failed attempts; wait {retry_after} seconds, then try again.", retry_after=retry_after
        )


class Throttle:
    """Counts failures only, so nobody who signs in without mistakes is ever held up.

    Args:
        per_address: failures within the window after which an address has to wait.
        per_account: the same for an account, from whatever address.
        most_counted: addresses, or accounts, of which failures are remembered.
    """

    def __init__(
        self,
        *,
        per_address: int,
        per_account: int,
        window_seconds: int = WINDOW_SECONDS,
        most_counted: int = MOST_COUNTED,
    ) -> None:
        self._addresses = _Failures(per_address, window_seconds, most_counted)
        self._accounts = _Failures(per_account, window_seconds, most_counted)

    @contextmanager
    def attempt(self, address: str, subject: str) -> Iterator[None]:
        """Around one attempt; NotAuthenticated within counts as a failure, leaving in peace as success.

        What runs at the same time counts as failed until it ends: else a thousand guesses at once would all be
        made before the first one fails. Raises TooManyFailures.
        """
        self.check(address, subject)
        with self._addresses.running(_site_of(address)), self._accounts.running(_digest_of(subject)):
            try:
                yield
            except NotAuthenticated:
                self.failed(address, subject)
                raise
        self.succeeded(subject)

    def check(self, address: str, subject: str) -> None:
        """Before anything is compared. Raises TooManyFailures.

        Args:
            address: of who asks; IPv6 addresses of one site count as one.
            subject: whose account it is about, as they wrote it: an e-mail address, a user's id.
        """
        self.check_address(address)
        self.check_account(subject)

    def check_address(self, address: str) -> None:
        """Whether the address has failures left, whatever it is about. Raises TooManyFailures."""
        self._addresses.require_left(_site_of(address))

    def check_account(self, subject: str) -> None:
        """Whether the account has, wherever they came from. Raises TooManyFailures."""
        self._accounts.require_left(_digest_of(subject))

    def failed(self, address: str, subject: str) -> None:
        """Counts a wrong password, also one for an account that does not exist."""
        self._addresses.count(_site_of(address))
        self._accounts.count(_digest_of(subject))

    def succeeded(self, subject: str) -> None:
        """Forgets the failures of the account; those of the address stay, for it may try other accounts."""
        self._accounts.forget(_digest_of(subject))


class _Failures:
    """Those of many addresses, or of many accounts, within a window that moves."""

    def __init__(self, most: int, window_seconds: int, most_counted: int) -> None:
        self._limit = RateLimitItemPerSecond(most, window_seconds)
        self._most_counted = most_counted
        self._running: Counter[str] = Counter()
        self._start_anew()

    def require_left(self, key: str) -> None:
        if not self._limiter.test(self._limit, key, cost=1 + self._running[key]):
            wait = self._limiter.get_window_stats(self._limit, key).reset_time - time.time()
            raise TooManyFailures(max(1, math.ceil(wait)))

    def count(self, key: str) -> None:
        if len(self._storage.storage) >= self._most_counted:
            self._start_anew()
        self._limiter.hit(self._limit, key)

    def forget(self, key: str) -> None:
        if self._storage.storage:
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

    def _start_anew(self) -> None:
        self._storage = MemoryStorage()
        self._limiter = SlidingWindowCounterRateLimiter(self._storage)


def _site_of(address: str) -> str:
    """What one attacker has at least: an IPv4 address, or the network of a site."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return _digest_of(address)
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return f"{int(found) >> (128 - _IPV6_SITE):x}"


def _digest_of(text: str) -> str:
    """Short, however long the text that a stranger sent."""
    return blake2b(text.strip().casefold().encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
