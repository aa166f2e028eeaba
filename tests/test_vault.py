"""SECRET_KEY, data keys, sealed tokens, API keys and buyer hashes."""

from __future__ import annotations

import hashlib
import stat
import struct
from functools import partial
from pathlib import Path

import pytest

from errors import Refused
from store.secrets import (
    PURPOSES,
    Vault,
    WorkspaceSecrets,
    add_secret_key,
    keep_newest,
    key_id_of,
    new_bare_key,
    secret_keys,
)
from tests.installation import SECRET, at_once

OTHER_SECRET = "another-for-tests-0123456789-abcde"


def wrapped_by(vault: Vault, workspace_id: str = "alice") -> dict[str, str]:
    return {purpose: vault.new_data_key(workspace_id, purpose) for purpose in PURPOSES}


def _secret_keys_in(folder: Path, _number: int) -> list[str]:
    return secret_keys(folder)


def with_data_keys(letter: bytes) -> WorkspaceSecrets:
    return WorkspaceSecrets("alice", dict.fromkeys(PURPOSES, letter * 32))


def test_processes_that_start_at_once_agree_on_the_secret_key(tmp_path: Path) -> None:
    for number in range(20):
        folder = tmp_path / str(number)
        found = at_once(6, partial(_secret_keys_in, folder))
        assert found == [found[0]] * 6
        assert [path.name for path in folder.iterdir()] == ["secret_key"]


def test_the_generated_secret_key_is_kept_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    keys = secret_keys(folder)
    assert len(keys) == 1
    assert len(keys[0]) == 43
    assert secret_keys(folder) == keys
    assert stat.S_IMODE((folder / "secret_key").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_given_secret_key_is_not_written_down(tmp_path: Path) -> None:
    assert secret_keys(tmp_path, f"{SECRET}, {OTHER_SECRET}") == [SECRET, OTHER_SECRET]
    assert list(tmp_path.iterdir()) == []


def test_a_short_secret_key_is_refused() -> None:
    with pytest.raises(Refused, match="at least 32 characters"):
        Vault("x" * 31)


def test_data_keys_open_only_with_the_secret_key_they_were_wrapped_with() -> None:
    wrapped = wrapped_by(Vault(SECRET))
    Vault(SECRET).unwrap("alice", wrapped)
    with pytest.raises(Refused, match="SECRET_KEY is not the one"):
        Vault(OTHER_SECRET).unwrap("alice", wrapped)


def test_changing_the_secret_key_changes_no_token_no_hash_and_no_api_key() -> None:
    old, both, new = Vault(SECRET), Vault(OTHER_SECRET, SECRET), Vault(OTHER_SECRET)
    wrapped = wrapped_by(old)
    before = old.unwrap("alice", wrapped)
    sealed = before.seal("token", "here")
    rewrapped = {purpose: both.rewrap(text) for purpose, text in wrapped.items()}
    after = new.unwrap("alice", rewrapped)
    assert after.unseal(sealed, "here") == "token"
    assert after.key_matches("tts_x", before.key_digest("tts_x"))
    assert after.buyer_hasher()("7001") == before.buyer_hasher()("7001")
    with pytest.raises(Refused):
        old.unwrap("alice", rewrapped)


def test_the_file_holds_both_secret_keys_while_one_replaces_the_other(tmp_path: Path) -> None:
    first = secret_keys(tmp_path)[0]
    newer, older = add_secret_key(tmp_path)
    assert (older, secret_keys(tmp_path)) == (first, [newer, first])
    keep_newest(tmp_path)
    assert secret_keys(tmp_path) == [newer]
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600


def test_a_data_key_copied_to_another_workspace_or_purpose_is_refused() -> None:
    vault = Vault(SECRET)
    wrapped = wrapped_by(vault)
    with pytest.raises(Refused, match="cannot be read"):
        vault.unwrap("bob", wrapped)
    with pytest.raises(Refused, match="cannot be read"):
        vault.unwrap("alice", wrapped | {"tokens": wrapped["buyers"]})


def test_a_sealed_token_copied_to_another_place_or_workspace_is_refused() -> None:
    vault = Vault(SECRET)
    alice = vault.unwrap("alice", wrapped_by(vault))
    bob = vault.unwrap("bob", wrapped_by(vault, "bob"))
    sealed = alice.seal("token", "access token of 1")
    assert alice.unseal(sealed, "access token of 1") == "token"
    with pytest.raises(Refused):
        alice.unseal(sealed, "access token of 2")
    with pytest.raises(Refused):
        bob.unseal(sealed, "access token of 1")


def test_the_workspace_inside_a_sealed_token_counts_even_if_the_data_key_is_the_same() -> None:
    alice = with_data_keys(b"k")
    bob = WorkspaceSecrets("bob", dict.fromkeys(PURPOSES, b"k" * 32))
    with pytest.raises(Refused):
        bob.unseal(alice.seal("token", "here"), "here")


def test_a_buyer_hash_is_a_keyed_hash_and_the_integer_is_its_first_half() -> None:
    text, number = with_data_keys(b"k").buyer_hasher()("7494859032")
    expected = hashlib.blake2b(b"7494859032", key=b"k" * 32, digest_size=16).digest()
    assert text == expected.hex()
    assert number == struct.unpack(">q", expected[:8])[0]


def test_two_workspaces_hash_the_same_buyer_differently() -> None:
    assert with_data_keys(b"a").buyer_hasher()("1") != with_data_keys(b"b").buyer_hasher()("1")


def test_an_api_key_has_256_random_bits_and_shows_its_id() -> None:
    key_id, bare = new_bare_key()
    assert bare.startswith(f"tts_{key_id}_")
    assert len(bare.removeprefix(f"tts_{key_id}_")) == 43
    assert key_id_of(bare) == key_id


@pytest.mark.parametrize(
    "text", ["", "tts_", "tts_0123456789abcdef_short", "x" * 100_000, "tts_é", "ünïcode\udcff"]
)
def test_a_text_that_cannot_be_an_api_key_has_no_key_id(text: str) -> None:
    assert key_id_of(text) is None
