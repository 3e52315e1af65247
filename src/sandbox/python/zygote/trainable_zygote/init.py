"""Process 1 of an execution: arranges what it sees, gives up every right, and tells how the program ended.

It is a fork of the zygote and runs nothing that a model wrote, so it stays in the zygote's cgroup. What it tells is a claim
all the same where no cgroup can confirm it.
"""

import os
import select
import signal
import socket

from . import linux, program, view
from .message import PREPARE, receive


def run(way, filter_program, preload):
    """Never returns. Whatever fails before the program runs is one line on the status pipe."""
    linux.die_with_parent()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    linux.unshare(linux.CLONE_NEWNS | linux.CLONE_NEWIPC | linux.CLONE_NEWNET)
    near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    child = os.fork()
    if child == 0:
        near.close()
        way.close()
        program.run(far, filter_program, preload)
    far.close()
    linux.set_dumpable(False)
    received = receive(way, lambda groups: _hand_on(near, groups), lambda: _wait_for_word(way, near))
    if received is None:
        os._exit(0)
    status = received.status
    try:
        received.request["writable"] = view.arrange(received.request)
        linux.drop_capabilities()
        received.forward(near)
        linux.filter_system_calls(filter_program)
        received.close_all_but(status)
        os.write(status, b"ended %d %.6f %d\n" % _wait(child))
    except Exception as error:
        os.write(status, b"failed " + str(error).encode("utf-8", "backslashreplace")[:2000] + b"\n")
        os._exit(1)
    os._exit(0)


def _wait_for_word(way, near):
    """Ends with the program, which says nothing before it runs: whoever has a request then sees that nobody takes it."""
    if near in select.select([way, near], [], [])[0]:
        os._exit(1)


def _hand_on(near, groups):
    try:
        socket.send_fds(near, [PREPARE], groups)
    except (BrokenPipeError, ConnectionResetError):
        # The program has ended already; that is told when the request cannot be handed on either.
        pass


def _wait(child):
    """Waits for the program and all it started: its status, CPU seconds, and bytes of the largest process."""
    cpu, memory, ending = 0.0, 0, None
    while True:
        try:
            pid, how, used = os.wait4(-1, 0)
        except ChildProcessError:
            return ending, cpu, memory * 1024
        cpu += used.ru_utime + used.ru_stime
        memory = max(memory, used.ru_maxrss)
        if pid == child:
            ending = how
            try:
                # Whatever it left running ends with it.
                os.kill(-1, signal.SIGKILL)
            except ProcessLookupError:
                pass
