"""What is kept secret, and how.

    SECRET_KEY ──HKDF──> wrapping key ──Fernet──> data keys of a workspace (random, one per purpose)
                                                     ├── "tokens"  Fernet over TikTok's tokens
                                                     ├── "buyers"  keyed hash for a buyer id
                                                     └── "keys"    HMAC of the API keys

Only wrapped data keys are stored. Changing SECRET_KEY wraps them anew and changes no hash, no API
key and no sealed token. Whatever is sealed carries its place inside the ciphertext, so that a value
copied to another row or another workspace is refused.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import orjson
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from errors import Refused

#: The file in the data folder that keeps a generated SECRET_KEY, newest line first.
KEY_FILE: Final = "secret_key"

PURPOSES: Final = ("tokens", "buyers", "keys")

#: A shorter SECRET_KEY could be guessed.
SHORTEST_SECRET: Final = 32

_KEY_SHAPE = re.compile(r"tts_([0-9a-f]{16})_[A-Za-z0-9_-]{43}")


def secret_keys(folder: Path, given: str = "") -> list[str]:
    """The SECRET_KEY and its predecessors, newest first: `given` (comma-separated) when there is
    one, else what `folder/secret_key` holds; the file is made at the first start, mode 0600.

    Two processes that start at once agree: the file appears whole and is never replaced here.
    """
    if given:
        return [part.strip() for part in given.split(",") if part.strip()]
    path = folder / KEY_FILE
    if not path.exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = _written(folder, [secrets.token_urlsafe(32)])
        try:
            os.link(draft, path)
        except FileExistsError:
            pass  # another process was first; its key counts
        finally:
            draft.unlink()
    return path.read_text(encoding="ascii").split()


def add_secret_key(folder: Path) -> list[str]:
    """Put a new SECRET_KEY in front of those in the file; returns all, newest first. Wrap the data
    keys anew (`Accounts.rewrap`) before dropping the older ones with `keep_newest`."""
    keys = [secrets.token_urlsafe(32), *secret_keys(folder)]
    _written(folder, keys).replace(folder / KEY_FILE)
    return keys


def keep_newest(folder: Path) -> None:
    _written(folder, secret_keys(folder)[:1]).replace(folder / KEY_FILE)


def _written(folder: Path, lines: Sequence[str]) -> Path:
    draft = folder / f".{KEY_FILE}.{secrets.token_hex(8)}"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write("\n".join(lines) + "\n")
        file.flush()
        os.fsync(file.fileno())
    return draft


def random_token() -> str:
    """256 random bits as 43 characters that fit into a link, a cookie or a header."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """What is stored of a random token. It is too long to be guessed, so it needs no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()


def new_bare_key() -> tuple[str, str]:
    """(key id, bare API key). The id is the part by which the key is found and shown."""
    key_id = secrets.token_hex(8)
    return key_id, f"tts_{key_id}_{secrets.token_urlsafe(32)}"


def key_id_of(bare_key: str) -> str | None:
    """The id inside a bare API key; None for a text that cannot be a key."""
    match = _KEY_SHAPE.fullmatch(bare_key)
    return match[1] if match else None


