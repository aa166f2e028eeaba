"""`tools/set_up.sh`: what a person sees when it works, and one sentence for each thing in the way.

A made-up Python stands in for the real one: a shell script that answers the few questions that the
set-up asks, and whose `pip` prints what real pip prints in that trouble.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parent.parent

#: What the script calls besides Python. `cc` and `gcc` are left out on purpose.
TOOLS: Final = (
    *("bash", "cat", "chmod", "cmp", "cp", "dirname", "env", "grep", "head", "mkdir", "rm", "sed"),
    *("tail", "uname"),
)

FAKE_PYTHON: Final = """#!/usr/bin/env bash
echo "$*" >>"$DIARY"
case "$*" in
*'sys.exit(sys.version_info'*) exit "${TOO_OLD:-0}" ;;
*'version_info[:3]'*) echo "${VERSION:-3.11.7}" ;;
*'import venv'*) exit "${NO_VENV:-0}" ;;
'-m venv .venv') mkdir -p .venv/bin; cp "$0" .venv/bin/python; chmod +x .venv/bin/python ;;
'-m pip install'*) printf '%s\\n' "${PIP_SAYS:-fine}"; exit "${PIP_EXIT:-0}" ;;
esac
"""


class Checkout:
    """A bare checkout in a folder of its own, on a machine that has the given commands only."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "checkout"
        self.bin = folder / "bin"
        self.diary = folder / "diary"
        (self.folder / "tools").mkdir(parents=True)
        self.bin.mkdir()
        shutil.copy2(ROOT / "tools/set_up.sh", self.folder / "tools/set_up.sh")
        (self.folder / "requirements.lock").write_text("one==1.0\ntwo==2.0\n")
        for tool in TOOLS:
            (self.bin / tool).symlink_to(shutil.which(tool) or tool)
        self.has_command("python3.11", FAKE_PYTHON)

    def has_command(self, name: str, script: str) -> None:
        command = self.bin / name
        command.unlink(missing_ok=True)  # else a link would lead the writing to the real command
        with command.open("x") as file:
            file.write(script)
        command.chmod(0o755)

    def set_up(self, **environ: str) -> subprocess.CompletedProcess[str]:
        self.diary.write_text("")
        return subprocess.run(
            ["tools/set_up.sh"],
            cwd=self.folder,
            env={"PATH": str(self.bin), "DIARY": str(self.diary), **environ},
            capture_output=True,
            text=True,
        )

    def sentence(self, **environ: str) -> str:
        """The only line on standard error of a set-up that must fail."""
        failed = self.set_up(**environ)
        assert failed.returncode == 1
        assert not (self.folder / ".venv/installed.lock").exists()
        (line,) = failed.stderr.splitlines()
        return line

    def installs(self) -> int:
        return self.diary.read_text().count("-m pip install")


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def test_it_says_what_it_does_in_three_lines(checkout: Checkout) -> None:
    done = checkout.set_up()
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "Setting up with Python 3.11.7: a virtual environment in .venv",
        "Installing 2 packages from requirements.lock (a minute or two, only when it changes)",
        "Installed.",
    ]
    assert "--require-hashes -r requirements.lock" in checkout.diary.read_text()


def test_a_second_time_it_does_and_says_nothing(checkout: Checkout) -> None:
    checkout.set_up()
    again = checkout.set_up()
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    assert checkout.installs() == 0


def test_it_installs_again_when_the_lock_changes(checkout: Checkout) -> None:
    checkout.set_up()
    (checkout.folder / "requirements.lock").write_text("one==1.1\n")
    assert checkout.set_up().stdout.startswith("Installing 1 packages")
    assert checkout.installs() == 1
    assert checkout.set_up().stdout == ""


def test_an_interrupted_install_is_done_again(checkout: Checkout) -> None:
    checkout.set_up(PIP_EXIT="1")
    assert checkout.set_up().stdout.splitlines()[-1] == "Installed."
    assert checkout.installs() == 1


def test_going_back_to_the_old_lock_after_a_failed_install_installs_again(
    checkout: Checkout,
) -> None:
    lock = checkout.folder / "requirements.lock"
    before = lock.read_text()
    checkout.set_up()
    lock.write_text("one==1.1\n")
    checkout.set_up(PIP_EXIT="1")
    lock.write_text(before)
    checkout.set_up()
    assert checkout.installs() == 1


