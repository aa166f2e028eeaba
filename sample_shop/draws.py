"""Randomness without a state: every number is a pure function of (key, position).

A generator that is read in order would make order 7 depend on how often somebody asked for
order 6. Here each draw hashes its own position, so any process that asks for the same order at
any moment sees the same order.
"""

from __future__ import annotations

import hashlib
from typing import Final

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Words = npt.NDArray[np.uint64]
Instants = npt.NDArray[np.uint32]

_MIX_1: Final = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2: Final = np.uint64(0x94D049BB133111EB)
_STEP: Final = np.uint64(0x9E3779B97F4A7C15)
_SHIFTS: Final = (np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11))


def key_of(*parts: object) -> int:
    """Return the 64-bit key that names a stream of draws, e.g. `key_of(seed, "pay delay")`."""
    text = "\x1f".join(str(part) for part in parts)
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


class Draws:
    """Draws of one shop: `draws.unit("pay", idx)` gives floats in [0, 1) for positions `idx`."""

    def __init__(self, *name: object) -> None:
        self._name = name
        self._keys: dict[str, np.uint64] = {}

    def words(self, salt: str, position: npt.NDArray[np.integer] | Ints) -> Words:
        """Return one 64-bit word per position (splitmix64 finaliser over a keyed counter)."""
        key = self._keys.get(salt)
        if key is None:
            key = self._keys[salt] = np.uint64(key_of(*self._name, salt))
        word = np.asarray(position).astype(np.uint64)
        word = (word + np.uint64(1)) * _STEP + key
        word = (word ^ (word >> _SHIFTS[0])) * _MIX_1
        word = (word ^ (word >> _SHIFTS[1])) * _MIX_2
        return np.asarray(word ^ (word >> _SHIFTS[2]), dtype=np.uint64)

    def unit(self, salt: str, position: npt.NDArray[np.integer] | Ints) -> Floats:
        """Return one float in [0, 1) per position."""
        return np.asarray((self.words(salt, position) >> _SHIFTS[3]) * 2.0**-53, dtype=np.float64)

    def below(self, salt: str, position: npt.NDArray[np.integer] | Ints, bound: int) -> Ints:
        """Return one integer in [0, bound) per position."""
        return np.asarray(self.words(salt, position) % np.uint64(bound), dtype=np.int64)

    def pick(
        self, salt: str, position: npt.NDArray[np.integer] | Ints, weights: tuple[float, ...]
    ) -> Ints:
        """Return an index into `weights` per position, chosen in proportion to them."""
        edges = np.cumsum(np.asarray(weights, dtype=np.float64))
        return np.asarray(
            np.searchsorted(edges, self.unit(salt, position) * edges[-1], side="right"),
            dtype=np.int64,
        )

    def one(self, salt: str, position: int, bound: int) -> int:
        """Return one integer in [0, bound) for a single position."""
        return int(self.below(salt, np.asarray([position], dtype=np.int64), bound)[0])
