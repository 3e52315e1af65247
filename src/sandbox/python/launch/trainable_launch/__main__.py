"""python -m trainable_launch, with the request as JSON in TRAINABLE_LAUNCH.

The request: `nonce`, `argv` after the interpreter, `env`, `workdir`, `timeout` (wall-clock seconds), `output_bytes`,
`limits` by the names of setrlimit, `memory_bytes`, `folders` in which the program may write.
"""

import json
import os
import signal
import sys
import tempfile

from . import framing, linux, owner, relay

VARIABLE = "TRAINABLE_LAUNCH"
# Who could read this process' first environment would find the nonce, so what came in it goes on in a file without a name.
HANDED_ON = "--request"


def main():
    if VARIABLE in os.environ:
        memory = os.memfd_create("request")
        os.write(memory, os.environ.pop(VARIABLE).encode())
        os.set_inheritable(memory, True)
        arguments = [sys.executable, "-P", "-m", "trainable_launch", HANDED_ON, str(memory)]
        os.execve(sys.executable, arguments, os.environ)
    if len(sys.argv) != 3 or sys.argv[1] != HANDED_ON:
        sys.exit("trainable_launch is started by Trainable")
    memory = int(sys.argv[2])
    request = json.loads(os.pread(memory, os.fstat(memory).st_size, 0))
    os.close(memory)
    linux.become_guardian()
    # A termination that comes early is remembered and met by the relay.
    relay.catch_termination()
    for folder in request["folders"]:
        owner.hand_over(folder)
    with tempfile.TemporaryDirectory(prefix="trainable-") as folder:
        # Programs pass through it to their socket, and can neither look into it nor change it.
        os.chmod(folder, 0o711)
        run(request, folder)


def run(request, folder):
    out, out_end = os.pipe()
    err, err_end = os.pipe()
    records = relay.Records(os.path.join(folder, "records"))
    environment = {
        **request["env"],
        "TRAINABLE_RECORD_FD": "3",
        "TRAINABLE_RECORD_SOCKET": records.path,
    }
    child = os.fork()
    if child == 0:
        try:
            become(request, environment, out_end, err_end, records.theirs.fileno())
        except BaseException as error:
            os.write(2, f"the program cannot be started: {error}\n".encode())
        os._exit(126)
    for descriptor in (out_end, err_end):
        os.close(descriptor)
    records.theirs.close()
    writer = framing.Writer(request["nonce"])
    writer.tell("begun", {"pid": os.getpid()})
    ended = relay.Relay(request, child, out, err, records, writer).until_the_end()
    writer.tell("exit", ended)
    writer.flush()


def become(request, environment, out, err, record):
    """Turns a fork into the program; never returns."""
    os.setsid()
    null = os.open(os.devnull, os.O_RDONLY)
    # Above all that is about to be replaced, so that none is overwritten before it was copied.
    kept = [linux.above(descriptor, 10) for descriptor in (null, out, err, record)]
    for number, descriptor in enumerate(kept):
        os.dup2(descriptor, number)
    os.closerange(4, linux.most_descriptors())
    limits = dict(request["limits"])
    if not owner.is_needed():
        # It counts all of a user, which are more than the programs here.
        limits.pop("NPROC", None)
    linux.limit(limits)
    for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    owner.become()
    os.chdir(request["workdir"])
    os.execve(sys.executable, [sys.executable, *request["argv"]], environment)


main()
