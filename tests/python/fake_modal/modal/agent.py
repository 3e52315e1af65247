"""Inside a sandbox of the stand-in: runs what comes over a socket, until its folder is gone."""

import array
import json
import os
import signal
import socket
import sys
import threading
import time

RUN = "/run/agent"


def main():
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(f"{RUN}/socket.new")
    listener.listen(64)
    os.rename(f"{RUN}/socket.new", f"{RUN}/socket")
    threading.Thread(target=watch, daemon=True).start()
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(connection,), daemon=True).start()


def watch():
    """Ends with the test that made the folder, however that ends."""
    while os.stat(RUN).st_nlink > 0:
        time.sleep(1)
    os._exit(0)


def serve(connection):
    fds = array.array("i")
    head, ancillary, _, _ = connection.recvmsg(4, socket.CMSG_LEN(2 * fds.itemsize), socket.MSG_CMSG_CLOEXEC)
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            fds.frombytes(data[: len(data) - len(data) % fds.itemsize])
    length, body = int.from_bytes(head, "big"), b""
    while len(body) < length:
        body += connection.recv(length - len(body))
    request = json.loads(body)
    argv = request["argv"]
    # The image has a `python`; this machine may have it by another name.
    program = sys.executable if argv[0] == "python" else f"/usr/bin/{argv[0]}"
    null = os.open(os.devnull, os.O_RDONLY)
    actions = [(os.POSIX_SPAWN_DUP2, null, 0), (os.POSIX_SPAWN_DUP2, fds[0], 1), (os.POSIX_SPAWN_DUP2, fds[1], 2)]
    environment = {"PATH": "/usr/bin:/bin", **request["env"]}
    pid = os.posix_spawn(program, [program, *argv[1:]], environment, file_actions=actions, setsid=True)
    for descriptor in (null, *fds):
        os.close(descriptor)
    code = wait(pid, request["timeout"])
    try:
        connection.sendall(str(code).encode())
    except OSError:
        pass
    connection.close()


def wait(pid, timeout):
    """How it ended, as Modal's SDK tells it; it alone is killed when its time is over."""
    late = threading.Event()

    def kill():
        late.set()
        os.kill(pid, signal.SIGKILL)

    timer = threading.Timer(timeout or 1 << 20, kill)
    timer.daemon = True
    timer.start()
    # Killed or not, it has its number until it is waited for.
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    timer.cancel()
    _, status = os.waitpid(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    if late.is_set():
        return -1
    return code if code >= 0 else 128 - code


main()
