# Works beside an attacker in the same session, and says whether anything reached it.
import signal, socket, time

SECRET = os.urandom(16)
shared = open("/dev/shm/victim", "wb+")
shared.write(SECRET)
shared.flush()
with open("/tmp/victim", "wb") as file:
    file.write(SECRET)
signals = []
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1, signal.SIGALRM, signal.SIGCONT, signal.SIGIO):
    signal.signal(number, lambda n, _: signals.append(n))
segment = libc.shmget(0x7265, 4096, 0o1666)
libc.shmat.restype = ctypes.c_void_p
attached = libc.shmat(segment, None, 0)
ctypes.memmove(attached, SECRET, 16)
hidden = socket.socket(socket.AF_UNIX)
hidden.bind(b"\0victim")
hidden.listen()
servers = [hidden]
try:
    servers.append(socket.create_server(("127.0.0.1", 7265)))
except OSError:
    # Nobody may serve here, and so nobody can be reached.
    pass
with open("ready", "w") as file:
    file.write("ready")
until = time.monotonic() + 30
while not os.path.exists("done"):
    if time.monotonic() > until:
        sys.exit("nobody came")
    time.sleep(0.01)
count("signals", signals)
ACHIEVED["memory"] = "whole" if ctypes.string_at(attached, 16) == SECRET else "got changed"
with open("/dev/shm/victim", "rb") as file:
    ACHIEVED["shared memory"] = "whole" if file.read() == SECRET else "got changed"
with open("/tmp/victim", "rb") as file:
    ACHIEVED["temporary file"] = "whole" if file.read() == SECRET else "got changed"
for server in servers:
    server.setblocking(False)
    attempt(f"a visitor at {server.getsockname()}", server.accept)
say()
