"""How gunicorn serves the app, for `make run` and for the container alike.

gunicorn runs this file and takes its module-level names as options; the environment is the one that
`settings.load` reads.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any, Final

import settings
from errors import Refused
from logs import formatter_of_libraries
from memory import use_one_heap
from web.arrival import count_connections
from web.heads import HeadWorker

try:
    chosen: Final = settings.load(os.environ)
    chosen.refuse_unsafe()
except Refused as refused:
    sys.exit(refused.message)

use_one_heap()

bind = f"[{chosen.host}]:{chosen.port}" if ":" in chosen.host else f"{chosen.host}:{chosen.port}"
# Threads, with a time limit for heads.
worker_class = HeadWorker
workers = chosen.web_workers
threads = chosen.web_threads
# DuckDB and SQLite connections must not be carried over a fork: every worker makes its own app.
preload_app = False
# A live answer waits 8 s at most; a worker that gives no sign for a minute hangs.
timeout = 60
graceful_timeout = 15
keepalive = 5
# The longest it takes: the choice of many shops or fields stands in the address.
limit_request_line = 8_190
# Workers are renewed now and then, not all at once.
max_requests = 50_000
max_requests_jitter = 10_000
# The app logs its requests itself, without query strings and keys.
accesslog = None
errorlog = "-"
loglevel = "warning"
logconfig_dict = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"ours": {"()": lambda: formatter_of_libraries(chosen)}},
    "handlers": {"error": {"class": "logging.StreamHandler", "formatter": "ours"}},
    "loggers": {
        name: {"handlers": ["error"], "level": "WARNING", "propagate": False}
        for name in ("gunicorn.error", "gunicorn.access")
    },
    "root": {"handlers": [], "level": "WARNING"},
}
# The app believes proxies as far as PROXIES says; gunicorn believes none.
forwarded_allow_ips = ""
# The heartbeat files belong in memory: on a slow disk a busy worker would look dead.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - not a temp file
control_socket_disable = True


def worker_exit(_server: Any, worker: Any) -> None:
    """Close the engine: what DuckDB still holds when Python ends, it lists at the terminal."""
    if worker.wsgi is not None:
        worker.wsgi.extensions["installation"].close()


def post_worker_init(worker: Any) -> None:
    """Tell the app how many connections its process works on or has waiting."""
    count_connections(
        worker.wsgi,
        lambda: worker.nr_conns - len(worker.keepalived_conns) - len(worker.pending_conns),
    )
