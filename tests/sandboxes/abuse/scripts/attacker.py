# Reaches for another execution of its own session that runs at this moment.
import signal, socket, time

until = time.monotonic() + 30
while not os.path.exists("ready"):
    if time.monotonic() > until:
        sys.exit("nobody is there")
    time.sleep(0.01)


seen = []
for pid in guessed():
    for what in ("cmdline", "environ", "maps"):
        try:
            with open(f"/proc/{pid}/{what}", "rb") as file:
                if b"victim" in file.read():
                    seen.append(f"{what} of {pid}")
        except OSError:
            continue
count("processes", seen)
count("ptrace", [pid for pid in guessed() for request in (16, 0x4206) if libc.ptrace(request, pid, None, None) != -1])


def segment():
    number = libc.shmget(0x7265, 4096, 0o666)
    if number < 0:
        raise OSError(ctypes.get_errno(), "refused")
    return number


attempt("System V memory", segment)
with open("/proc/sysvipc/shm") as file:
    count("segments", file.readlines()[1:])
attempt("its abstract socket", lambda: socket.socket(socket.AF_UNIX).connect(b"\0victim"))
attempt("its port", lambda: socket.create_connection(("127.0.0.1", 7265), 2))
for path in ("/dev/shm/victim", "/tmp/victim"):
    attempt(f"reading {path}", lambda: open(path, "rb").read())
    with open(path, "wb") as file:
        file.write(b"trapped")
say()
for pid in (-1, *guessed()):
    for sign in (signal.SIGTERM, signal.SIGUSR1, signal.SIGINT, signal.SIGALRM, signal.SIGSTOP, signal.SIGKILL):
        try:
            os.kill(pid, sign)
        except OSError:
            continue
with open("done", "w") as file:
    file.write("done")
