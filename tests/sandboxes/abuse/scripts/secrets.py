# Looks for what the server knows in everything that a process can read about itself and others.
import re

MARK = re.compile(ARGS["pattern"].encode())


def found(read):
    try:
        return MARK.findall(read())
    except OSError:
        return []


def whole(path):
    with open(path, "rb") as file:
        return file.read()


def memory(pid):
    """All that is mapped, piece by piece: its own memory too, which a fork may have filled before."""
    hits = []
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as mem:
        for line in maps:
            span, rights, *_ = line.split()
            start, end = (int(part, 16) for part in span.split("-"))
            if rights[0] != "r" or end - start > 1 << 28 or "[v" in line:
                continue
            try:
                mem.seek(start)
                hits += MARK.findall(mem.read(end - start))
            except (OSError, ValueError, OverflowError):
                continue
    return b" ".join(hits)


def links(pid):
    targets = []
    for fd in os.listdir(f"/proc/{pid}/fd"):
        try:
            targets.append(os.readlink(f"/proc/{pid}/fd/{fd}"))
        except OSError:
            continue
    return " ".join(targets).encode()


def contents(pid):
    """What the files hold that others have open; pipes and sockets would make it wait."""
    held = b""
    for fd in os.listdir(f"/proc/{pid}/fd"):
        path = f"/proc/{pid}/fd/{fd}"
        try:
            if os.path.isfile(path):
                held += whole(path)[: 1 << 20]
        except OSError:
            continue
    return held


everyone = ["self", *map(str, ARGS.get("pids") or pids())]
for what in ("environ", "cmdline", "maps", "mountinfo", "stack", "auxv", "comm"):
    count(what, [hit for pid in everyone for hit in found(lambda: whole(f"/proc/{pid}/{what}"))])
count("mem", [hit for pid in everyone for hit in found(lambda: memory(pid))])
count("names of descriptors", [hit for pid in everyone for hit in found(lambda: links(pid))])
count("descriptors", [hit for pid in everyone for hit in found(lambda: contents(pid))])
count("own environment", MARK.findall(repr(os.environ).encode()))
say()
