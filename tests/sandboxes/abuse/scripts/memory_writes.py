# Writes into the memory of every other process that is there or might be: code, data and stacks alike.
class Span(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]


garbage = ctypes.create_string_buffer(b"\xcc" * 4096)
local = Span(ctypes.addressof(garbage), 4096)


def spans(pid):
    """Where something is mapped; where that is hidden, where a twin of this process would have it."""
    try:
        lines = open(f"/proc/{pid}/maps").readlines()
    except OSError:
        lines = open("/proc/self/maps").readlines()
    for line in lines:
        span, rights, *_ = line.split()
        if "w" in rights or "x" in rights:
            yield tuple(int(part, 16) for part in span.split("-"))


def by_call(pid):
    for start, _ in spans(pid):
        call(ARGS["process_vm_writev"], pid, ctypes.byref(local), 1, ctypes.byref(Span(start, 4096)), 1, 0)


def by_file(pid):
    with open(f"/proc/{pid}/mem", "r+b", 0) as memory:
        for start, end in spans(pid):
            for at in range(start, min(end, start + (1 << 20)), 4096):
                try:
                    memory.seek(at)
                    memory.write(garbage.raw[:4096])
                except (OSError, OverflowError):
                    continue


print("go", flush=True)
for pid in sorted({os.getppid(), 1, *guessed()} - {0, os.getpid()}):
    for way in (by_call, by_file):
        try:
            way(pid)
        except OSError:
            continue
# And into its own, the way a debugger would: code that others share must stay theirs.
with open("/proc/self/maps") as maps, open("/proc/self/mem", "r+b", 0) as memory:
    for line in maps:
        span, rights, _, _, inode, *path = line.split()
        if inode != "0" and "/libm." in line:
            start, end = (int(part, 16) for part in span.split("-"))
            for at in range(start, end, 4096):
                try:
                    memory.seek(at)
                    memory.write(garbage.raw[:4096])
                except (OSError, OverflowError):
                    continue
os._exit(0)
