# Misuses the way of the records: odd messages, descriptors of its own, connections that never end.
import array, socket

own = socket.socket(fileno=int(os.environ["TRAINABLE_RECORD_FD"]))
for message in (b"\x00\xff\xfe", b"{" * 100_000, b"[" * 1_000_000, b'{"metrics": NaN}', b"\x1b[31m"):
    own.send(message)
own.send(b"x" * ((1 << 20) + 1))
with open(os.devnull) as file:
    rights = array.array("i", [file.fileno()] * 50)
    for _ in range(64):
        try:
            own.sendmsg([b"rights"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
        except OSError as error:
            # So many of one user are on their way that the kernel refuses more; the server will look at these.
            assert error.errno == errno.ETOOMANYREFS, error
held = []
for _ in range(150):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.setblocking(False)
    held.append(s)
    try:
        s.connect(os.environ["TRAINABLE_RECORD_SOCKET"])
        s.send(b"by path")
    except OSError:
        break
attempt("taking its place", lambda: os.rename(os.environ["TRAINABLE_RECORD_SOCKET"], "/tmp/x"))
attempt("removing it", lambda: os.unlink(os.environ["TRAINABLE_RECORD_SOCKET"]))
own.send(b"last")
say()
