# Uses every descriptor that it finds, its own and others', as if it were a way to control something.
import socket, stat

told = [b"ended 0 0.000001 1\n" * 400, b"started\n", b'{"exit": 0}\n', b"\x00\x00\x00\x00", b"fork\n", b"\xff" * 5000]


def write(fd):
    os.set_blocking(fd, False)
    for message in told:
        try:
            os.write(fd, message)
        except OSError:
            continue


def use(fd):
    kind = os.fstat(fd).st_mode
    if stat.S_ISSOCK(kind):
        with socket.socket(fileno=os.dup(fd)) as s:
            s.setblocking(False)
            for message in told:
                try:
                    s.send(message)
                except OSError:
                    continue
            try:
                s.recv(1 << 16)
            except OSError:
                pass
    else:
        write(fd)


skipped = {1, 2, int(os.environ["TRAINABLE_RECORD_FD"])}
for fd in {int(name) for name in os.listdir("/proc/self/fd")} - skipped:
    try:
        use(fd)
    except OSError:
        continue
# What others have open: first what one can take out of it, then what one can put in.
streams = [os.fstat(fd) for fd in (1, 2)]
for way, act in ((os.O_RDONLY, lambda fd: os.read(fd, 1 << 16)), (os.O_WRONLY, use)):
    for pid in sorted({1, os.getppid(), *others()} - {0, os.getpid()}):
        for number in range(64):
            try:
                fd = os.open(f"/proc/{pid}/fd/{number}", way | os.O_NONBLOCK)
            except OSError:
                continue
            try:
                # The streams of process 1 are this program's own.
                if not any(os.path.samestat(os.fstat(fd), stream) for stream in streams):
                    act(fd)
            except OSError:
                pass
            os.close(fd)
os._exit(7)
