# Says everything about itself and its surroundings that an earlier execution could have changed.
import builtins, fcntl, importlib, random, resource, signal, threading

seen = {"warm": "statistics" in sys.modules}
if os.path.exists("/data/sessions/s/daemon"):
    os.unlink("/data/sessions/s/daemon")
seen["trapped"] = [name for name in ("trapped",) if hasattr(builtins, name) or name in sys.modules]
seen["sorted"] = [type(sorted).__name__, sorted([2, 1])]
seen["environment"] = dict(os.environ)
seen["path"] = sys.path
seen["finders"] = [repr(finder)[:40] for finder in (*sys.meta_path, *sys.path_hooks)][:8]
seen["recursion"] = sys.getrecursionlimit()
# Before anything is imported that has threads of its own.
seen["threads"] = [threading.active_count(), len(os.listdir("/proc/self/task"))]
for name in ARGS["modules"]:
    try:
        module = importlib.import_module(name)
    except ImportError:
        continue
    functions = [f for f in vars(module).values() if callable(f)]
    seen[name] = [module.__file__, hasattr(module, "trapped"), any(getattr(f, "__name__", "") == "evil" for f in functions)]
if "pandas" in ARGS["modules"] and "pandas" in sys.modules:
    seen["mean"] = sys.modules["pandas"].DataFrame({"a": [1, 3]}).mean().tolist()
seen["dumps"] = json.dumps({"a": [1]})
seen["umask"] = os.umask(0o22)
seen["limits"] = {name: resource.getrlimit(getattr(resource, name)) for name in dir(resource) if name.startswith("RLIMIT_")}
seen["nice"] = [os.nice(0), sorted(os.sched_getaffinity(0)), os.sched_getscheduler(0)]
seen["cwd"] = os.getcwd()
seen["personality"] = libc.personality(0xFFFFFFFF)
seen["process"] = {name: libc.prctl(option, 0, 0, 0, 0) for name, option in {"dumpable": 3, "slack": 30, "no new rights": 39}.items()}
seen["handlers"] = {n: str(signal.getsignal(n)) for n in range(1, signal.NSIG) if signal.getsignal(n) not in (0, None)}
seen["mask"] = sorted(map(int, signal.pthread_sigmask(signal.SIG_BLOCK, [])))
seen["timers"] = [signal.getitimer(timer) for timer in (0, 1, 2)]
status = {name: value for name, _, value in (line.rstrip().partition(":\t") for line in open("/proc/self/status"))}
seen["status"] = {k: status.get(k) for k in ("Name", "SigBlk", "SigIgn", "SigPnd", "CapEff", "NoNewPrivs", "Seccomp", "Uid", "Gid", "Groups")}
seen["processes"] = len(pids())
seen["descriptors"] = {}
with os.scandir("/proc/self/fd") as entries:
    for entry in entries:
        try:
            kind = os.readlink(entry.path).split(":")[0]
        except OSError:
            continue
        # The folder that is being read has a descriptor, too.
        if not kind.endswith("/fd"):
            seen["descriptors"][entry.name] = kind
seen["folders"] = {}
for folder in ("/tmp", "/dev/shm", "/dev", "/run", "/run/trainable", "/data", "/data/sessions", "/"):
    try:
        seen["folders"][folder] = sorted(os.listdir(folder))
    except OSError as error:
        seen["folders"][folder] = errno.errorcode[error.errno]
seen["memory"] = {}
for what in ("shm", "sem", "msg"):
    with open(f"/proc/sysvipc/{what}") as file:
        seen["memory"][what] = len(file.readlines()) - 1
queue = libc.mq_open(b"/trapped", os.O_RDWR)
seen["memory"]["queue"] = errno.errorcode[ctypes.get_errno()] if queue < 0 else "there"
for what in ("unix", "tcp"):
    with open(f"/proc/net/{what}") as file:
        seen[what] = [line.split()[-1] for line in file if "trapped" in line] if what == "unix" else len(file.readlines())
seen["locks"] = {}
for name, lock in (("locked", fcntl.flock), ("ranges", fcntl.lockf)):
    with open(f"/data/sessions/s/{name}", "a") as file:
        lock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        seen["locks"][name] = "free"
pid = os.fork()
if pid == 0:
    os._exit(3)
seen["child"] = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
seen["daemon"] = os.path.exists("/data/sessions/s/daemon")
print("probe", json.dumps(seen, default=str), flush=True)
print("drawn", random.random(), flush=True)
