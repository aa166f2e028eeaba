"""`python -m sample_shop`: the simulator as a server."""

from __future__ import annotations

import argparse
import gc
import signal
import sys
import threading
import time
from pathlib import Path

import orjson

from .faults import BadScript, FaultScript, read_script
from .gateway import SCOPES, Gateway
from .limits import RateLimit
from .server import Server, Simulator
from .tokens import TokenOffice
from .webhooks_sender import RETRIES
from .world import seeded_world


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="sample_shop", description=__doc__)
    add = parser.add_argument
    add("--host", default="127.0.0.1")
    add("--port", type=int, default=0, help="0 picks a free one and prints it")
    add("--seed", type=int, default=1)
    add("--orders", type=int, default=1000, help="orders per shop at the start")
    add("--days", type=int, default=90, help="days over which they are spread")
    add("--shops", type=int, default=1, help="shops under the one authorization")
    add("--products", type=int, help="standing products per shop (default: by orders)")
    add("--now", type=int, help="the shop clock stands still here (default: runs with the wall)")
    add("--latency-ms", type=float, default=0.0)
    add("--qps", type=float, help="calls a second per shop, more are answered with 429")
    add("--token-ttl", type=int, help="seconds a page token is good for (default: for ever)")
    add("--scopes", default=",".join(SCOPES), help="scopes the seller grants, comma-joined")
    add("--redirect", default="http://127.0.0.1:8080/connect/tiktok/callback")
    add(
        "--webhook-retries",
        default=",".join(f"{each:g}" for each in RETRIES),
        help="seconds until a notification that did not arrive is sent again, comma-joined",
    )
    add("--faults", type=Path, help="a JSON file with a fault script")
    arguments = parser.parse_args(argv)
    for name in ("orders", "days", "shops"):
        if getattr(arguments, name) < 1:
            parser.error(f"--{name} must be at least 1")
    return arguments


def main(argv: list[str] | None = None) -> int:
    """Serve until told to stop (SIGINT or SIGTERM); return the exit code."""
    arguments = _arguments(argv)
    try:
        script = orjson.loads(arguments.faults.read_bytes()) if arguments.faults else []
        rules = read_script(script)
    except (OSError, orjson.JSONDecodeError, BadScript) as problem:
        sys.stderr.write(f"--faults: {problem}\n")
        return 2
    world = seeded_world(
        arguments.seed,
        arguments.orders,
        arguments.days,
        arguments.shops,
        arguments.now,
        arguments.products,
    )
    world.now()
    try:
        server = Server((arguments.host, arguments.port))
    except OSError as problem:
        sys.stderr.write(f"cannot listen on {arguments.host}:{arguments.port}: {problem}\n")
        return 1
    office = TokenOffice("TTP_", world.open_id, time.time, rotates=True)
    limit = RateLimit(arguments.qps, time.time) if arguments.qps else None
    scopes = tuple(part for part in arguments.scopes.split(",") if part)
    gateway = Gateway(world, office, server.url, time.time, arguments.token_ttl, limit, scopes)
    retries = [float(part) for part in arguments.webhook_retries.split(",") if part]
    server.simulator = Simulator(
        gateway,
        FaultScript(rules),
        arguments.redirect,
        arguments.latency_ms / 1000,
        webhook_retries=retries,
    )
    server.simulator.sender.start()
    # The world is built once and stays: the collector need not look through it again.
    gc.collect()
    gc.freeze()
    told = threading.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda *_: told.set())
    threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True).start()
    sys.stdout.write(f"listening on {server.url}\n")
    sys.stdout.flush()
    told.wait()
    server.simulator.sender.stop()
    server.stop()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
