"""The error of a worker whose lease was taken over while it was away."""

from __future__ import annotations

from errors import Refused


class Fenced(Refused):
    """A write was refused because a newer lease on this (shop, lane) has been granted.

    Nothing of the write was kept. The holder stops; the newer one goes on where the file stands.
    """
