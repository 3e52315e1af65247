# Typing into terminals: those that were inherited, and one of its own, where only a filter can refuse.
import fcntl, pty

own, other = pty.openpty()
TIOCSTI, TIOCLINUX = 0x5412, 0x541C


def ioctl(fd, request):
    done = libc.ioctl(fd, ctypes.c_ulong(request), ctypes.c_char_p(b"x"))
    if done == -1:
        raise OSError(ctypes.get_errno(), "refused")
    return done


attempt("a terminal of its own", lambda: ioctl(other, TIOCSTI))
# The kernel looks at the low half of the request only; a filter that compares all of it lets this pass.
attempt("with a high half", lambda: ioctl(other, TIOCSTI | 1 << 32))
attempt("the console's selection", lambda: ioctl(other, TIOCLINUX))
for fd in range(3):
    attempt(f"descriptor {fd}", lambda: ioctl(fd, TIOCSTI))
attempt("the controlling terminal", lambda: open("/dev/tty"))
attempt("the console", lambda: open("/dev/console", "w"))
say()
