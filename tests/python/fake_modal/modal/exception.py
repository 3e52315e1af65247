class Error(Exception):
    pass


class AuthError(Error):
    pass


class ConnectionError(Error):
    pass


class InvalidError(Error):
    pass


class ConflictError(InvalidError):
    pass


class NotFoundError(Error):
    pass


class ResourceExhaustedError(Error):
    pass


class TimeoutError(Error):
    pass