def test_an_environment_whose_python_is_gone_is_made_anew(checkout: Checkout) -> None:
    checkout.set_up()
    (checkout.folder / ".venv/bin/python").unlink()
    assert checkout.set_up().stdout.startswith("Setting up with Python 3.11.7")


def test_no_python(checkout: Checkout) -> None:
    (checkout.bin / "python3.11").unlink()
    assert checkout.sentence() == (
        "No Python was found: install Python 3.11 or newer, or name one with "
        "PYTHON=/path/to/python3.11, and run this again."
    )


def test_a_python_that_is_too_old(checkout: Checkout) -> None:
    (checkout.bin / "python3.11").rename(checkout.bin / "python3")
    assert checkout.sentence(TOO_OLD="1", VERSION="3.8.10") == (
        "Python 3.8.10 is too old: install Python 3.11 or newer, or name one with "
        "PYTHON=/path/to/python3.11, and run this again."
    )


def test_an_old_python3_does_not_hide_a_newer_one(checkout: Checkout) -> None:
    checkout.has_command("python3", "#!/usr/bin/env bash\necho 3.8.10; exit 1\n")
    (checkout.bin / "python3.11").rename(checkout.bin / "python3.13")
    assert checkout.set_up(VERSION="3.13.1").stdout.startswith("Setting up with Python 3.13.1")


def test_a_python_named_by_hand(checkout: Checkout) -> None:
    other = checkout.bin / "my-python"
    (checkout.bin / "python3.11").rename(other)
    assert checkout.set_up(PYTHON=str(other)).returncode == 0


def test_a_python_without_venv(checkout: Checkout) -> None:
    assert checkout.sentence(NO_VENV="1") == (
        "Python 3.11.7 cannot make virtual environments: install its venv module "
        "(Debian and Ubuntu: apt install python3.11-venv) and run this again."
    )


def test_a_folder_that_cannot_be_written_to(checkout: Checkout) -> None:
    checkout.has_command("mkdir", "#!/usr/bin/env bash\nexit 1\n")
    assert checkout.sentence() == (
        f"This folder cannot be written to ({checkout.folder}): make it writable and run this "
        "again."
    )


NO_NETWORK: Final = """WARNING: Retrying (Retry(total=0, connect=None)) after connection broken by \
'NewConnectionError('<HTTPSConnection object>: Failed to establish a new connection: [Errno -3] \
Temporary failure in name resolution')': /simple/one/
ERROR: Could not find a version that satisfies the requirement one==1.0 (from versions: none)
ERROR: No matching distribution found for one==1.0"""

NO_COMPILER: Final = """Building wheels for collected packages: two
  error: command 'gcc' failed: No such file or directory
  ERROR: Failed building wheel for two
ERROR: Failed to build one or more wheels"""

NOT_THE_SAME: Final = """ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.
    one==1.0:"""


def test_no_network(checkout: Checkout) -> None:
    assert checkout.sentence(PIP_EXIT="1", PIP_SAYS=NO_NETWORK) == (
        "The packages could not be fetched: check the network connection (or the proxy settings) "
        "and run this again."
    )


def test_no_wheel_and_no_compiler(checkout: Checkout) -> None:
    sentence = checkout.sentence(PIP_EXIT="1", PIP_SAYS=NO_COMPILER, VERSION="3.14.0")
    assert sentence.startswith(
        f"two has no ready-made wheel for this Python (3.14.0 on {os.uname().machine}) "
        "and there is no compiler to build it: install gcc ("
    )


def test_no_wheel_and_a_compiler_that_did_not_help(checkout: Checkout) -> None:
    checkout.has_command("gcc", "#!/usr/bin/env bash\n")
    sentence = checkout.sentence(PIP_EXIT="1", PIP_SAYS=NO_COMPILER)
    assert sentence.endswith(
        "and could not be built here: use Python 3.11, 3.12 or 3.13, or read .venv/install.log."
    )


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (NOT_THE_SAME, "A package was not the one that requirements.lock names (its checksum"),
        ("ERROR: [Errno 28] No space left on device", "The disk is full: make room"),
        (
            "ERROR: No matching distribution found for two==2.0",
            "two==2.0 cannot be had for Python 3.11.7 on",
        ),
        (
            "ERROR: something nobody thought of",
            "The packages could not be installed (the whole story is in .venv/install.log): ",
        ),
    ],
)
def test_other_trouble_of_pip(checkout: Checkout, said: str, sentence: str) -> None:
    assert checkout.sentence(PIP_EXIT="1", PIP_SAYS=said).startswith(sentence)
