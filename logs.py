"""How log lines look: one an event, secrets struck out first.

What is bound in `structlog.contextvars` (the request's id, the run that is worked) is in every line
of its thread. Libraries that log with the standard module (gunicorn, urllib3) come out the same
way.
"""

from __future__ import annotations

import logging
import sys
from typing import Any, Final

import structlog
from structlog.contextvars import merge_contextvars

from settings import Settings
from tiktok_shop.redaction import strike_secrets

#: What every line goes through before it is written.
_FIRST: Final[tuple[Any, ...]] = (
    merge_contextvars,
    strike_secrets,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso"),
)


def configure_logs(settings: Settings) -> None:
    """For the whole process: JSON unless a person is looking."""
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    structlog.configure(
        processors=[*_FIRST, _renderer(settings)],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    # Of libraries only what is wrong: their lines about requests hold addresses with queries.
    handler = _LibraryHandler(sys.stderr)
    handler.setLevel(logging.WARNING)
    handler.setFormatter(formatter_of_libraries(settings))
    root = logging.getLogger()
    for former in [one for one in root.handlers if isinstance(one, _LibraryHandler)]:
        root.removeHandler(former)
    root.addHandler(handler)


class _LibraryHandler(logging.StreamHandler[Any]):
    """Ours, so that it is there once however often logs are configured."""


def formatter_of_libraries(settings: Settings) -> logging.Formatter:
    """What a library says as a line like ours. Of an exception only its kind and where it was
    raised: its text may repeat a payload."""
    return structlog.stdlib.ProcessorFormatter(
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            _renderer(settings),
        ],
        foreign_pre_chain=[structlog.stdlib.add_logger_name, _kind_of_exception, *_FIRST],
        keep_exc_info=True,
    )


def _kind_of_exception(_logger: Any, _method: str, event: Any) -> Any:
    record = event.get("_record")
    event.pop("exc_info", None)
    if record is not None and record.exc_info and record.exc_info[0] is not None:
        event["exception"] = record.exc_info[0].__qualname__
        trace = record.exc_info[2]
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        if trace is not None:
            event["at"] = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
        record.exc_info = None
        record.exc_text = None
    return event


def _renderer(settings: Settings) -> Any:
    console = settings.log_format == "console" or (
        settings.log_format == "auto" and sys.stderr.isatty()
    )
    return structlog.dev.ConsoleRenderer() if console else structlog.processors.JSONRenderer()
