"""Faults by script: a failure before anything is done, or an answer that is lost afterwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from .refusals import FAILURE_SENTENCES, Refusal


class Fault(Enum):
    """What the caller sees of a failed call."""

    INTERNAL = 500
    BAD_GATEWAY = 502
    UNAVAILABLE = 503
    TIMED_OUT_AT_GOOGLE = 504
    NO_ANSWER = "no answer in time"
    CONNECTION_LOST = "connection lost"


class Lost(Exception):
    """There is no answer; the adapters turn it into their library's exception."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.value)
        self.fault = fault


@dataclass
class Scripted:
    """One entry of the script: `fault` at the next `times` calls that `of` accepts by the method's
    id; `committed`: after the work was done and kept."""

    fault: Fault
    committed: bool = False
    of: Callable[[str], bool] = lambda _: True
    times: int = 1

    def strike(self) -> None:
        if isinstance(self.fault.value, int):
            raise Refusal(self.fault.value, FAILURE_SENTENCES[self.fault.value])
        raise Lost(self.fault)


class Script:
    """The entries in order; each call takes the first that is meant for it."""

    def __init__(self) -> None:
        self.entries: list[Scripted] = []

    def add(self, entry: Scripted) -> None:
        self.entries.append(entry)

    def next_for(self, method: str) -> Scripted | None:
        for entry in self.entries:
            if entry.of(method):
                entry.times -= 1
                if entry.times == 0:
                    self.entries.remove(entry)
                return entry
        return None
