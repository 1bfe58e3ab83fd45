#!/usr/bin/env python3
"""Says whether an evidence pack is as it was made, or names the first thing that is not.

    python3 verify.py PACK.zip [--head HASH]

HASH is the hash of the pack's seal, got from the provider by another way: on paper, by telephone, on their
screen. Without it this only shows that the parts of the file fit one another. Needs Python 3.6 and nothing
else, asks no network and writes nothing.
"""
import collections, hashlib, json, struct, sys, zlib

ENDS = ("manifest.json", "seal.json")
KEEP = ENDS + ("trail/lines.jsonl", "trail/texts.jsonl", "trail/left-out.json")
FIXED = bytes([10, 0, 0, 0, 0, 0, 0, 0, 33, 0])
PLAIN = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_")

class NotIntact(Exception):
    """The first thing that is not as it was made."""

def need(holds, sentence):
    if not holds:
        raise NotIntact(sentence)

def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).hexdigest()

def is_plain(name):
    parts = name.split("/")
    return len(name) <= 120 and all(p and p[0] != "." and set(p) <= PLAIN for p in parts)

def read(file):
    """Every entry, from the first byte of the file to its last: none is hidden, none is there twice."""
    entries, names, kept, lists, at, after = [], set(), {}, b"", 0, "the beginning"
    while True:
        mark = file.read(4)
        need(len(mark) == 4, "The file is cut off: its end is missing.")
        if mark != b"PK\x03\x04":
            break
        head = file.read(26)
        damaged = "The entry after %s was changed." % after
        need(len(head) == 26 and head[:10] == FIXED and head[24:] == b"\0\0", damaged)
        crc, size, again, length = struct.unpack("<IIIH", head[10:24])
        need(size == again and length <= 120, damaged)
        raw = file.read(length)
        name = raw.decode("ascii", "replace")
        need(is_plain(name), damaged)
        digest, check, left, content = hashlib.sha256(), 0, size, []
        while left:
            piece = file.read(min(left, 1 << 16))
            need(piece, name + " is cut off.")
            digest.update(piece)
            check = zlib.crc32(piece, check)
            left -= len(piece)
            if name in KEEP:
                content.append(piece)
        need(check == crc, name + " was changed: its checksum is another.")
        need(name not in names, name + " is there twice.")
        names.add(name)
        entries.append((name, size, digest.hexdigest()))
        if name in KEEP:
            kept[name] = b"".join(content)
        lists += b"PK\x01\x02\x14\0" + FIXED + head[10:24] + bytes(12) + struct.pack("<I", at) + raw
        at += 30 + length + size
        after = name
    count = len(entries)
    end = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, count, count, len(lists), at, 0)
    rest = mark + file.read(len(lists) + len(end))
    need(rest == lists + end, "What follows %s in the file was changed, added or taken away." % after)
    return entries, kept

def look(kept, name, by_line=False):
    need(name in kept, name + " is missing.")
    try:
        text = kept[name].decode("utf-8")
        return [json.loads(line) for line in text.split("\n") if line] if by_line else json.loads(text)
    except ValueError:
        raise NotIntact(name + " is not what a pack holds there.")

def seal(kept, known):
    line = look(kept, "seal.json")["line"]
    same = (json.dumps({"line": line}, indent=2, ensure_ascii=False) + "\n").encode("utf-8")
    need(kept["seal.json"] == same, "seal.json was changed.")
    found = sha256(line.encode("utf-8"))
    need(known in (None, found), "The seal is not the one whose hash you gave: it has the hash %s. "
         "The pack was made anew, or it is another one." % found)
    says = json.loads(line)
    told = says["detail"]
    need(says["kind"] == "pack_sealed", "seal.json holds no line that seals a pack.")
    follows = says["n"] > told["lines"] + 1 or (says["n"] == told["lines"] + 1 and says["prev"] == told["head"])
    need(follows, "The seal does not follow the trail it names.")
    return says, told, found

def files(entries, manifest):
    found = collections.deque(entry for entry in entries if entry[0] not in ENDS)
    there, listed = {entry[0] for entry in found}, {file["path"] for file in manifest["files"]}
    for file in manifest["files"]:
        path = file["path"]
        need(path in there and found, path + " is missing.")
        name, size, digest = found.popleft()
        need(name in listed, name + " was put in.")
        need(name == path, path + " stands in another place.")
        need((size, digest) == (file["size"], file["sha256"]),
             path + " was changed: its hash is not the one in the manifest.")
    need(not found, "%s was put in." % "".join(entry[0] for entry in list(found)[:1]))
    need(tuple(entry[0] for entry in entries[-2:]) == ENDS, "manifest.json and seal.json are not at the end.")

