"""Rules about the code base itself: files, names, packaging, container, build server."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from settings import Settings
from supervisor import worker_process
from tests.test_floors import APART, FLOOR_OF, our_modules
from tools import secret_scan

pytestmark = pytest.mark.slow

ROOT: Final = Path(__file__).resolve().parent.parent
MODULES: Final = our_modules()

#: Nothing but tables; as long as the tables are many.
DECLARATIONS: Final = frozenset({"catalogue/tables.py"})

TEXT_SUFFIXES: Final = {".py", ".md", ".toml", ".yaml", ".json", ".js", ".html", ".css", ".sh"}


def kept_texts() -> dict[str, str]:
    """What git keeps of the tree, by name, except generated lists of checksums."""
    return {
        name: (ROOT / name).read_text(encoding="utf-8")
        for name in secret_scan.kept_files()
        if Path(name).suffix in TEXT_SUFFIXES or "." not in Path(name).name
    }


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def lines_of_code(source: str) -> int:
    """Lines that hold something else than a comment or a docstring."""
    documents = (ast.Module, ast.ClassDef, ast.FunctionDef)
    inside: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, documents) and ast.get_docstring(node):
            inside |= {*range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1)}
    lines = enumerate(source.splitlines(), start=1)
    return sum(
        1
        for number, line in lines
        if number not in inside and line.strip() and not line.lstrip().startswith("#")
    )


def test_lines_of_code_leave_out_what_is_said_about_it() -> None:
    assert (
        lines_of_code('"""One\ntwo."""\n\n# three\nx = 1\ndef f():\n    "f"\n    return x\n') == 3
    )


@pytest.mark.parametrize("name", sorted(MODULES))
def test_a_module_says_what_it_is_and_is_not_too_long(name: str) -> None:
    tree = ast.parse(MODULES[name])
    if not tree.body:
        return
    assert ast.get_docstring(tree), "a module begins with a docstring"
    if name not in DECLARATIONS:
        assert lines_of_code(MODULES[name]) <= 350, "is it two things?"
    if any(isinstance(node, ast.FunctionDef | ast.ClassDef) for node in tree.body):
        assert "from __future__ import annotations" in MODULES[name]


def test_no_module_has_a_name_that_says_nothing() -> None:
    empty_words = {
        "util",
        "utils",
        "helper",
        "helpers",
        "manager",
        "data",
        "info",
        "misc",
        "common",
    }
    assert [name for name in MODULES if {*Path(name).parts, Path(name).stem} & empty_words] == []


def test_nothing_is_left_unfinished() -> None:
    words = re.compile(r"TODO|FIXME|XXX:|NotImplementedError")
    code = {name: text for name, text in kept_texts().items() if name.endswith((".py", ".js"))}
    code.pop("tests/test_house.py")
    assert [name for name, text in code.items() if words.search(text)] == []


def test_no_test_is_skipped_or_expected_to_fail() -> None:
    marks = re.compile(r"mark\.(skip|xfail)" + "|" + r"pytest\.(xfail)\b")
    tests = {name: text for name, text in kept_texts().items() if name.startswith("tests/")}
    tests.pop("tests/test_house.py")
    assert [name for name, text in tests.items() if marks.search(text)] == []


def test_the_tree_names_no_place_outside_itself() -> None:
    """Only the build server's script says where the official samples are."""
    outside = re.compile(r"\.\./" + "shared" + "|" + "/work" + "/")
    named = [name for name, text in kept_texts().items() if outside.search(text)]
    assert set(named) <= {".ci/run"}


def test_every_test_file_asserts_something() -> None:
    for path in (ROOT / "tests").glob("test_*.py"):
        assert re.search(r"\bassert\b|\braises\(", path.read_text(encoding="utf-8")), path.name


# --- packages ---


def locked(name: str) -> dict[str, tuple[str, list[str]]]:
    """{package: (version, checksums)} of a lock."""
    found: dict[str, tuple[str, list[str]]] = {}
    for entry in re.split(r"\n(?=\S)", read(name)):
        if match := re.match(r"([a-z0-9-]+)==(\S+)", entry):
            found[match[1]] = (match[2], re.findall(r"--hash=sha256:([0-9a-f]{64})", entry))
    return found


def declared(extra: str | None = None) -> set[str]:
    project: dict[str, Any] = tomllib.loads(read("pyproject.toml"))["project"]
    lines = project["optional-dependencies"][extra] if extra else project["dependencies"]
    return {re.split(r"[<>=!~\[; ]", line)[0].lower().replace("_", "-") for line in lines}


