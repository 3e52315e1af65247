# Typing into terminals: those that were inherited, and one of its own, where there is one.
import pty

TIOCSTI, TIOCLINUX = 0x5412, 0x541C
# The kernel looks at the low half of the request only; a filter that compares all of it lets this pass.
HIGH = 1 << 32


def ioctl(fd, request):
    done = libc.ioctl(fd, ctypes.c_ulong(request), ctypes.c_char_p(b"x"))
    if done == -1:
        raise OSError(ctypes.get_errno(), "refused")
    return done


# Those without a terminal behind them say so, unless a filter was there before.
for fd in range(3):
    attempt(f"typing into {fd}", lambda: ioctl(fd, TIOCSTI))
    attempt(f"with a high half into {fd}", lambda: ioctl(fd, TIOCSTI | HIGH))
    attempt(f"the selection of {fd}", lambda: ioctl(fd, TIOCLINUX))
attempt("its own terminal", lambda: ioctl(pty.openpty()[1], TIOCSTI))
attempt("the controlling terminal", lambda: open("/dev/tty"))
attempt("the console", lambda: open("/dev/console", "w"))
say()
