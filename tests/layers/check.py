#!/usr/bin/env python3
"""Checks that the includes under engine/ follow the architecture (DESIGN section 2, engine/CMakeLists.txt).

The link lines already stop a layer from *using* what stands above it. They cannot stop an include that happens
to need no symbol, nor a header that hands Beast or FlatBuffers on to everyone; this does.

    tests/layers/check.py [ROOT]     prints file:line: what and why, and exits 1, for every include that breaks a rule
"""

import pathlib
import re
import sys

LEVELS = {"core": 0, "seal": 1, "room": 1, "replication": 2, "plugin": 3, "recording": 3.5, "session": 4, "net": 5, "store": 5,
          "cluster": 6, "media": 6, "app": 7}
PURE_LEVEL_MAX = 3.5
# Of engine/README.md: no code.
PICTURES = "docs"
# What is sealed, and for whom, is a matter of sessions and transports: what they carry knows nothing of keys.
SEALERS = {"session", "net", "app"}
SERIALIZERS = ("replication", "recording")

# Who may include what, by the start of the include's path. None as the folder list: nobody in a pure layer.
GENERATED = re.compile(r"^(schemas/|.*_generated\.h$)")
FLATBUFFERS = re.compile(r"^flatbuffers/")
LUA = re.compile(r"^(lua5\.4/)?(lua\.h|lauxlib\.h|lualib\.h|luaconf\.h|lua\.hpp)$")
BEAST = re.compile(r"^boost/beast(/|\.hpp)")
ENET = re.compile(r"^enet/")
OPENSSL = re.compile(r"^(openssl/|boost/asio/ssl(/|\.hpp))")
SODIUM = re.compile(r"^sodium(\.h$|/)")
# How memory lies (sys/mman.h) is nobody's file, thread or clock.
IMPURE = re.compile(
    r"^(boost/(asio|beast|thread|filesystem|chrono|date_time|interprocess|process)(/|\.hpp)|spdlog/|enet/|liburing"
    r"|(thread|mutex|shared_mutex|condition_variable|future|semaphore|latch|barrier|stop_token|fstream|filesystem"
    r"|iostream|ctime|time\.h|unistd\.h|fcntl\.h|pthread\.h)$|sys/(?!mman\.h$)|netinet/|arpa/|linux/)")
IMPURE_WORDS = re.compile(
    r"\b(steady_clock|system_clock|high_resolution_clock|utc_clock|clock_gettime|gettimeofday|random_device|fopen)\b")

INCLUDE = re.compile(r"^\s*#\s*include\s*(?P<open>[\"<])(?P<path>[^\">]+)[\">]")
COMMENT_OR_TEXT = re.compile(r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"", re.DOTALL)


def blank(match):
    """Replaces a comment or string by as many line ends as it had, so that line numbers stay."""
    return "\n" * match.group(0).count("\n")


def rule_broken(folder, part, is_header, quoted, path):
    """Says why `folder` (and in net, which has a library for each, its `part`) may not include `path`, or None."""
    level = LEVELS[folder]
    parts = path.split("/")
    if folder == "net" and parts[0] == "net" and len(parts) > 2 and parts[1] not in (part, "tls"):
        return f"net/{part} and net/{parts[1]} do not know each other"
    top = path.split("/", 1)[0]
    if top in LEVELS and "/" in path and not path.startswith("boost/"):
        if top != folder and LEVELS[top] >= level:
            return f"{folder} (L{level}) may only include layers below it, and {top} is L{LEVELS[top]}"
    elif quoted and not GENERATED.match(path):
        return 'a quoted include is written from engine/: "<layer>/<file>.hpp"'
    if GENERATED.match(path) and folder not in SERIALIZERS:
        return f"only {' and '.join(SERIALIZERS)} include generated FlatBuffers code"
    if FLATBUFFERS.match(path) and folder not in SERIALIZERS:
        return f"only {' and '.join(SERIALIZERS)} include FlatBuffers"
    if LUA.match(path) and folder != "plugin":
        return "only plugin includes Lua"
    if ENET.match(path) and folder != "net":
        return "only net includes ENet"
    if OPENSSL.match(path) and (folder, part) != ("net", "tls"):
        return "only net/tls includes OpenSSL"
    if SODIUM.match(path) and folder != "seal":
        return "only seal includes libsodium"
    if top == "seal" and folder != "seal" and folder not in SEALERS:
        return f"{folder} knows nothing of keys: only {', '.join(sorted(SEALERS))} seal"
    if is_header and any(r.match(path) for r in (GENERATED, FLATBUFFERS, LUA, BEAST, ENET, SODIUM, OPENSSL)):
        return "a header holds a contract: Beast, ENet, Lua, FlatBuffers, libsodium and OpenSSL stay in .cpp files"
    if level <= PURE_LEVEL_MAX and IMPURE.match(path):
        return f"{folder} (L{level}) is pure: no Asio, clock, file, thread or logger below L4"
    return None


def check_file(folder, part, file):
    text = file.read_text(encoding="utf-8")
    for number, line in enumerate(text.splitlines(), start=1):
        match = INCLUDE.match(line)
        if match:
            why = rule_broken(folder, part, file.suffix in (".hpp", ".h"), match["open"] == '"', match["path"])
            if why:
                yield number, f"includes {match['path']}: {why}"
    if LEVELS[folder] <= PURE_LEVEL_MAX:
        for number, line in enumerate(COMMENT_OR_TEXT.sub(blank, text).splitlines(), start=1):
            match = IMPURE_WORDS.search(line)
            if match:
                yield number, f"names {match[0]}: {folder} is told the time, chance and bytes; it never asks for them"


def check_test_file(folder, file):
    """A layer's tests see what the layer sees: no header from above."""
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        match = INCLUDE.match(line)
        top = match["path"].split("/", 1)[0] if match and "/" in match["path"] else None
        if match and match["open"] == '"' and top in LEVELS and LEVELS[top] > LEVELS[folder]:
            yield number, f"includes {match['path']}: tests of {folder} link {folder} only, and {top} stands above it"


def sources(folder):
    return sorted(p for p in folder.rglob("*") if p.suffix in (".hpp", ".cpp", ".h", ".c", ".ipp"))


def check(root):
    """Yields (file, line, what) for everything that breaks a rule."""
    engine = root / "engine"
    for folder in sorted(p for p in engine.iterdir() if p.is_dir() and p.name != PICTURES):
        if folder.name not in LEVELS:
            yield folder, 0, f"is no layer; the layers are {', '.join(LEVELS)}"
            continue
        for file in sources(folder):
            for number, what in check_file(folder.name, file.relative_to(folder).parts[0], file):
                yield file, number, what
    for name in LEVELS:
        tests = root / "tests" / name
        if tests.is_dir():
            for file in sources(tests):
                for number, what in check_test_file(name, file):
                    yield file, number, what


def main(arguments):
    root = pathlib.Path(arguments[1] if len(arguments) > 1 else pathlib.Path(__file__).parents[2]).resolve()
    broken = 0
    for file, number, what in check(root):
        print(f"{file.relative_to(root)}:{number}: {what}")
        broken += 1
    print(f"layers: {broken} broken" if broken else "layers: ok")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
