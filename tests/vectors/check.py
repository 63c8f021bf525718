#!/usr/bin/env python3
"""Computes vectors again from shared/PROTOCOL.md alone, with nothing but Python's library: a second, independent reading.

Prints a line for each kind of vector; exits 1 when one differs.
"""
import base64
import hashlib
import hmac
import json
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent


def load(name):
    return {one["name"]: one for one in json.loads((HERE / name).read_text(encoding="utf-8"))}


def h(tag, data):
    return hashlib.blake2b(bytes([len(tag)]) + tag.encode() + data, digest_size=32).digest()


def varint(n):
    out = bytearray()
    while n >= 0x80:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    out.append(n)
    return bytes(out)


def integer(n):
    return varint(n << 1 if n >= 0 else (-n << 1) - 1)


def sized(data):
    data = data.encode() if isinstance(data, str) else data
    return varint(len(data)) + data


def dot(d):
    return bytes.fromhex(d["author"] + d["chain"]) + varint(d["sequence"]) + varint(d["index"])


def file_root(v):
    key = h("wasl.1/chunk-key", bytes.fromhex(v["network"]) + sized(v["space"]) + bytes.fromhex(v["blinding_key"]))
    whole = bytes(n * n % 251 for n in range(v["size"]))
    level = 0
    while True:
        names = [h("wasl.1/chunk", key + bytes([level]) + whole[at:at + 16384]) for at in range(0, len(whole) or 1, 16384)]
        if len(names) == 1:
            return names[0]
        whole, level = b"".join(names), level + 1


def leaf_hash(data):
    return hashlib.sha256(b"\0" + data).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def middle_of(count):
    middle = 1
    while middle * 2 < count:
        middle *= 2
    return middle


def root_of(hashes):
    """RFC 6962 section 2.1."""
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    middle = middle_of(len(hashes))
    return node_hash(root_of(hashes[:middle]), root_of(hashes[middle:]))


def root_from(leaves, begin, end, proof):
    """The walk of the proof for several leaves: takes the hashes of what holds no leaf off `proof`."""
    inside = {i: v for i, v in leaves.items() if begin <= i < end}
    if not inside:
        return proof.pop(0)
    if end - begin == 1:
        return inside[begin]
    middle = begin + middle_of(end - begin)
    left = root_from(inside, begin, middle, proof)
    return node_hash(left, root_from(inside, middle, end, proof))


def digest_of(records):
    """records: [(id, record hash)] -> root of the state digest."""
    buckets = {}
    for name, record in records:
        number = int.from_bytes(h("wasl.1/record-id", name.encode())[:2], "big") >> 4
        buckets.setdefault(number, []).append(record)
    level = [h("wasl.1/bucket", b"".join(sorted(buckets[b]))) if b in buckets else bytes(32) for b in range(4096)]
    for tag in ("wasl.1/digest/1", "wasl.1/digest/2", "wasl.1/digest/3"):
        level = [h(tag, b"".join(level[i:i + 16])) for i in range(0, len(level), 16)]
    return level[0]


