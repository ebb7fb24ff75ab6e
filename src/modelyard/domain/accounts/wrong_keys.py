"""Slows down who guesses API keys, without holding up those who know theirs.

- A wrong body, or an unknown prefix, is a failure of the address that it came from, and of the prefix.
- The same wrong key again is no further guess: a program that goes on with a key of yesterday blocks nobody.
- An address with too many failures has to wait, whatever key it sends, but for keys that were right from there lately:
  nobody loses their key because a stranger guesses behind the same proxy.
- A prefix with too many failures makes further wrong bodies wait. The right one passes: else whoever knows the prefix
  of somebody, which is no secret, could lock them out.
"""

import time
from collections import OrderedDict
from hashlib import blake2b

from modelyard.domain.accounts.throttle import Throttle

MOST_REMEMBERED = 20_000
SECONDS_A_GUEST = 86_400.0


class WrongKeys:
    """Counts wrong keys, and remembers from where keys were right.

    Args:
        per_address: different wrong keys within five minutes after which an address has to wait.
        per_prefix: the same for wrong bodies of one prefix, from whatever address.
    """

    def __init__(
        self,
        *,
        per_address: int,
        per_prefix: int,
        most_remembered: int = MOST_REMEMBERED,
        seconds_a_guest: float = SECONDS_A_GUEST,
    ) -> None:
        self._throttle = Throttle(per_address=per_address, per_account=per_prefix)
        self._most = most_remembered
        self._seconds_a_guest = seconds_a_guest
        self._seen: OrderedDict[bytes, None] = OrderedDict()
        self._guests: OrderedDict[tuple[str, str], float] = OrderedDict()

    def check(self, address: str, prefix: str) -> None:
        """Before a key is looked up. Raises TooManyFailures."""
        since = self._guests.get((address, prefix))
        if since is None or time.monotonic() - since > self._seconds_a_guest:
            self._throttle.check_address(address)

    def was_right(self, address: str, prefix: str) -> None:
        """The key of this prefix is at home at this address."""
        guest = (address, prefix)
        self._guests[guest] = time.monotonic()
        self._guests.move_to_end(guest)
        if len(self._guests) > self._most:
            self._guests.popitem(last=False)

    def was_wrong(self, address: str, prefix: str, body: str) -> None:
        """Counts a wrong key. Raises TooManyFailures when there were too many for its prefix before."""
        key = blake2b(f"{address}\0{prefix}.{body}".encode(errors="replace"), digest_size=16).digest()
        if key in self._seen:
            return
        self._seen[key] = None
        if len(self._seen) > self._most:
            self._seen.popitem(last=False)
        try:
            self._throttle.check_account(prefix)
        finally:
            self._throttle.failed(address, prefix)
