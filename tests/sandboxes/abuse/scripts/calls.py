# System calls by their numbers, each with arguments that a kernel without a filter would look at.
for name, number, args in ARGS["calls"]:
    given = [ctypes.c_char_p(a.encode()) if isinstance(a, str) else ctypes.c_long(a) for a in args]
    attempt(name, lambda: call(number, *given))
say()
