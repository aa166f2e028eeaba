"""`make run` after its set-up: prepare, serve, import, answer, stop, go on where it stopped."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent
PATIENCE_SECONDS = 50


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(folder: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "flask", "--app", "app", "up"],
        cwd=ROOT,
        env={**os.environ, "DATA_DIR": str(folder), "PORT": str(port), "WEB_WORKERS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def greeting(process: subprocess.Popen[str]) -> str:
    """What is printed up to the last line of the greeting."""
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if line.startswith("Ctrl-C"):
            return said
    raise AssertionError(f"it ended after saying: {said}")


def asked(base: str, key: str, *fields: str) -> requests.Response:
    body: dict[str, Any] = {
        "configParams": {"shops": "sample"},
        "dateRange": {"startDate": "2026-11-01", "endDate": "2026-11-07"},
        "fields": [{"name": name} for name in fields],
    }
    headers = {"Authorization": f"Bearer {key}"}
    return requests.post(f"{base}/connector/v1/getData", json=body, headers=headers, timeout=10)


def first_answer(base: str, key: str) -> dict[str, Any]:
    """Ask until there is an answer that covers the range; not ready is the only other one."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        try:
            response = asked(base, key, "date", "orders")
        except requests.ConnectionError:
            time.sleep(0.2)
            continue
        if response.status_code == 200 and not json.loads(response.headers["X-Answer"])["partial"]:
            answer: dict[str, Any] = response.json()
            return answer
        assert response.status_code in (200, 503), response.text
        time.sleep(0.2)
    raise AssertionError("no answer in time")


@pytest.mark.timeout(150)
def test_it_imports_answers_stops_at_ctrl_c_and_goes_on(tmp_path: Path) -> None:
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    with running(tmp_path, port) as first:
        said = greeting(first)
        key = re.search(r"API key +(tts_\S+)", said)
        assert key is not None
        assert f"{base}/sign-in?token=" in said
        assert "curl" in said
        answer = first_answer(base, key[1])
        assert len(answer["rows"]) == 7
        first.send_signal(signal.SIGINT)
        rest, _ = first.communicate(timeout=30)
        assert first.returncode == 0
        assert "Traceback" not in rest
    with pytest.raises(requests.ConnectionError):
        asked(base, key[1], "orders")
    with running(tmp_path, port) as second:
        assert key[1] in greeting(second)
        assert first_answer(base, key[1]) == answer
        second.send_signal(signal.SIGTERM)
        second.communicate(timeout=30)
        assert second.returncode == 0


def test_a_port_in_use_is_told_in_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with running(tmp_path, port) as process:
            said, _ = process.communicate(timeout=30)
    assert process.returncode == 2
    assert str(port) in said
    assert "Traceback" not in said
    assert len(said.strip().splitlines()) == 1


def test_a_data_folder_that_cannot_be_used_is_told_in_one_sentence(tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("not a folder")
    with running(in_the_way, free_port()) as process:
        said, _ = process.communicate(timeout=30)
    assert process.returncode == 2
    assert "Traceback" not in said
    assert str(in_the_way) in said


def test_a_bad_setting_is_told_in_one_sentence(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "app", "up"],
        cwd=ROOT,
        env={**os.environ, "DATA_DIR": str(tmp_path), "PORT": "eighty"},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert ended.returncode != 0
    assert "PORT" in ended.stderr
    assert "Traceback" not in ended.stderr + ended.stdout