class WorkspaceSecrets:
    """The unwrapped data keys of one workspace."""

    def __init__(self, workspace_id: str, data_keys: dict[str, bytes]) -> None:
        self.workspace_id = workspace_id
        self._sealer = Fernet(urlsafe_b64encode(data_keys["tokens"]))
        self._buyers = data_keys["buyers"]
        self._keys = data_keys["keys"]

    def seal(self, text: str, place: str) -> str:
        """Encrypt `text`; `place` names the row and column it belongs to."""
        content = {"workspace": self.workspace_id, "place": place, "text": text}
        return self._sealer.encrypt(orjson.dumps(content)).decode()

    def unseal(self, sealed: str, place: str) -> str:
        """Raises Refused when the ciphertext was made elsewhere or belongs elsewhere."""
        try:
            content = orjson.loads(self._sealer.decrypt(sealed.encode()))
        except InvalidToken:
            raise _misplaced(place) from None
        if (content["workspace"], content["place"]) != (self.workspace_id, place):
            raise _misplaced(place)
        return str(content["text"])

    def key_digest(self, bare_key: str) -> str:
        return hmac.digest(self._keys, bare_key.encode(), "sha256").hex()

    def key_matches(self, bare_key: str, stored: str) -> bool:
        return hmac.compare_digest(self.key_digest(bare_key), stored)

    def buyer_hasher(self) -> Callable[[str], tuple[str, int]]:
        """A function buyer id -> (32 hex characters, signed 64-bit integer of the first 16)."""
        # Keyed BLAKE2 is a MAC like HMAC; it keeps the interpreter, so that an import with several
        # threads does not wait for its turn after every buyer (HMAC cost 0.4 ms an order there).
        keyed = hashlib.blake2b(key=self._buyers[:64], digest_size=16)

        def buyer_hash(buyer_id: str) -> tuple[str, int]:
            mac = keyed.copy()
            mac.update(buyer_id.encode())
            digest = mac.digest()
            return digest.hex(), int.from_bytes(digest[:8], "big", signed=True)

        return buyer_hash


class Vault:
    """Wraps and unwraps data keys with the SECRET_KEY; older SECRET_KEYs can only unwrap."""

    def __init__(self, secret_key: str, *older: str) -> None:
        """Raises Refused for a SECRET_KEY that is too short to be safe."""
        if len(secret_key) < SHORTEST_SECRET:
            raise Refused(
                f"SECRET_KEY needs at least {SHORTEST_SECRET} characters. Remove the setting to "
                "have one generated and kept in the data folder.",
                code="internal",
            )
        self._wrapper = MultiFernet([_wrapping_key(key) for key in (secret_key, *older)])
        #: Signs what browsers keep for us; it ends with its SECRET_KEY.
        self.cookie_key = _derived(secret_key, b"cookies v1")

    @classmethod
    def open(cls, folder: Path, given: str = "") -> Vault:
        """The vault of a data folder; `given` is the setting SECRET_KEY, if any."""
        return cls(*secret_keys(folder, given))

    def new_data_key(self, workspace_id: str, purpose: str) -> str:
        content = {"workspace": workspace_id, "purpose": purpose, "key": secrets.token_hex(32)}
        return self._wrapper.encrypt(orjson.dumps(content)).decode()

    def rewrap(self, wrapped: str) -> str:
        """The same data key, wrapped by the newest SECRET_KEY."""
        try:
            return self._wrapper.rotate(wrapped.encode()).decode()
        except InvalidToken:
            raise _wrong_secret() from None

    def unwrap(self, workspace_id: str, wrapped: dict[str, str]) -> WorkspaceSecrets:
        """`wrapped` is by purpose. Raises Refused when SECRET_KEY is not the one they were wrapped
        with, or when a data key belongs to another workspace or purpose."""
        data_keys = {}
        for purpose in PURPOSES:
            try:
                content = orjson.loads(self._wrapper.decrypt(wrapped[purpose].encode()))
            except InvalidToken:
                raise _wrong_secret() from None
            if (content["workspace"], content["purpose"]) != (workspace_id, purpose):
                raise _misplaced(f"data key {purpose}")
            data_keys[purpose] = bytes.fromhex(content["key"])
        return WorkspaceSecrets(workspace_id, data_keys)


def _wrapping_key(secret_key: str) -> Fernet:
    return Fernet(urlsafe_b64encode(_derived(secret_key, b"workspace data keys v1")))


def _derived(secret_key: str, purpose: bytes) -> bytes:
    return HKDF(SHA256(), length=32, salt=None, info=purpose).derive(secret_key.encode())


def _wrong_secret() -> Refused:
    return Refused(
        "SECRET_KEY is not the one this data folder was made with. Put the former SECRET_KEY back.",
        code="internal",
    )


def _misplaced(place: str) -> Refused:
    return Refused(
        "A stored secret cannot be read. Connect the shop again, or restore the backup.",
        code="internal",
        debug=f"sealed value does not belong to {place}",
    )
