"""Trees, paths, checkpoints and proofs, with no database."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from xinqiao.kit import canonical
from xinqiao.vault.audit import Checkpoint, Inclusion, proof
from xinqiao.vault.audit.proof import EMPTY, Range

LEAVES = [
    bytes.fromhex(data) for data in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_of_the_certificate_transparency_test_vectors(size: int) -> None:
    assert proof.root([proof.leaf_hash(leaf) for leaf in LEAVES[:size]]).hex() == ROOTS[size - 1]


def test_the_root_of_no_leaves_is_the_hash_of_nothing() -> None:
    assert proof.root([]) == hashlib.sha256(b"").digest()


def split_root(leaves: list[bytes]) -> bytes:
    """RFC 6962 §2.1 to the letter: split at the largest power of two below the size."""
    if len(leaves) == 1:
        return leaves[0]
    half = 1 << ((len(leaves) - 1).bit_length() - 1)
    return proof.node_hash(split_root(leaves[:half]), split_root(leaves[half:]))


hashes = st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=70)


@given(hashes)
def test_building_by_levels_gives_the_standards_tree(leaves: list[bytes]) -> None:
    assert proof.root(leaves) == split_root(leaves)


@given(hashes, st.data())
def test_every_leafs_path_leads_to_the_root_and_no_other_place_does(leaves: list[bytes], data: st.DataObject) -> None:
    tree, root = proof.levels(leaves), proof.root(leaves)
    index = data.draw(st.integers(0, len(leaves) - 1))
    path = proof.path(tree, index)
    assert proof.root_by_path(leaves[index], index, len(leaves), path) == root
    for wrong in {index - 1, index + 1, len(leaves)} - {index}:
        found = proof.root_by_path(leaves[index], wrong, len(leaves), path)
        assert found != root or leaves[index] == leaves[min(wrong, len(leaves) - 1)]
    assert proof.root_by_path(leaves[index], index, len(leaves), [*path, EMPTY]) is None
    if path:
        assert proof.root_by_path(leaves[index], index, len(leaves), path[:-1]) is None


SIGNING = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = SIGNING.public_key().public_bytes_raw()
KEYS = {proof.key_id(PUBLIC): PUBLIC}


def inclusions(count: int) -> list[Inclusion]:
    entries = [{"tenant": "t", "lane": 1 + n % 2, "seq": 3 + n // 2, "data": {"n": n}} for n in range(count)]
    entries.sort(key=lambda one: (one["lane"], one["seq"]))
    leaves = [proof.leaf_hash(canonical(one)) for one in entries]
    lanes = [[one["seq"] for one in entries if one["lane"] == lane] for lane in (1, 2)]
    ranges = tuple(Range(lane, seqs[0], seqs[-1]) for lane, seqs in zip((1, 2), lanes, strict=True) if seqs)
    drawn = Checkpoint("t", 4, datetime(2026, 3, 2, tzinfo=UTC), EMPTY, ranges, 100, proof.root(leaves), proof.key_id(PUBLIC))
    signed = proof.signed(drawn, SIGNING.sign(canonical(drawn.body())))
    tree = proof.levels(leaves)
    return [Inclusion(entry, tuple(proof.path(tree, index)), signed) for index, entry in enumerate(entries)]


@given(st.integers(1, 40))
def test_every_proof_holds_with_only_the_public_key_and_survives_json(count: int) -> None:
    for one in inclusions(count):
        assert proof.check(Inclusion.from_json(one.to_json()), KEYS) == []


@given(st.integers(2, 20), st.data())
def test_any_altered_part_of_a_proof_is_named(count: int, data: st.DataObject) -> None:
    one = data.draw(st.sampled_from(inclusions(count)))
    given_json = one.to_json()
    part = data.draw(st.sampled_from(["data", "seq", "lane", "tenant", "path", "root", "total", "signature", "number", "at", "ranges"]))
    if part == "data":
        given_json["entry"]["data"] = {"n": -1}
    elif part in ("seq", "lane"):
        given_json["entry"][part] += 1
    elif part == "tenant":
        given_json["entry"]["tenant"] = "u"
    elif part == "path":
        given_json["path"][0] = "00" * 32
    elif part in ("root", "signature"):
        given_json["checkpoint"][part] = "00" + given_json["checkpoint"][part][2:]
        if given_json == one.to_json():
            return
    elif part in ("total", "number"):
        given_json["checkpoint"][part] += 1
    elif part == "at":
        given_json["checkpoint"]["at"] = "2026-03-03T00:00:00Z"
    else:
        given_json["checkpoint"]["ranges"][0][2] += 1
    problems = proof.check(Inclusion.from_json(given_json), KEYS)
    assert problems
    assert any("checkpoint 4" in problem or "checkpoint 5" in problem or "entry" in problem for problem in problems)


def test_an_untrusted_key_is_not_enough() -> None:
    one = inclusions(3)[0]
    other = Ed25519PrivateKey.from_private_bytes(b"x" * 32)
    raw = other.public_key().public_bytes_raw()
    forged = replace(one.checkpoint, key=proof.key_id(raw))
    forged = proof.signed(forged, other.sign(canonical(forged.body())))
    assert proof.check(replace(one, checkpoint=forged), KEYS) == ["checkpoint 4: no trusted key signed it as it stands"]
    assert proof.check(one, {}) != []
    assert proof.check(one, {proof.key_id(PUBLIC): raw}) != []


@pytest.mark.parametrize(
    "given_json", [{}, {"entry": {}, "path": ["zz"], "checkpoint": {}}, {"entry": {}, "path": [], "checkpoint": {"format": "x"}}]
)
def test_what_is_no_proof_is_refused(given_json) -> None:
    with pytest.raises(ValueError, match=r"not a|non-hexadecimal"):
        Inclusion.from_json(given_json)
