# An endless loop, in two processes, that takes no hint.
import os, signal

for number in signal.valid_signals():
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
if os.fork() == 0:
    os.setsid()
print("go", flush=True)
while True:
    pass