def test_every_declared_package_is_locked_with_its_checksums() -> None:
    everything, running = locked("requirements.lock"), locked("requirements-run.lock")
    assert declared() <= running.keys()
    assert declared() | declared("dev") <= everything.keys()
    assert all(hashes for _, hashes in everything.values())
    assert {name: everything[name] for name in running} == running
    assert not declared("dev") & running.keys()


def test_the_locks_name_no_host() -> None:
    for name in ("requirements.lock", "requirements-run.lock"):
        assert "://" not in read(name)


def test_the_tests_run_with_the_locked_versions() -> None:
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "list", "--format=freeze", "--disable-pip-version-check"],
        capture_output=True,
        text=True,
        check=True,
    )
    installed = {
        name.lower().replace("_", "-").replace(".", "-"): version
        for name, _, version in (line.partition("==") for line in listed.stdout.splitlines())
    }
    wanted = {name: version for name, (version, _) in locked("requirements.lock").items()}
    wrong = {n: (v, installed[n]) for n, v in wanted.items() if installed.get(n, v) != v}
    assert wrong == {}
    assert declared() | declared("dev") <= installed.keys()


# --- container ---


def compose() -> dict[str, Any]:
    loaded = yaml.safe_load(read("compose.yaml"))
    assert isinstance(loaded, dict)
    return loaded


def test_web_and_worker_share_one_image_and_one_volume() -> None:
    services = compose()["services"]
    assert services.keys() == {"web", "worker"}
    for service in services.values():
        assert service["image"] == "tiktok-shop-source"
        assert service["volumes"] == ["data:/data"]
        assert service["read_only"] is True
        assert service["tmpfs"] == ["/tmp"]
        assert service["cap_drop"] == ["ALL"]
        assert service["environment"]["DATA_DIR"] == "/data"
    assert services["worker"]["command"] == ["python", *worker_process().argv[1:]]
    assert "command" not in services["web"]


def test_compose_refuses_to_start_without_a_secret_key_and_listens_on_loopback_only() -> None:
    web = compose()["services"]["web"]
    assert web["environment"]["SECRET_KEY"].startswith("${SECRET_KEY:?")
    assert web["ports"] == ["127.0.0.1:${PORT:-8080}:8080"]


