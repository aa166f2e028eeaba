"""The supervisor with small children: stop once, restart, give up, leave nothing behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from clock import SystemClock
from supervisor import (
    Process,
    Restarts,
    folder_problem,
    port_problem,
    run_until_stopped,
    web_process,
    worker_process,
)

pytestmark = pytest.mark.slow

QUICK = Restarts(first_seconds=0.01, longest_seconds=0.05, give_up_after=3)

#: Appends a word per SIGTERM and ends; says "ready" first.
OBEDIENT = """
import os, pathlib, signal, sys, time
diary = pathlib.Path(sys.argv[1])
def stop(*_):
    with diary.open("a") as file: file.write("stopped\\n")
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
with diary.open("a") as file: file.write("ready\\n")
while True: time.sleep(5)
"""

#: Waits for so many "ready" in a diary, then sends the supervisor the signals named.
SIGNALLER = """
import os, pathlib, signal, sys, time
diary, count = pathlib.Path(sys.argv[1]), int(sys.argv[2])
while not (diary.exists() and diary.read_text().count("ready") >= count): time.sleep(0.01)
for name in sys.argv[3:]:
    os.kill(os.getppid(), signal.Signals[name])
    time.sleep(0.1)
while True: time.sleep(5)
"""

#: Ignores SIGTERM, and so does the child it starts; both pids go into the diary.
STUBBORN = """
import os, pathlib, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = os.fork()
if child:
    pathlib.Path(sys.argv[1]).write_text(f"{os.getpid()} {child} ready")
while True: time.sleep(5)
"""


def child(name: str, script: str, *arguments: object, stop_seconds: float = 20.0) -> Process:
    argv = (sys.executable, "-S", "-c", script, *map(str, arguments))
    return Process(name, argv, stop_seconds=stop_seconds)


def is_alive(pid: int) -> bool:
    """Whether the process runs; one that only waits to be reaped does not."""
    found = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True)
    return bool(found.stdout.strip()) and not found.stdout.startswith("Z")


def wait_until(condition: object, seconds: float = 10.0) -> None:
    assert callable(condition)
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)


@pytest.fixture(autouse=True)
def hangups_are_heeded() -> Iterator[None]:
    """Also where the tests were started with nohup."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_stop_signal_asks_every_child_once_and_waits_for_it(tmp_path: Path, name: str) -> None:
    said: list[str] = []
    diary = tmp_path / "diary"
    status = run_until_stopped(
        [
            child("first", OBEDIENT, diary),
            child("second", OBEDIENT, diary),
            child("signaller", SIGNALLER, diary, 2, name),
        ],
        SystemClock(),
        said.append,
    )
    assert status == 0
    assert said == []
    assert sorted(diary.read_text().split()) == ["ready", "ready", "stopped", "stopped"]


def test_a_hangup_stops_nothing_that_was_started_with_nohup(tmp_path: Path) -> None:
    diary = tmp_path / "diary"
    hangs_up = """
import os, pathlib, signal, sys, time
os.kill(os.getppid(), signal.SIGHUP)
time.sleep(1)
pathlib.Path(sys.argv[1]).write_text("still here")
os.kill(os.getppid(), signal.SIGTERM)
time.sleep(5)
"""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    assert run_until_stopped([child("one", hangs_up, diary)], SystemClock(), print) == 0
    assert diary.read_text() == "still here"


def test_the_handlers_of_the_caller_are_put_back(tmp_path: Path) -> None:
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD)
    before = [signal.getsignal(number) for number in numbers]
    (tmp_path / "diary").write_text("ready")
    run_until_stopped(
        [child("signaller", SIGNALLER, tmp_path / "diary", 1, "SIGTERM")], SystemClock(), print
    )
    assert [signal.getsignal(number) for number in numbers] == before


def test_a_child_that_does_not_stop_in_time_is_ended_with_all_it_started(tmp_path: Path) -> None:
    said: list[str] = []
    diary = tmp_path / "diary"
    status = run_until_stopped(
        [
            child("worker", STUBBORN, diary, stop_seconds=0.2),
            child("signaller", SIGNALLER, diary, 1, "SIGTERM", stop_seconds=0.2),
        ],
        SystemClock(),
        said.append,
    )
    assert status == 0
    assert said == ["The worker did not stop in time and was ended."]
    for pid in map(int, diary.read_text().split()[:2]):
        wait_until(lambda pid=pid: not is_alive(pid))


def test_a_second_signal_does_not_wait_for_a_stubborn_child(tmp_path: Path) -> None:
    said: list[str] = []
    diary = tmp_path / "diary"
    rude = SIGNALLER.replace(
        "import os", "import signal; signal.signal(15, signal.SIG_IGN)\nimport os", 1
    )
    status = run_until_stopped(
        [
            child("worker", STUBBORN, diary, stop_seconds=3600),
            child("signaller", rude, diary, 1, "SIGINT", "SIGINT", stop_seconds=3600),
        ],
        SystemClock(),
        said.append,
    )
    assert status == 0
    assert "The worker did not stop in time and was ended." in said


