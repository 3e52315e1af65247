"""What goes wrong with Modal, as a kind that the server can match and one sentence for people."""

import os

import modal.exception

SECRETS = ("MODAL_TOKEN_ID", "MODAL_TOKEN_SECRET")


class Absent(Exception):
    """There is no such file."""


class Refused(Exception):
    """What is asked for cannot be had from Modal; the text is a sentence with a way out."""


# By the names of the SDK's exceptions, the narrower before the wider.
KINDS = (
    ("AuthError", "token", "Modal does not know these tokens; make new ones with `modal token new` and set MODAL_TOKEN_ID and MODAL_TOKEN_SECRET"),
    ("PermissionDeniedError", "token", "these tokens may not do this at Modal; use tokens of a member of the workspace"),
    ("ConnectionError", "away", "Modal cannot be reached; check the network, proxies and MODAL_SERVER_URL"),
    ("VersionError", "version", "Modal takes this version of its SDK no more; update Trainable"),
    ("ResourceExhaustedError", "limit", "a limit of this Modal workspace is reached; wait, or raise it at Modal"),
    ("NotFoundError", "absent", "Modal has no such thing any more"),
    ("SandboxTerminatedError", "absent", "the sandbox was ended at Modal"),
    ("SandboxTimeoutError", "absent", "the sandbox has lived as long as Modal lets it"),
    ("ConflictError", "conflict", "Modal cannot do this now"),
    ("InvalidError", "refused", "Modal refuses this"),
    ("ImageBuildError", "refused", "Modal could not make the image of the Python packages; try again, or correct the lock files"),
    ("SandboxFilesystemError", "refused", "a file could not be put into the sandbox"),
    ("RequestSizeError", "refused", "Modal refuses this, which is too much at once"),
    ("ClientClosed", "away", "the connection to Modal was closed; try again"),
    ("ServiceError", "away", "Modal does not answer as it should; try again"),
    ("InternalError", "away", "Modal has a fault of its own; try again"),
    ("TimeoutError", "away", "Modal did not answer in time; try again"),
)


def tell(error):
    """The kind and the sentence of an exception."""
    if isinstance(error, Absent):
        return "no_file", str(error)
    if isinstance(error, Refused):
        return "refused", str(error)
    if isinstance(error, FileNotFoundError):
        return "no_file", "there is no such file"
    for name, kind, sentence in KINDS:
        known = getattr(modal.exception, name, None)
        if known is not None and isinstance(error, known):
            return kind, with_detail(sentence, error)
    # What stands under the SDK has exceptions of its own when the other side speaks no gRPC, or stops to.
    if isinstance(error, (OSError, EOFError)) or type(error).__module__.split(".")[0] in ("grpclib", "h2", "aiohttp"):
        return "away", with_detail("Modal cannot be reached; check the network, proxies and MODAL_SERVER_URL", error)
    return "fault", with_detail("the sidecar could not do it", error)


def with_detail(sentence, error):
    detail = " ".join(redacted(str(error) or type(error).__name__).split())[:300]
    return f"{sentence} ({detail})"


def redacted(text):
    """The text without the tokens, wherever the SDK may have put them."""
    for name in SECRETS:
        secret = os.environ.get(name)
        if secret:
            text = text.replace(secret, "…")
    return text
