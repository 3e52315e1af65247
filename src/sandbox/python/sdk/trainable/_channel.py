"""The way records leave a program: one message of one JSON object each, on a socket apart from what it prints.

`TRAINABLE_RECORD_FD` names an inherited SOCK_SEQPACKET socket, which a fork keeps and a spawned worker process does
not; such a worker connects to `TRAINABLE_RECORD_SOCKET` instead. With neither variable set there is nobody to tell,
and each record becomes one printed line. A record that cannot be delivered never stops the program that made it.
"""

import os
import sys
from _thread import allocate_lock

# The other side reads messages of up to this size; the kernel may refuse smaller ones already, by EMSGSIZE.
MAX_MESSAGE = 1024 * 1024

_lock = allocate_lock()
_open_for = None
_socket = None
_warned = False
_spilled = 0


def _after_fork():
    # A lock that another thread held during the fork would stay locked in the child for ever.
    global _lock
    _lock = allocate_lock()


os.register_at_fork(after_in_child=_after_fork)


def attached():
    """Whether Trainable listens to this program."""
    return bool(os.environ.get("TRAINABLE_RECORD_FD") or os.environ.get("TRAINABLE_RECORD_SOCKET"))


def send(record, line):
    """Sends one record; `line()` is the text that is printed instead when nobody listens."""
    if not attached():
        print(line(), flush=True)
        return
    import json

    message = json.dumps(record, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
    # A lone surrogate (from undecodable file names, for instance) has no UTF-8.
    message = message.encode("utf-8", "replace")
    try:
        if len(message) > MAX_MESSAGE or not _send(message):
            _send(_spill(message))
    except OSError as error:
        _warn(f"records are not delivered: {error.strerror or error}")


def _send(message):
    """Sends a whole message; False when it is too large for the socket."""
    import errno
    import socket

    for attempt in (1, 2):
        channel = _channel()
        while True:
            try:
                channel.send(message, socket.MSG_NOSIGNAL)
                return True
            except BlockingIOError:
                # The descriptor's flags are shared with whoever made it non-blocking; waiting is ours.
                import select

                waiter = select.poll()
                waiter.register(channel.fileno(), select.POLLOUT)
                waiter.poll()
            except OSError as error:
                if error.errno == errno.EMSGSIZE:
                    return False
                if attempt == 2 or error.errno not in (errno.EBADF, errno.ENOTSOCK, errno.ENOTCONN):
                    raise
                _forget(channel)
                break
    raise AssertionError("unreachable")


def _channel():
    """The open socket of this process, opened again when the environment names another one.

    A process that was forked ahead of time learns its descriptor only after this module was imported.
    """
    global _open_for, _socket
    wanted = (os.environ.get("TRAINABLE_RECORD_FD"), os.environ.get("TRAINABLE_RECORD_SOCKET"))
    with _lock:
        if _socket is None or _open_for != wanted:
            _socket = _inherited(wanted[0]) or _connected(wanted[1])
            _open_for = wanted
        return _socket


def _inherited(number):
    import socket

    if not number or not number.isascii() or not number.isdigit():
        return None
    try:
        # A copy: closing ours must never close the descriptor that later forks will use.
        copy = os.dup(int(number))
    except OSError:
        return None
    try:
        # In a spawned worker the number may be some other file by now, so what it is gets checked.
        channel = socket.socket(fileno=copy)
    except OSError:
        os.close(copy)
        return None
    if channel.family == socket.AF_UNIX and channel.type == socket.SOCK_SEQPACKET:
        return channel
    channel.close()
    return None


def _connected(path):
    import errno
    import socket

    if not path:
        raise OSError(errno.EBADF, "this worker process did not inherit the connection")
    channel = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        channel.connect(path)
    except OSError:
        channel.close()
        raise
    return channel


def _forget(channel):
    global _socket
    with _lock:
        if _socket is channel:
            _socket = None


def _spill(message):
    """Writes a message that is too large to a file of the stage, and returns the message that says where."""
    import json

    global _spilled
    stage = os.environ.get("TRAINABLE_STAGE_DIR")
    if not stage:
        raise OSError("a record is too large to send and TRAINABLE_STAGE_DIR is not set")
    folder = os.path.join(stage, ".records")
    os.makedirs(folder, exist_ok=True)
    with _lock:
        _spilled += 1
        name = f"{os.getpid()}-{_spilled}-{os.urandom(4).hex()}.json"
    descriptor = os.open(os.path.join(folder, name), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    with os.fdopen(descriptor, "wb") as file:
        file.write(message)
    return json.dumps({"type": "spilled", "path": f".records/{name}"}).encode()


def _warn(text):
    global _warned
    if not _warned:
        _warned = True
        print(f"trainable: {text}; this process goes on without them", file=sys.stderr, flush=True)
