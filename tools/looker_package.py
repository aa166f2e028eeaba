"""`make looker-package URL=https://...`: the Looker Studio connector with its addresses filled in,
as a folder that clasp pushes. Says one sentence and stops when the manifest would be refused."""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import jsonschema

PROJECT: Final = Path(__file__).resolve().parent.parent / "looker_studio"
#: Stands in Code.js and in the manifest for the address of an installation.
PLACEHOLDER: Final = "https://tiktok-shop-source.example"
_COMPANY: Final = "TikTok Shop source"
#: The registry entry of what the connector is a source of.
_SOURCES: Final = ["TIKTOK_SHOP"]
FILES: Final = ("Code.js", "appsscript.json")


class Unfit(Exception):
    """The connector cannot be made; the text is for whoever asked."""


def checked_address(address: str) -> str:
    """`https://host` or `https://host/path` without a slash at its end; raises Unfit."""
    parts = urlsplit(address)
    if parts.scheme != "https" or not parts.hostname or parts.query or parts.fragment:
        raise Unfit("Give the address that people use, such as URL=https://data.example.com.")
    if parts.hostname == "localhost" or re.fullmatch(r"127[.\d]+|\[?::1\]?", parts.hostname):
        raise Unfit(f"Google cannot reach {address}: give the address that people use.")
    if not re.fullmatch(r"[A-Za-z0-9.:/_~-]+", address):
        raise Unfit(f"{address} has characters that an address in a script must not have.")
    return address.rstrip("/")


def filled(address: str, company: str) -> dict[str, str]:
    """The texts of Code.js and appsscript.json for an installation at `address`."""
    texts = {name: (PROJECT / name).read_text(encoding="utf-8") for name in FILES}
    filled_in = {name: text.replace(PLACEHOLDER, address) for name, text in texts.items()}
    manifest = json.loads(filled_in["appsscript.json"])
    manifest["dataStudio"]["company"] = company.strip() or _COMPANY
    check_manifest(manifest, address)
    filled_in["appsscript.json"] = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
    return filled_in


def check_manifest(manifest: Mapping[str, Any], address: str) -> None:
    """Raises Unfit when the gallery would refuse it or the script could not reach `address`."""
    schema = json.loads((PROJECT / "manifest.schema.json").read_text(encoding="utf-8"))
    problem = next(jsonschema.Draft202012Validator(schema).iter_errors(manifest), None)
    if problem is not None:
        raise Unfit(f"The manifest is not fit: {problem.json_path}: {problem.message}")
    if manifest.get("urlFetchWhitelist") != [f"{address}/connector/v1/"]:
        raise Unfit("The manifest must allow the connector's own calls and nothing else.")
    if manifest["oauthScopes"] != ["https://www.googleapis.com/auth/script.external_request"]:
        raise Unfit("The manifest must ask for the permission to call this service only.")
    studio = manifest["dataStudio"]
    for name in ("name", "company", "description"):
        if not studio[name].strip():
            raise Unfit(f"The manifest needs a {name}.")
    if studio.get("sources") != _SOURCES:
        raise Unfit("The manifest must name TIKTOK_SHOP as its only source.")
    for name, text in studio.items():
        if name.endswith("Url") and not text.startswith(f"{address}/"):
            raise Unfit(f"{name} in the manifest is no page of {address}.")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default=os.environ.get("PUBLIC_URL", ""))
    parser.add_argument("--company", default=os.environ.get("OPERATOR", ""))
    parser.add_argument("--into", type=Path, default=PROJECT / "build")
    chosen = parser.parse_args(arguments)
    try:
        texts = filled(checked_address(chosen.url), chosen.company)
    except Unfit as unfit:
        sys.stderr.write(f"{unfit}\n")
        return 1
    chosen.into.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (chosen.into / name).write_text(text, encoding="utf-8")
    sys.stdout.write(f"{chosen.into} is ready to push: see docs/deploy_looker.md.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