def test_container_settings_are_settings() -> None:
    known = {name.upper() for name in Settings.model_fields}
    assert compose()["services"]["web"]["environment"].keys() <= known
    block = re.search(r"^ENV (.*?[^\\])\n", read("Dockerfile"), re.MULTILINE | re.DOTALL)
    assert block is not None
    variables = set(re.findall(r"([A-Z_]+)=", block[1]))
    assert variables - {"PATH", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE"} <= known


def test_the_image_runs_as_nobody_special_and_copies_what_exists() -> None:
    lines = read("Dockerfile").splitlines()
    users = [line.split()[1] for line in lines if line.startswith("USER")]
    assert users == ["10001"]
    assert lines.index("USER 10001") < lines.index(next(x for x in lines if x.startswith("CMD")))
    for line in lines:
        if line.startswith("COPY") and "--from" not in line:
            for source in line.split()[1:-1]:
                assert (ROOT / source).exists()
    assert "/healthz" in read("Dockerfile")
    assert "gunicorn_conf.py" in read("Dockerfile")


def test_no_data_secret_or_test_goes_into_the_image_and_every_module_does() -> None:
    ignored = read(".dockerignore").splitlines()
    assert {".*", "data", "tests"} <= set(ignored)
    rooms = {*FLOOR_OF, APART}
    assert not rooms & set(ignored)
    assert not {f"{room}.py" for room in rooms} & set(ignored)


def test_gunicorn_accepts_its_settings(tmp_path: Path) -> None:
    (tmp_path / "tiny.py").write_text("def app(environ, start_response): return []\n")
    command = [sys.executable, "-m", "gunicorn", "-c", str(ROOT / "gunicorn_conf.py")]
    checked = subprocess.run(
        [*command, "--print-config", "--chdir", str(tmp_path), "tiny:app"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PORT": "9001", "WEB_THREADS": "3"},
        capture_output=True,
        text=True,
    )
    assert checked.returncode == 0, checked.stderr
    options = dict(re.findall(r"^(\w+) += (.*)$", checked.stdout, re.MULTILINE))
    assert options["bind"] == "['127.0.0.1:9001']"
    assert (options["workers"], options["threads"]) == ("2", "3")
    assert options["worker_class"] == "<HeadWorker()>"
    assert (options["preload_app"], options["accesslog"]) == ("False", "None")
    assert options["control_socket_disable"] == "True"
    assert options["limit_request_line"] == "8190"


def test_gunicorn_says_one_sentence_when_a_setting_is_bad() -> None:
    command = [sys.executable, "-m", "gunicorn", "-c", "gunicorn_conf.py", "tiny:app"]
    refused = subprocess.run(
        command, cwd=ROOT, env={"HOST": "0.0.0.0"}, capture_output=True, text=True
    )
    assert refused.returncode != 0
    assert refused.stderr.startswith("SECRET_KEY must be set when HOST is 0.0.0.0")
    assert len(refused.stderr.splitlines()) == 1


# --- commands, hooks, build server ---


def test_the_makefile_has_the_promised_commands() -> None:
    targets = set(re.findall(r"^([a-z-]+):", read("Makefile"), re.MULTILINE))
    assert {"run", "test", "quick", "soak", "check", "bench", "clean"} <= targets
    for target in ("run", "test", "quick", "soak", "check", "bench"):
        planned = subprocess.run(
            ["make", "--dry-run", target], cwd=ROOT, capture_output=True, text=True, check=True
        )
        assert "tools/set_up.sh" in planned.stdout, f"{target} works from a bare checkout"


def test_the_build_server_runs_the_developers_commands() -> None:
    script = ROOT / ".ci/run"
    assert os.access(script, os.X_OK)
    text = script.read_text(encoding="utf-8")
    assert "set -euo pipefail" in text
    assert [line for line in text.splitlines() if line.startswith("make ")] == [
        "make check",
        "make test",
        "make soak FOR=900",
    ]


@pytest.mark.parametrize(
    ("reason", "wanted", "status"),
    [
        ("There is no nginx", "", 0),
        ("There is no nginx", "1", 1),
        ("There is no nginx", "but-samples", 1),
        ("TIKTOK_SAMPLES is not set", "1", 1),
        ("TIKTOK_SAMPLES is not set", "but-samples", 0),
    ],
)
def test_on_the_build_server_a_skipped_test_fails_the_run(
    tmp_path: Path, reason: str, wanted: str, status: int
) -> None:
    (tmp_path / "test_it.py").write_text(
        f"import pytest\n\ndef test_it():\n    pytest.skip({reason!r})\n"
    )
    command = [sys.executable, "-m", "pytest", "-p", "tests.conftest", "-q", "-c", os.devnull]
    ended = subprocess.run(
        [*command, "--rootdir", str(tmp_path), str(tmp_path)],
        cwd=ROOT,
        env=os.environ | {"NOTHING_SKIPPED": wanted},
        capture_output=True,
        text=True,
    )
    assert ended.returncode == status, ended.stdout + ended.stderr


def test_the_published_workflow_names_actions_by_commit_and_tries_what_it_says() -> None:
    jobs = yaml.safe_load(read(".github/workflows/ci.yml"))["jobs"]
    steps = [step for job in jobs.values() for step in job["steps"]]
    actions = [step["uses"] for step in steps if "uses" in step]
    assert actions
    assert [one for one in actions if not re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", one)] == []
    (tried,) = (step["run"] for step in steps if "touch /venv/x" in step.get("run", ""))
    before, _, _ = tried.partition("touch /venv/x")
    assert "--read-only" not in before, "a root that nobody can write would hide who may"
    audited = {step["run"].rpartition(" ")[2] for step in steps if "npm audit" in str(step)}
    locks = [*ROOT.glob("*/package-lock.json"), *ROOT.glob("*/*/package-lock.json")]
    assert audited == {lock.parent.relative_to(ROOT).as_posix() for lock in locks}


@pytest.mark.parametrize("script", [".ci/run", "tools/set_up.sh", "tools/lock.sh"])
def test_shell_scripts_are_well_formed_and_executable(script: str) -> None:
    assert os.access(ROOT / script, os.X_OK)
    subprocess.run(["bash", "-n", script], cwd=ROOT, check=True)


def test_hooks_run_what_is_installed_and_download_nothing() -> None:
    repositories = yaml.safe_load(read(".pre-commit-config.yaml"))["repos"]
    assert [repository["repo"] for repository in repositories] == ["local"]
    hooks = repositories[0]["hooks"]
    assert {hook["language"] for hook in hooks} == {"system"}
    assert {"ruff", "ruff-format", "mypy", "secrets"} <= {hook["id"] for hook in hooks}


def test_a_planted_secret_is_found(tmp_path: Path) -> None:
    planted = tmp_path / "planted.py"
    digits = "9f86d081884c7d65" * 2 + "a1b2c3d4"  # pragma: allowlist secret
    key = "AKIA" + "Q3EGRTF7Y2KMWZ5P"
    planted.write_text(f"aws = '{key}'\napp_secret = '{digits}'\nharmless = 'a sentence'\n")
    lines = {find.line_number for _, find in secret_scan.scan([str(planted)])}
    assert lines == {1, 2}
