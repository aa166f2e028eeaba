"""How long what was imported stays when nobody may read on, in a sentence for every page."""

from __future__ import annotations

from flask import Blueprint


def kept_for(keep_days: int) -> str:
    """`keep_days`: days until the data of a shop that was left is deleted, 0 for never."""
    if not keep_days:
        return "What was imported stays until you delete it."
    days = "a day" if keep_days == 1 else f"{keep_days} days"
    return (
        f"What was imported stays for {days} and is deleted then, unless the shop is connected "
        "again."
    )


def kept_words(keep_days: int) -> Blueprint:
    """Every page knows the sentence as `kept`."""
    words = Blueprint("kept", __name__)

    @words.app_context_processor
    def kept() -> dict[str, object]:
        return {"kept": kept_for(keep_days)}

    return words
