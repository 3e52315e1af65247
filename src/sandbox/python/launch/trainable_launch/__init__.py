"""Runs one program where only stdout and stderr come out of a sandbox, and says how it ended.

    server  <- stdout, stderr -  launcher  <- pipes, records -  program and all that it starts

The launcher alone writes to the real stdout. What the program prints passes through it as it is; the SDK's records, which
come over the same sockets as on a machine of our own, are put between as a JSON text sequence (RFC 7464): a record
separator, one line of JSON, a line feed. Each line begins with a nonce that the program never learns, so that nothing it
prints is taken for one, and nobody but the launcher writes, so that nothing falls into the middle of one.

In a container the launcher is root and the program is not: it cannot end its launcher, and not change what the next one
runs. Programs of one container are one user, so those that run side by side are not kept from each other.
"""
