"""How log lines look: one an event, secrets struck out first."""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog

from settings import Settings
from tiktok_shop.redaction import strike_secrets


def configure_logs(settings: Settings) -> None:
    """For the whole process: JSON unless a person is looking."""
    console = settings.log_format == "console" or (
        settings.log_format == "auto" and sys.stderr.isatty()
    )
    renderer: Any = (
        structlog.dev.ConsoleRenderer() if console else structlog.processors.JSONRenderer()
    )
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    structlog.configure(
        processors=[
            strike_secrets,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