class Cursor:
    """Reads what the packed encoding holds."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def raw(self, size):
        self.at += size
        if self.at > len(self.data):
            raise ValueError("cut short")
        return self.data[self.at - size:self.at]

    def varint(self):
        n = shift = 0
        while True:
            b = self.raw(1)[0]
            n |= (b & 0x7F) << shift
            if not b & 0x80:
                return n
            shift += 7

    def sized(self):
        return self.raw(self.varint())


def record_of_piece(data):
    """The only record of a piece, as the bytes that its record hash covers."""
    c = Cursor(data)
    chains = [c.raw(40) for _ in range(c.varint())]
    if c.varint() != 1:
        raise ValueError("more than one record")
    out = sized(c.sized()) + varint(c.varint())
    origins = []
    for _ in range(c.varint()):
        chain = c.varint()
        if chain & 1:
            c.varint()
        sequence, _stamp, _earlier = c.varint(), c.varint(), c.varint()
        origins.append(chains[chain >> 1] + varint(sequence))

    def place(shift=0):
        return origins[c.varint() >> shift] + varint(c.varint())

    addresses = b""
    count = c.varint()
    for _ in range(count):
        field = c.varint()
        key = c.sized() if field & 1 else b""
        heads = c.varint()
        addresses += varint(field >> 1) + sized(key) + varint(heads)
        for _ in range(heads):
            addresses += place(1) + c.raw(1) + sized(c.sized())
    deletes = c.varint()
    out += varint(deletes)
    for _ in range(deletes):
        out += place()
        listed = c.varint()
        out += varint(listed) + b"".join(place() for _ in range(listed))
    if c.at != len(data):
        raise ValueError("bytes left over")
    return out + varint(count) + addresses


def read_header(data):
    c = Cursor(data)
    out = {"version": c.raw(1)[0], "network": c.raw(32), "space": c.sized().decode(), "author": c.raw(32), "chain": c.raw(8),
           "sequence": c.varint(), "previous": c.raw(32), "schema": c.raw(32), "grant": c.raw(32),
           "seen": (c.varint(), c.raw(32)), "seen_authority": (c.varint(), c.raw(32)), "stamp": c.varint(),
           "group": c.raw(16), "part": c.varint(), "parts": c.varint(), "body": c.raw(32)}
    if c.at != len(data):
        raise ValueError("bytes left over")
    return out


failed = 0


def expect(what, *equal):
    global failed
    bad = [i for i, (a, b) in enumerate(equal) if a != b]
    failed += bool(bad)
    print(f"{'DIFFERS' if bad or not equal else 'ok':8}{what} ({len(equal)})")


def main():
    hashes = load("hashes.json").values()
    expect("hashes under tags", *[(h(v["tag"], bytes.fromhex(v["data"])).hex(), v["hash"]) for v in hashes])

    sets, authority, ledger = load("change_set.json"), load("authority.json"), load("ledger.json")
    records, wire, network = load("records.json"), load("wire.json"), bytes.fromhex(load("authority.json")["network_id"]["hash"])

    name = sets["change_set_name"]
    header, body = bytes.fromhex(name["header"]), bytes.fromhex(name["body"])
    fields, second = read_header(header), read_header(bytes.fromhex(sets["header_second"]["bytes"]))
    expect("name of a change set, and its place in the chain",
           (h("wasl.1/body", body).hex(), name["body_hash"]), (h("wasl.1/change-set", header).hex(), name["hash"]),
           (fields["body"].hex(), name["body_hash"]), (fields["network"], network), (fields["previous"], bytes(32)),
           (second["previous"].hex(), name["hash"]), (second["sequence"], 2), (second["stamp"], fields["stamp"] + 1),
           (h("wasl.1/body", bytes.fromhex(sets["body_every_kind"]["bytes"])), second["body"]),
           ((b"wasl.1/run" + network + bytes.fromhex(name["hash"])).hex(), sets["run_message"]["bytes"]))
    expect("body by hand", (bytes.fromhex("000107") + sized("p-1") + bytes.fromhex("020102010003") + sized("WTR-7") + b"\0", body))

    c = sets["commitment"]
    data = (bytes.fromhex(c["network"]) + sized(c["space"]) + sized(c["id"]) + varint(c["field"]) + dot(c["dot"]) +
            bytes.fromhex(c["salt"] + c["value"]))
    expect("commitment", (h("wasl.1/commitment", data).hex(), c["hash"]))

    line = authority["invitation"]["text"].removeprefix("wasl:")
    raw = base64.urlsafe_b64decode(line + "=" * (-len(line) % 4))
    expect("authority", (h("wasl.1/statement", bytes.fromhex(authority["statement"]["bytes"])), network),
           (h("wasl.1/grant", network + dot(authority["grant_name"]["dot"]) +
              bytes.fromhex(authority["grant_name"]["act"])).hex(), authority["grant_name"]["hash"]),
           (h("wasl.1/invitation", raw[:-4])[:4], raw[-4:]), (raw[-36:-4], bytes([6]) * 32))

    mark = h("wasl.1/erased-record", network + sized("section/asia") + sized(c["id"]))
    act = varint(12) + sized("section/asia") + mark + varint(2) + b"\xaa" * 32 + b"\xab" * 32 + bytes([1])
    expect("erasure", (bytes([9]) + sized(act), bytes.fromhex(authority["act_erase"]["bytes"])),
           (bytes([9]) + sized(varint(13) + b"\xaa" * 32), bytes.fromhex(authority["act_withdraw_erasure"]["bytes"])))

    def edition(v):
        digest = h("wasl.1/edition", bytes.fromhex(v["network"]) + sized(v["space"]) + sized(v["id"]) + sized(v["outer"]))
        raw = bytearray(digest[:16])
        raw[6], raw[8] = raw[6] & 0x0F | 0x80, raw[8] & 0x3F | 0x80
        return "-".join((raw[:4].hex(), raw[4:6].hex(), raw[6:8].hex(), raw[8:10].hex(), raw[10:].hex()))

    files = load("attachments.json")
    expect("files", *[(file_root(v).hex(), v["hash"]) for v in files.values() if "size" in v],
           (files["value"]["bytes"], (b"\x0a" + sized(sized("report.pdf") + sized("application/pdf") + varint(20_000_000)
                                                     + b"\xf1" * 32)).hex()))
    listed = b"\1" + sized("public") + b"\xf1" * 32 + varint(20_000_000)
    expect("frames of files", *[(files[name]["bytes"], (bytes([kind]) + rest).hex()) for name, kind, rest in (
        ("offer", 24, listed), ("held", 25, listed), ("greeting", 25, b"\0"),
        ("want", 26, sized("public") + b"\2" + b"\xf1" * 32 + b"\xf2" * 32),
        ("chunk", 27, sized("public") + b"\1" + bytes([1, 2, 3])), ("none", 28, sized("public") + b"\xf2" * 32))])
    expect("edition ids", *[(edition(v), v["edition"]) for v in load("editions.json").values()])

    entry = bytes([1]) + bytes.fromhex(name["hash"]) + varint(4) + varint(1_700_000_000_050)
    blinded = ledger["leaf_blinded"]
    key = bytes.fromhex(blinded["key"])
    expect("entry and leaf", (entry.hex(), ledger["entry_accept"]["bytes"]), (entry.hex(), ledger["leaf_plain"]["bytes"]),
           (hmac.new(key, b"\0" + entry, "sha256").hexdigest(), blinded["bytes"]),
           (hmac.new(key, b"\1section/asia", "sha256").hexdigest(), ledger["blinded_name"]["bytes"]))

    collected = varint(3) + varint(2) + b"".join(varint(7) + sized(name) for name in ("p-1", "p-2"))
    expect("list of what is collected", (collected.hex(), ledger["collect_list"]["bytes"]),
           (h("wasl.1/collect", collected).hex(), ledger["collect_list"]["hash"]),
           ((bytes([7]) + h("wasl.1/collect", collected) + varint(4) + varint(1_700_000_000_090)).hex(),
            ledger["entry_collect"]["bytes"]))

    tree = ledger["merkle_root"]
    leaves = [leaf_hash(bytes.fromhex(leaf)) for leaf in tree["leaves"]]
    root = root_of(leaves)
    proof = [bytes.fromhex(p) for p in tree["inclusion_of_1_and_4"]]
    one = [bytes.fromhex(p) for p in tree["inclusion_of_4"]]
    note = ledger["checkpoint"]["text"].split("\n")
    expect("Merkle tree", (root.hex(), tree["root"]), (root_from({1: leaves[1], 4: leaves[4]}, 0, 5, proof), root), (proof, []),
           (root_from({4: leaves[4]}, 0, 5, one), root), (one, []), (tree["leaves"][4], ledger["heads_leaf"]["bytes"]),
           (note[0], f"wasl/{network[:8].hex()}/heads/1"), (note[1], "5"), (base64.b64decode(note[2]), root))

    digest = records["digest_root"]
    expect("record hashes", *[(h("wasl.1/record", bytes.fromhex(records[n]["data"])).hex(), records[n]["hash"])
                              for n in ("record_hash", "record_hash_deleted")])
    expect("state digest", (digest_of([(r["id"], bytes.fromhex(r["hash"])) for r in digest["records"]]).hex(), digest["hash"]),
           (digest_of([]).hex(), "40a23781091e08345b7ea5ba6297746913ea02b47b75606783ea784fd1377c1a"))

    leaf = Cursor(bytes.fromhex(ledger["heads_leaf"]["bytes"]))
    expect("leaf of heads", (leaf.raw(1), b"\1"), (leaf.sized().hex(), ledger["blinded_name"]["bytes"]), (leaf.varint(), 1),
           (leaf.raw(32), leaf_hash(bytes.fromhex(blinded["bytes"]))), (leaf.raw(32).hex(), digest["hash"]), (leaf.varint(), 1),
           (leaf.varint(), 4), (leaf.varint(), 1_700_000_000_050), (leaf.varint(), 0), (leaf.at, len(leaf.data)))

    snapshots = load("snapshots.json")
    piece, ground, manifest = (bytes.fromhex(snapshots[n]["bytes"]) for n in ("piece", "ground", "manifest"))
    c = Cursor(ground)
    expect("snapshot", (record_of_piece(piece).hex(), records["record_hash_deleted"]["data"]),
           (h("wasl.1/snapshot-piece", piece).hex(), snapshots["piece"]["hash"]),
           (h("wasl.1/snapshot-piece", ground).hex(), snapshots["ground"]["hash"]),
           (c.sized(), b"\1" + leaf_hash(bytes.fromhex(ledger["entry_accept"]["bytes"]))), (c.varint(), 4),
           (c.varint(), 1_700_000_000_050), (c.varint(), 1), (c.raw(40), fields["author"] + fields["chain"]), (c.varint(), 2),
           (manifest, b"\1" + sized("section/asia") + b"\1\4" + b"\1" +
            bytes.fromhex(snapshots["ground"]["hash"]) + varint(200) + b"\1" +
            bytes.fromhex(snapshots["piece"]["hash"]) + varint(100)),
           (snapshots["manifest"]["message"],
            (b"wasl.1/snapshot" + network + h("wasl.1/snapshot-manifest", manifest)).hex()),
           (bytes.fromhex(snapshots["begun"]["bytes"]), bytes([22]) + sized("public") + varint(77)),
           (bytes.fromhex(snapshots["pieces"]["bytes"]), bytes([23]) + sized("public") + b"\1" + b"\xf1" * 32))

    hello = bytes.fromhex(wire["hello"]["bytes"])
    push, back = (bytes.fromhex(wire[name]["bytes"]) for name in ("segment_push", "segment_taken_back"))
    at = push.index(sized(body))
    expect("taken back", (back[:2].hex(), "0208"), (back[2:at], push[2:at]), (back[at:at + 32].hex(), name["body_hash"]),
           (back[at + 96:], push[at + len(sized(body)):]))
    packed = Cursor(push)
    expect("frames", (h("wasl.1/hello", hello).hex(), wire["hello"]["hash"]), (hello[2:34], network),
           (bytes.fromhex(wire["frame_push"]["bytes"]),
            bytes([16, 0]) + sized("section/asia") + varint(0) + sized(packed.data)),
           (packed.varint(), 2), (packed.raw(1)[0], 1), (packed.varint(), 0), (packed.raw(40), fields["author"] + fields["chain"]),
           (packed.raw(1)[0], 64), (packed.varint(), 1), (packed.raw(32), bytes(32)), (packed.raw(32), fields["schema"]),
           (packed.raw(32), fields["grant"]), (packed.varint(), 0), (packed.raw(32), fields["seen"][1]),
           (packed.varint(), 4), (packed.raw(32), fields["seen_authority"][1]),
           (packed.raw(len(integer(fields["stamp"]))), integer(fields["stamp"])), (packed.raw(16), fields["group"]),
           (packed.sized(), body), (packed.raw(1)[0], 6), (packed.varint(), 1), (packed.varint(), 1),
           (packed.raw(64).hex(), sets["run_signature"]["bytes"]), (packed.at, len(packed.data)))

    files = HERE.parents[1] / "shared" / "wire" / "dictionaries"
    given = load("packed.json")
    expect("dictionaries", *[(hashlib.sha256(file.read_bytes()).hexdigest(), given[f"dictionary_{file.stem}"]["hash"])
                             for file in files.glob("*.zdict")])
    part, size = Cursor(bytes.fromhex(given["stream_first"]["bytes"])), len(packed.data)
    expect("first part of a stream", (part.raw(2), bytes([16, 12])), (part.sized(), b"section/asia"), (part.varint(), 0),
           (Cursor(part.sized()).varint(), size), (part.at, len(part.data)))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
