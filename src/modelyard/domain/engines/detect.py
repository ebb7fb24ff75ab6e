"""Finds out which container protocol a starting program speaks, and waits until its model is ready."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from modelyard.adapters.container_protocols.base import (
    ContainerProtocol,
    ModelFacts,
    ModelLoadFailed,
    ModelNotReady,
    NotReachable,
    StatusTimedOut,
    UnexpectedAnswer,
)
from modelyard.core.errors import PlatformError

STATUS_CALL_SECONDS = 60.0
SECONDS_THAT_COUNT = 0.5
"""A call that was given less time than this and not answered says nothing of the program."""
MOST_REFUSALS = 5
"""So many calls may break off on a port that has answered in another way; then it speaks something else."""


@dataclass(slots=True)
class Candidate:
    """One protocol on one port."""

    protocol_name: str
    port: int
    connection: ContainerProtocol
    refusals: int = 0
    """Calls that broke off since the port has answered another protocol's call."""


@dataclass(slots=True)
class Detection:
    """What asking the candidates has shown so far."""

    candidates: list[Candidate]
    last_word: str = ""
    """Why the model was not ready when it was asked last; empty when nothing ever took the question."""
    rejected: list[str] = field(default_factory=list)
    """Why candidates were ruled out."""
    answering_ports: set[int] = field(default_factory=set)
    """Where something answers that is not what was asked for."""
    ruled_out: list[Candidate] = field(default_factory=list)
    found: Candidate | None = None
    facts: ModelFacts | None = None

    async def ask(self, *, timeout: float) -> bool:
        """Asks each candidate once; True when the model is ready.

        Once a candidate speaks its protocol, only that one is asked again. Raises ModelLoadFailed, and
        UnexpectedAnswer when every candidate was ruled out.
        """
        deadline = time.monotonic() + timeout
        for candidate in [self.found] if self.found else list(self.candidates):
            left = deadline - time.monotonic()
            if left > 0 and await self._ask_one(candidate, min(left, STATUS_CALL_SECONDS)):
                return True
            if self.found:
                break
        if not self.candidates:
            raise UnexpectedAnswer("; ".join(self.rejected))
        return False

    async def _ask_one(self, candidate: Candidate, timeout: float) -> bool:
        try:
            self.facts = await candidate.connection.status(timeout=timeout)
        except NotReachable as error:
            self._count_refusal(candidate, error)
        except StatusTimedOut as error:
            if timeout >= SECONDS_THAT_COUNT:
                self.last_word = error.message
        except ModelNotReady as error:
            self.last_word = error.message
            self.found = candidate
        except UnexpectedAnswer as error:
            self.found = None
            self._rule_out(candidate, error)
        except ModelLoadFailed:
            self.found = candidate
            raise
        else:
            self.found = candidate
            return True
        return False

    def _count_refusal(self, candidate: Candidate, error: NotReachable) -> None:
        if candidate.port in self.answering_ports:
            candidate.refusals += 1
            if candidate.refusals >= MOST_REFUSALS:
                self._rule_out(candidate, error)

    def _rule_out(self, candidate: Candidate, error: PlatformError) -> None:
        self.answering_ports.add(candidate.port)
        self.rejected.append(f"{candidate.protocol_name} on port {candidate.port}: {error.message}")
        self.candidates.remove(candidate)
        self.ruled_out.append(candidate)

    async def close_others(self) -> None:
        """Closes the connections of all candidates but the one found."""
        everyone = [*self.candidates, *self.ruled_out]
        await _close_all([candidate for candidate in everyone if candidate is not self.found])


async def _close_all(candidates: Sequence[Candidate]) -> None:
    """Closes connections."""
    for candidate in candidates:
        await candidate.connection.close()
