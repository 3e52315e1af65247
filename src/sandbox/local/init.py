# Process 1 of a sandbox: starts the program, waits for it, and tells how it ended. It runs nothing that a model wrote.
#
# It is given to `python -I -S -c`, so it needs nothing but built-in modules. Without it the program's exit code 137 and
# its death by signal 9 would look the same, and what its children used would be unknown.
#
# Arguments: descriptor to report on, descriptor of the records, most processes of this sandbox (0: no limit), command.
import _signal
import posix
import sys

import resource

status, record, processes = map(int, sys.argv[1:4])
command = sys.argv[4:]

# Process 1 gets only the signals that it handles; this is the one that Python handles by default.
_signal.signal(_signal.SIGINT, _signal.SIG_IGN)
# The program knows the records' descriptor as 3 and gets no other. Moved here rather than by posix_spawn, which refuses
# numbers above the limit of open files; a busy server's descriptors have such numbers.
if status == 3:
    status = posix.dup(status)
posix.set_inheritable(status, False)
if record != 3:
    posix.dup2(record, 3)
    posix.close(record)
if processes:
    # Set here, in the sandbox's own user namespace: outside, all sandboxes' processes would count together.
    resource.setrlimit(resource.RLIMIT_NPROC, (processes, processes))

program = posix.posix_spawn(
    command[0],
    command,
    posix.environ,
    setsigdef=[_signal.SIGINT, _signal.SIGPIPE, _signal.SIGXFSZ],
    setsigmask=[],
)
posix.close(3)
posix.write(status, b"started\n")

cpu = 0.0
memory = 0
ending = None
while True:
    try:
        pid, how, used = posix.wait4(-1, 0)
    except ChildProcessError:
        break
    cpu += used.ru_utime + used.ru_stime
    memory = max(memory, used.ru_maxrss)
    if pid == program:
        ending = how
        try:
            # Whatever it left running ends with it.
            posix.kill(-1, _signal.SIGKILL)
        except ProcessLookupError:
            pass
posix.write(status, b"ended %d %.6f %d\n" % (ending, cpu, memory * 1024))
