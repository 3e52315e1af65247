"""The zygote: one Python per sandbox that has imported what most scripts import, and forks for every execution.

Each execution has a process 1, mounts and IPC objects of its own from before anything runs in it, and its program a cgroup
of its own, so that it can reach neither the zygote nor another execution. One waits ready, forked ahead of time.

The zygote imports and never computes: whatever has used OpenMP before a fork hangs in the child. It runs nothing that a
model wrote.

    zygote            process 1 of the sandbox; a bare interpreter, which serves until another is warm
      warm zygote     holds CAP_SYS_ADMIN in its own user namespace, told by the server over a socket
        init          process 1 of an execution: mounts, gives up every right, waits for all the others
          program     the script, in this very interpreter
"""