def test_a_child_that_ends_by_itself_is_started_again(tmp_path: Path) -> None:
    said: list[str] = []
    diary = tmp_path / "diary"
    fails_twice = (
        "import pathlib, sys, os, signal, time\n"
        "diary = pathlib.Path(sys.argv[1])\n"
        "lives = len(diary.read_text()) if diary.exists() else 0\n"
        "diary.write_text('x' * (lives + 1))\n"
        "if lives == 0: sys.exit(3)\n"
        "if lives == 1: os.kill(os.getpid(), signal.SIGKILL)\n"
        "os.kill(os.getppid(), signal.SIGTERM)\n"
        "time.sleep(60)\n"
    )
    status = run_until_stopped(
        [child("worker", fails_twice, diary)], SystemClock(), said.append, QUICK
    )
    assert status == 0
    assert diary.read_text() == "xxx"
    assert said == [
        "The worker ended by itself (exit status 3); it is started again in 0.01 s.",
        "The worker ended by itself (signal SIGKILL); it is started again in 0.02 s.",
    ]


def test_a_child_that_ends_again_and_again_stops_everything(tmp_path: Path) -> None:
    said: list[str] = []
    diary = tmp_path / "diary"
    waits = (
        "import pathlib, sys, time\n"
        "diary = pathlib.Path(sys.argv[1])\n"
        "while not (diary.exists() and 'ready' in diary.read_text()): time.sleep(0.01)\n"
        "sys.exit(1)"
    )
    status = run_until_stopped(
        [child("web server", OBEDIENT, diary), child("worker", waits, diary)],
        SystemClock(),
        said.append,
        QUICK,
    )
    assert status == 1
    assert diary.read_text().split() == ["ready", "stopped"]
    assert said[-1] == (
        "The worker ended 3 times in a row (the last time with exit status 1), "
        "so everything is stopped."
    )


def test_the_wait_before_a_restart_doubles_up_to_a_limit() -> None:
    policy = Restarts(first_seconds=0.5, longest_seconds=5.0)
    assert [policy.delay(n) for n in range(1, 7)] == [0.5, 1.0, 2.0, 4.0, 5.0, 5.0]


def test_a_long_healthy_life_forgives_earlier_ends(tmp_path: Path) -> None:
    """With no life too short to be healthy, ten ends in a row never count as more than one."""
    said: list[str] = []
    diary = tmp_path / "diary"
    script = (
        "import pathlib, sys, os, signal, time\n"
        "diary = pathlib.Path(sys.argv[1])\n"
        "lives = len(diary.read_text()) if diary.exists() else 0\n"
        "diary.write_text('x' * (lives + 1))\n"
        "if lives < 5: sys.exit(1)\n"
        "os.kill(os.getppid(), signal.SIGTERM)\n"
        "time.sleep(60)\n"
    )
    policy = Restarts(first_seconds=0.01, healthy_after_seconds=0.0, give_up_after=2)
    status = run_until_stopped([child("worker", script, diary)], SystemClock(), said.append, policy)
    assert status == 0
    assert len(said) == 5


SUPERVISOR = """
import sys
from clock import SystemClock
from supervisor import Process, run_until_stopped
script, diary = sys.argv[1:]
child = Process("worker", (sys.executable, "-S", "-c", script, diary))
sys.exit(run_until_stopped([child], SystemClock(), lambda s: print(s, file=sys.stderr)))
"""


def start_supervisor(diary: Path) -> subprocess.Popen[str]:
    started = subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR, OBEDIENT, str(diary)],
        cwd=Path(__file__).parent.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    wait_until(lambda: diary.exists() and "ready" in diary.read_text())
    return started


def test_ctrl_c_at_the_terminal_reaches_the_children_once_and_prints_no_traceback(
    tmp_path: Path,
) -> None:
    diary = tmp_path / "diary"
    started = start_supervisor(diary)
    os.killpg(started.pid, signal.SIGINT)  # what a terminal does
    out, err = started.communicate(timeout=20)
    assert (started.returncode, out, err) == (0, "", "")
    assert diary.read_text().split() == ["ready", "stopped"]


if sys.platform == "linux":  # other systems cannot tell a child that its parent is gone

    def test_children_stop_even_when_the_supervisor_is_killed(tmp_path: Path) -> None:
        diary = tmp_path / "diary"
        started = start_supervisor(diary)
        started.kill()
        started.communicate(timeout=20)
        wait_until(lambda: "stopped" in diary.read_text())


def test_a_port_in_use_is_one_sentence_that_names_another() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert port_problem("127.0.0.1", port) == (
            f"Port {port} is in use: stop the program that uses it, "
            "or choose another, for example PORT=8080."
        )
    assert port_problem("127.0.0.1", port) is None


def test_a_foreign_address_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    assert port_problem("192.0.2.1", 8080) == (
        "HOST is 192.0.2.1, which is not an address of this machine."
    )

    def unknown(*_arguments: object, **_options: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert port_problem("no-such-name.example", 8080) == (
        "HOST is no-such-name.example, which is not an address of this machine."
    )


def test_a_data_folder_is_made_and_an_unwritable_one_is_one_sentence(tmp_path: Path) -> None:
    assert folder_problem(tmp_path / "new" / "folder") is None
    assert list((tmp_path / "new" / "folder").iterdir()) == []
    (tmp_path / "file").touch()
    assert folder_problem(tmp_path / "file" / "folder") == (
        f"The data folder {tmp_path}/file/folder cannot be written to (Not a directory): "
        "make it writable, or choose another with DATA_DIR."
    )


def test_the_real_children_run_with_this_python() -> None:
    assert web_process().argv[0] == worker_process().argv[0] == sys.executable
    assert web_process().argv[-1] == "app:create_app()"
    assert worker_process().argv[1:] == ("-m", "installation")
