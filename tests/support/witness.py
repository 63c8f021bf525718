"""A second reading of the logs over HTTP, and a witness on top of it: hashlib, urllib, and Ed25519 from Debian's
python3-cryptography. Nothing of Wasl's own code.
"""
import base64
import hashlib
import time
import urllib.error
import urllib.request

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

DASH = "\u2014 "


def fetch(base, path, method="GET"):
    """@return (status, headers, body)."""
    request = urllib.request.Request(base + path, method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, dict(answer.headers), answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, dict(error.headers), error.read()


def leaf_hash(data):
    return hashlib.sha256(b"\0" + data).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def root_of(hashes):
    """RFC 6962, section 2.1, as it is written there."""
    if not hashes:
        return hashlib.sha256().digest()
    if len(hashes) == 1:
        return hashes[0]
    middle = 1
    while middle * 2 < len(hashes):
        middle *= 2
    return node_hash(root_of(hashes[:middle]), root_of(hashes[middle:]))


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at


def read_leaf(data):
    """A leaf of heads: name, size, root, authority size."""
    assert data[0] == 1
    length, at = varint(data, 1)
    name, at = data[at:at + length], at + length
    size, at = varint(data, at)
    root, at = data[at:at + 32], at + 64
    _, at = varint(data, at)
    authority, at = varint(data, at)
    return name, size, root, authority


def tile_index(index):
    parts = [f"{index % 1000:03}"]
    while index >= 1000:
        index //= 1000
        parts.append(f"x{index % 1000:03}")
    return "/".join(reversed(parts))


def tiles(base, log, size, level="0"):
    """The bytes of every tile of level 0, or bundle of entries, of a log of this size."""
    for index in range((size + 255) // 256):
        width = min(256, size - index * 256)
        partial = "" if width == 256 else f".p/{width}"
        status, headers, body = fetch(base, f"{log}tile/{level}/{tile_index(index)}{partial}")
        assert status == 200, (log, level, index, status)
        assert "immutable" in headers["Cache-Control"]
        yield index, width, body


def hashes(base, log, size):
    return [body[i:i + 32] for _, _, body in tiles(base, log, size) for i in range(0, len(body), 32)]


def entries(base, log, size):
    found = []
    for _, width, body in tiles(base, log, size, "entries"):
        at = 0
        for _ in range(width):
            length = int.from_bytes(body[at:at + 2], "big")
            found.append(body[at + 2:at + 2 + length])
            at += 2 + length
        assert at == len(body)
    return found


class Note:
    """A signed checkpoint, opened with its verifier key."""

    def __init__(self, text, vkey):
        name, key_id, key = vkey.split("+", 2)
        key = base64.b64decode(key)
        assert key[0] == 1 and len(key) == 33
        assert hashlib.sha256(name.encode() + b"\n" + key).digest()[:4].hex() == key_id
        self.text, signatures = text[:text.index("\n\n") + 1], text[text.index("\n\n") + 2:]
        self.origin, size, root = self.text.splitlines()[:3]
        assert self.origin == name, (self.origin, name)
        self.size, self.root = int(size), base64.b64decode(root)
        public = Ed25519PublicKey.from_public_bytes(key[1:])
        self.lines = signatures.splitlines()
        for line in self.lines:
            signer, blob = line.removeprefix(DASH).split(" ")
            blob = base64.b64decode(blob)
            if signer == name and blob[:4].hex() == key_id:
                public.verify(blob[4:], self.text.encode())
                return
        raise InvalidSignature


class Witness:
    """Cosigns the newest checkpoint when the log only grew."""

    def __init__(self, name):
        self.name = name
        self.key = Ed25519PrivateKey.generate()
        self.public = self.key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        self.seen = []  # leaf hashes of what was cosigned last

    def cosign(self, base, vkey):
        """@return the line, or nothing when nothing is new."""
        note = Note(fetch(base, "/log/heads/checkpoint")[2].decode(), vkey)
        now = hashes(base, "/log/heads/", note.size)
        assert root_of(now) == note.root, "the tiles are not those of the checkpoint"
        assert now[:len(self.seen)] == self.seen, "the log was rewritten"
        if any(line.startswith(DASH + self.name + " ") for line in note.lines):
            return None
        self.seen = now
        seconds = int(time.time())
        signed = f"cosignature/v1\ntime {seconds}\n{note.text}".encode()
        key_id = hashlib.sha256(self.name.encode() + b"\n\x04" + self.public).digest()[:4]
        blob = key_id + seconds.to_bytes(8, "big") + self.key.sign(signed)
        return f"{DASH}{self.name} {base64.b64encode(blob).decode()}\n"
