# Ends everything it can name, itself spared, and then shows that it still runs.
import signal

signal.signal(signal.SIGTERM, signal.SIG_IGN)
for pid in (1, os.getppid(), -1, 0 - os.getppid(), *guessed()):
    for sign in (signal.SIGTERM, signal.SIGSTOP, signal.SIGKILL):
        if pid in (0, os.getpid(), -os.getpgrp()):
            continue
        try:
            os.kill(pid, sign)
        except OSError:
            continue
print("kept", flush=True)
