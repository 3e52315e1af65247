"""The sidecar: what the server asks of Modal, by Modal's own SDK, as lines of JSON on stdin and stdout.

One line asks and bears an id that no other has: `{"id": 7, "op": "exec", …}`. Lines with that id answer it: `event`
zero or more times, then once `done` or `error`. Who gets bytes grants them: 16 events at first, and as many more as a
line `{"id": 7, "op": "credit", "count": 3}` says, so that neither side ever holds more than a few chunks of a call.
Nothing is kept that outlives this process, and the two tokens are in its environment and nowhere else.

    __main__    reads lines, starts calls, ends with its stdin
    wire        one line in, one line out, credits
    calls       what each op does
    cloud       the app, the image, the sandboxes
    files       the volumes
    shadows     read-only volumes with one folder that may be written
    problems    what goes wrong, as a kind and one sentence
"""
