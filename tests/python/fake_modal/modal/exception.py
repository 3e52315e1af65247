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


class RemoteError(Error):
    pass


class ImageBuildError(RemoteError):
    def __init__(self, message, image_id):
        super().__init__(message)
        self.image_id = image_id


class ClientClosed(Error):
    pass


class RequestSizeError(Error):
    pass


class SandboxFilesystemError(Error):
    pass


class SandboxFilesystemPermissionError(SandboxFilesystemError):
    pass


class ServiceError(Error):
    pass


class TimeoutError(Error):
    pass


class SandboxTimeoutError(TimeoutError):
    pass
