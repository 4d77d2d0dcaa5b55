"""Writes nodes.json: vectors for every node format of docs/adr/005, 016, 031, 041 and 044, from their text alone.

    python3 testdata/ledger-nodes/generate.py > testdata/ledger-nodes/nodes.json

Independent of proof/: Python, hashlib, and the definitions in their plainest recursive form.
"""

import json
from hashlib import sha256

ZERO = bytes(32)


def h(*parts: bytes) -> bytes:
    return sha256(b"".join(parts)).digest()


def canonical(value) -> str:
    """RFC 8785 for what stands here: ASCII keys, safe integers, strings."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def u64(n: int) -> bytes:
    return n.to_bytes(8, "big")


# Sparse tree: empty = 32 zero bytes, one leaf = that leaf, else SHA-256(left | right).
def bit(key: bytes, depth: int) -> int:
    return key[depth // 8] >> (7 - depth % 8) & 1


def leaf(key: bytes, value: bytes) -> bytes:
    return h(b"\x00", key, value)


def sparse_root(entries, depth=0) -> bytes:
    if not entries:
        return ZERO
    if len(entries) == 1:
        return leaf(*entries[0])
    sides = [[e for e in entries if bit(e[0], depth) == side] for side in (0, 1)]
    return h(sparse_root(sides[0], depth + 1), sparse_root(sides[1], depth + 1))


def sparse_proof(entries, key: bytes):
    siblings, depth = [], 0
    while len(entries) > 1:
        siblings.append(sparse_root([e for e in entries if bit(e[0], depth) != bit(key, depth)], depth + 1).hex())
        entries = [e for e in entries if bit(e[0], depth) == bit(key, depth)]
        depth += 1
    other = entries[0] if entries and entries[0][0] != key else None
    neighbour = {"keyHash": other[0].hex(), "valueHash": other[1].hex()} if other else None
    return {"siblings": siblings, "neighbour": neighbour}


def sparse(count: int):
    texts = [(f"notes/note/{n}", canonical({"by": "core", "text": f"注 {n}"})) for n in range(count)]
    entries = [(h(k.encode()), h(v.encode())) for k, v in texts]
    asked = [k for k, _ in texts[:6]] + ["notes/note/none", "sys/history", "notes/note/x", "a", "b"]
    proofs = [{"key": k, "proof": sparse_proof(entries, h(k.encode()))} for k in asked]
    return {"entries": texts, "root": sparse_root(entries).hex(), "proofs": proofs}


# List tree: RFC 6962's shape; the count in the root.
def split_of(n: int) -> int:
    k = 1
    while 2 * k < n:
        k *= 2
    return k


def list_top(items) -> bytes:
    if not items:
        return ZERO
    if len(items) == 1:
        return h(b"\x01", items[0])
    k = split_of(len(items))
    return h(list_top(items[:k]), list_top(items[k:]))


def list_path(items, index: int):
    if len(items) == 1:
        return []
    k = split_of(len(items))
    if index < k:
        return list_path(items[:k], index) + [list_top(items[k:]).hex()]
    return list_path(items[k:], index - k) + [list_top(items[:k]).hex()]


def list_tree(count: int):
    items = [h(f"item {n}".encode()) for n in range(count)]
    root = h(b"\x02", u64(count), list_top(items))
    return {"items": [i.hex() for i in items], "root": root.hex(), "paths": [list_path(items, n) for n in range(count)]}


# Mountain range over the blocks with commands.
def mountains(leaves):
    out, first = [], 0
    for power in reversed(range(32)):
        if len(leaves) >> power & 1:
            out.append(leaves[first : first + (1 << power)])
            first += 1 << power
    return out


def perfect(leaves) -> bytes:
    half = len(leaves) // 2
    return leaves[0] if len(leaves) == 1 else h(perfect(leaves[:half]), perfect(leaves[half:]))


def perfect_path(leaves, index: int):
    if len(leaves) == 1:
        return []
    half = len(leaves) // 2
    if index < half:
        return perfect_path(leaves[:half], index) + [perfect(leaves[half:]).hex()]
    return perfect_path(leaves[half:], index - half) + [perfect(leaves[:half]).hex()]


def history(count: int):
    blocks, leaves = [], []
    for n in range(count):
        roots = [h(f"{what} {n}".encode()) for what in ("command", "event", "result")]
        height = n * 3 + 1
        blocks.append({"height": height, **dict(zip(("commandRoot", "eventRoot", "resultRoot"), (r.hex() for r in roots)))})
        leaves.append(h(b"\x03", u64(height), *roots))
    hills = mountains(leaves)
    paths = [perfect_path(hill, n) for hill in hills for n in range(len(hill))]
    peaks = [perfect(hill).hex() for hill in hills]
    return {"blocks": blocks, "leaves": [x.hex() for x in leaves], "peaks": peaks, "paths": paths}


# Sum tree: nodes of 64 bytes, hash | count | original | current | defaulted.
def sum_leaf(slot: int, content: bytes, sums) -> bytes:
    return h(u64(slot), content, *map(u64, sums)) + u64(1) + b"".join(map(u64, sums))


def sum_join(left: bytes, right: bytes) -> bytes:
    if not any(left) and not any(right):
        return bytes(64)
    added = [int.from_bytes(left[i : i + 8], "big") + int.from_bytes(right[i : i + 8], "big") for i in range(32, 64, 8)]
    return h(h(left), h(right)) + b"".join(map(u64, added))


def sum_node(slots) -> bytes:
    half = len(slots) // 2
    return slots[0] if len(slots) == 1 else sum_join(sum_node(slots[:half]), sum_node(slots[half:]))


def sum_path(slots, slot: int):
    """Siblings from the leaf upwards, each a whole node of 64 bytes."""
    half = len(slots) // 2
    if len(slots) == 1:
        return []
    if slot < half:
        return sum_path(slots[:half], slot) + [sum_node(slots[half:]).hex()]
    return sum_path(slots[half:], slot - half) + [sum_node(slots[:half]).hex()]


def sum_tree(levels: int, assigned):
    slots, leaves = [bytes(64)] * (1 << levels), []
    for slot in assigned:
        content, sums = h(f"asset {slot}".encode()), [1_000_000 + slot, 900_000 - slot, slot * 7]
        slots[slot] = sum_leaf(slot, content, sums)
        names = ("originalFen", "currentFen", "defaultedFen")
        leaves.append({"slot": slot, "content": content.hex(), **dict(zip(names, map(str, sums)))})
    top = sum_node(slots)
    paths = [sum_path(slots, n) for n in range(1 << levels)]
    return {"levels": levels, "leaves": leaves, "top": top.hex(), "root": h(bytes([0x12, levels]), top).hex(), "paths": paths}


# Header, command, event and feed.
def header():
    roots = {name: h(name.encode()).hex() for name in ("commandRoot", "eventRoot", "resultRoot", "stateRoot", "genesisHash")}
    value = {"chainId": "vectors-00000000", "height": 7, "previous": h(b"previous").hex(), "timeMs": 1900000000000, **roots}
    digest = h(b"sluice/header/v1\n", canonical(value).encode())
    ended = (b"sluice/ledger-end/v1\n" + digest).hex()
    return {"header": value, "hash": digest.hex(), "signed": (b"sluice/header-signature/v1\n" + digest).hex(), "ended": ended}


def command():
    value = {
        "chainId": "vectors-00000000", "contract": "receivable", "method": "split", "commandId": "c-1",
        "participant": "supplier-1", "keyId": "maker-key", "issuedAt": 1900000000000, "expiresAt": 1900000060000,
        "args": {"holding": "h", "parts": [{"id": "h1", "fen": "1"}, {"id": "h2", "fen": "999"}], "说明": "拆分\n\"二\""},
    }  # fmt: skip
    digest = h(canonical(value).encode())
    # What stands in the state once it is executed, and the leaf that proves it.
    record = {"digest": digest.hex(), "height": 7, "index": 2, "expiresAt": value["expiresAt"]}
    key = f"sys/command/{value['participant']}/{value['commandId']}"
    stored = {"key": key, "value": record, "leaf": leaf(h(key.encode()), h(canonical(record).encode())).hex()}
    # The same built on a block: the root is the block's leaf of the history.
    roots = [h(f"{what} 0".encode()) for what in ("command", "event", "result")]
    built = {**value, "head": {"height": 1, "root": h(b"\x03", u64(1), *roots).hex()}}
    return {
        "command": value, "digest": digest.hex(), "signed": (b"sluice/command/v1\n" + digest).hex(), "record": stored,
        "builtOn": {"command": built, "digest": h(canonical(built).encode()).hex()},
    }  # fmt: skip


def login():
    claim = {"chainId": "vectors-00000000", "audience": "north", "participant": "supplier-1", "keyId": "maker-key", "challenge": "Y2hhbGxlbmdl"}
    return {"claim": claim, "signed": (b"sluice/login/v1\n" + canonical(claim).encode()).hex()}


def feed():
    events, hash_, steps = [], ZERO, []
    for n in range(4):
        cursor = {"height": 5, "index": n // 2, "event": n % 2}
        event = {"cursor": cursor, "commandId": f"c-{n // 2}", "contract": "notes", "event": "NotePut", "data": {"n": n, "名": "值"}}
        digest = h(b"sluice/event/v1\n", canonical(event).encode())
        hash_ = h(b"sluice/feed/v1\n", hash_, digest)
        events.append(event)
        steps.append({"digest": digest.hex(), "count": n + 1, "hash": hash_.hex()})
    return {"events": events, "steps": steps}


print(json.dumps({
    "empty": {"sparse": ZERO.hex(), "list": h(b"\x02", u64(0), ZERO).hex()},
    "sparseLeaf": {"keyHash": h(b"key").hex(), "valueHash": h(b"value").hex(), "hash": leaf(h(b"key"), h(b"value")).hex()},
    "sparseTrees": [sparse(n) for n in (1, 2, 3, 40)],
    "listTrees": [list_tree(n) for n in (1, 2, 3, 5, 8, 13)],
    "histories": [history(n) for n in (1, 2, 3, 7, 12)],
    "sumTrees": [sum_tree(0, [0]), sum_tree(3, [0, 1, 5]), sum_tree(5, range(20))],
    "header": header(),
    "command": command(),
    "login": login(),
    "feed": feed(),
}, indent=1, ensure_ascii=False))  # fmt: skip
