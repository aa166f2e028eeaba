"""Looks for secrets in the files that git would keep; works without a network.

Known harmless finds (dummies in tests, test vectors) stand in `.secrets.baseline`, by file and
hash; anything else ends the scan with status 1 and one line per find. After reading each find:
`python tools/secret_scan.py --accept` writes the baseline anew.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

from detect_secrets.core import baseline
from detect_secrets.core.secrets_collection import SecretsCollection
from detect_secrets.settings import transient_settings

ROOT: Final = Path(__file__).resolve().parent.parent
BASELINE: Final = ROOT / ".secrets.baseline"

#: Checksums of packages are not secrets.
NOT_SCANNED: Final = (
    "requirements.lock",
    "requirements-run.lock",
    "package-lock.json",
    ".baseline",
)

PLUGINS: Final = (
    "ArtifactoryDetector", "AWSKeyDetector", "AzureStorageKeyDetector", "BasicAuthDetector",
    "CloudantDetector", "DiscordBotTokenDetector", "GitHubTokenDetector", "GitLabTokenDetector",
    "JwtTokenDetector", "KeywordDetector", "MailchimpDetector", "NpmDetector", "OpenAIDetector",
    "PrivateKeyDetector", "SendGridDetector", "SlackDetector", "SquareOAuthDetector",
    "StripeDetector", "TwilioKeyDetector",
)  # fmt: skip
CONFIGURATION: Final = {
    "plugins_used": [
        *({"name": name} for name in PLUGINS),
        {"name": "HexHighEntropyString", "limit": 3.0},
        {"name": "Base64HighEntropyString", "limit": 4.5},
    ],
    "filters_used": [
        {"path": "detect_secrets.filters.allowlist.is_line_allowlisted"},
        {"path": "detect_secrets.filters.heuristic.is_sequential_string"},
        {"path": "detect_secrets.filters.heuristic.is_potential_uuid"},
        {"path": "detect_secrets.filters.heuristic.is_templated_secret"},
        {"path": "detect_secrets.filters.heuristic.is_indirect_reference"},
        {"path": "detect_secrets.filters.heuristic.is_not_alphanumeric_string"},
        {"path": "detect_secrets.filters.heuristic.is_prefixed_with_dollar_sign"},
    ],
}


def kept_files() -> list[str]:
    """Tracked files and new ones that are not ignored, relative to the checkout."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],  # noqa: S607
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    names = sorted(set(filter(None, listed.stdout.split("\0"))))
    return [name for name in names if not name.endswith(NOT_SCANNED) and (ROOT / name).is_file()]


def scan(names: list[str]) -> SecretsCollection:
    """The finds in files named relative to the working folder, by those names."""
    found = SecretsCollection()
    with transient_settings(CONFIGURATION):
        for name in names:
            found.scan_file(name)
    return found


def accepted() -> set[tuple[str, str]]:
    """(file, hash) of every find that somebody has read and found harmless."""
    if not BASELINE.exists():
        return set()
    known = json.loads(BASELINE.read_text(encoding="utf-8"))["results"]
    return {(name, find["hashed_secret"]) for name, finds in known.items() for find in finds}


def main(arguments: list[str]) -> int:
    os.chdir(ROOT)
    found = scan(kept_files())
    if arguments == ["--accept"]:
        with transient_settings(CONFIGURATION):
            written = baseline.format_for_output(found)
        # Without the moment of writing, so that an unchanged tree gives an unchanged file.
        written.pop("generated_at", None)
        BASELINE.write_text(json.dumps(written, indent=2) + "\n", encoding="utf-8")
        return 0
    known = accepted()
    new = [find for name, find in found if (name, find.secret_hash) not in known]
    for find in sorted(new, key=lambda find: (find.filename, find.line_number)):
        print(f"{find.filename}:{find.line_number}: this looks like a secret ({find.type})")
    return 1 if new else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
