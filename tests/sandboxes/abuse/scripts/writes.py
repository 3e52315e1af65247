# Writing wherever it has no business.
def append(path):
    with open(path, "ab") as file:
        return file.write(b"trapped")


def create(folder):
    path = os.path.join(folder, "trapped")
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
    return path


folders = [
    "/", "/dev", "/dev/pts", "/etc", "/usr", "/usr/bin", "/usr/lib", "/usr/local/lib", "/opt", "/run", "/run/trainable",
    "/data", "/data/sessions", "/proc", "/proc/1", "/proc/sys/kernel", "/sys", "/sys/fs/cgroup", "/var/tmp", "/home",
    "/root", "/opt/trainable", "/opt/trainable/sdk", "/opt/trainable/sdk/trainable", "/opt/trainable/env", "..",
    *{os.path.dirname(os.path.realpath(sys.executable)), *(p for p in sys.path if p and not p.startswith("/data/sessions/s"))},
    *ARGS["host"],
]
for folder in folders:
    attempt(f"a file in {folder}", lambda: create(folder))
files = [
    "/etc/passwd", "/etc/hosts", "/etc/ld.so.cache", "/etc/ld.so.preload", os.path.realpath(sys.executable), os.__file__,
    json.__file__, "/opt/trainable/sdk/trainable/__init__.py", "/proc/sys/kernel/core_pattern",
    "/proc/sys/kernel/hostname", "/proc/sysrq-trigger", "/proc/self/uid_map", "/proc/self/gid_map", "/proc/1/oom_score_adj",
    "/proc/1/uid_map", "/dev/mem", "/dev/kmsg", "/dev/sda", "/dev/vda", "/proc/kcore", "/proc/sys/vm/drop_caches",
    "/sys/fs/cgroup/memory/cgroup.procs", "/sys/fs/cgroup/cgroup.procs", "/proc/1/root/etc/passwd", "/proc/self/setgroups",
]
for file in files:
    # What may be lowered for itself is no way out; raising it above the sandbox's would be.
    attempt(f"the file {file}", lambda: append(file))
for kind, mode, device in (("disk", 0o060600, os.makedev(254, 0)), ("memory", 0o020600, os.makedev(1, 1))):
    attempt(f"a device: {kind}", lambda: os.mknod(kind, mode, device))
attempt("a set-user-id file of root", lambda: os.chown(__file__, 0, 0))
attempt("the root user", lambda: os.setuid(0))
attempt("another root folder", lambda: os.chroot("."))
attempt("the host's name", lambda: call(ARGS["sethostname"], ctypes.c_char_p(b"x"), ctypes.c_long(1)))
say()