def tree(count, start, shown, left_out):
    """The root of RFC 6962 (2.1) over the lines: those that are shown, and hashes for the rest."""
    if not shown:
        return left_out.popleft() if count else hashlib.sha256().digest()
    if count == 1:
        return shown[0][1]
    half = 1
    while half * 2 < count:
        half *= 2
    left = tree(half, start, [s for s in shown if s[0] < start + half], left_out)
    right = tree(count - half, start + half, [s for s in shown if s[0] >= start + half], left_out)
    return hashlib.sha256(b"\1" + left + right).digest()

def lines(kept, manifest):
    trail, shown, leaves, last, before = manifest["trail"], [], [], 0, None
    for row in look(kept, "trail/lines.jsonl", True):
        n, raw = row["n"], row["line"].encode("utf-8")
        says = json.loads(row["line"])
        need(says["n"] == n and says["provider"] == manifest["provider"]["id"], "Line %s of the trail was changed." % n)
        need(last < n <= trail["lines"], "Line %s of the trail stands in another place." % n)
        need(last + 1 != n or before in (None, says["prev"]), "Line %s of the trail does not follow the one before it." % n)
        last, before = n, sha256(raw)
        need(n != trail["lines"] or before == trail["head"], "Line %s of the trail is not the last one that was sealed." % n)
        leaves.append((n - 1, hashlib.sha256(b"\0" + raw).digest()))
        shown.append(says)
    rest = collections.deque(map(bytes.fromhex, look(kept, "trail/left-out.json")["left_out"]))
    try:
        root = tree(trail["lines"], 0, leaves, rest).hex()
    except IndexError:
        root = None
    need(len(shown) == trail["shown"] and not rest and root == trail["tree"],
         "The lines of the trail do not belong to the trail that was sealed.")
    return shown

def texts(kept, shown):
    rows, withheld = collections.deque(look(kept, "trail/texts.jsonl", True)), 0
    for says in shown:
        for name in sorted(says["texts"]):
            wrong = 'The text "%s" beside line %s was changed or taken away.' % (name, says["n"])
            need(rows and (rows[0]["n"], rows[0]["name"]) == (says["n"], name), wrong)
            row = rows.popleft()
            if "withheld" in row:
                need(set(row) == {"n", "name", "withheld"}, wrong)
                withheld += 1
            else:
                need(sha256(bytes.fromhex(row["salt"]), row["text"].encode("utf-8")) == says["texts"][name], wrong)
    for row in rows:
        raise NotIntact('The text "%s" beside line %s was put in.' % (row["name"], row["n"]))
    return withheld

def main(path, known):
    with open(path, "rb") as file:
        entries, kept = read(file)
    says, told, found = seal(kept, known)
    manifest = look(kept, "manifest.json")
    need(sha256(kept["manifest.json"]) == told["manifest"], "manifest.json is not the one that was sealed.")
    need(manifest["format"] == "throughline-pack/1", "This program knows throughline-pack/1, and this is another format.")
    trail = manifest["trail"]
    need((manifest["pack"], manifest["provider"]["id"], trail["lines"], trail["head"], trail["tree"])
         == (told["pack"], says["provider"], told["lines"], told["head"], told["tree"]),
         "manifest.json does not say what the seal says.")
    files(entries, manifest)
    withheld = texts(kept, lines(kept, manifest))
    whose = len(manifest["files"]), trail["shown"], manifest["provider"]["name"], manifest["made"]
    print("Intact: %d files and %d lines of the trail of %s, made %s." % whose)
    print("Its seal is line %s of that trail, whose hash is %s." % (says["n"], found))
    if withheld:
        print("%d texts are kept back: only the hash is here." % withheld)
    print("That is the hash you gave: nothing was changed, taken out, put in or swapped since the pack was made." if known
          else "No hash was given, so this alone is shown: the parts of the file fit one another. Against somebody who "
          "made the whole file anew nothing is proved. Ask the provider for the hash of that line by another way, "
          "and give it with --head.")

if __name__ == "__main__":
    given, known = sys.argv[1:], None
    if "--head" in given[:-1]:
        known = "".join(given.pop(given.index("--head") + 1).split()).lower()
        given.remove("--head")
    if len(given) != 1 or given[0].startswith("-"):
        sys.exit(__doc__)
    try:
        main(given[0], known)
    except NotIntact as what:
        sys.exit("NOT INTACT: %s" % what)
    except (KeyError, TypeError, ValueError, AttributeError):
        sys.exit("NOT INTACT: a part of the pack is not what a pack holds there.")
    except OSError as error:
        sys.exit("The file could not be read: %s" % error)
