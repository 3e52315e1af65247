from . import exception
from .state import both, fault, output


class Image:
    def __init__(self, locks=(), local=()):
        self.locks, self.local = tuple(locks), tuple(local)
        self.object_id = None

    @staticmethod
    def debian_slim(python_version=None):
        return Image()

    def apt_install(self, *packages):
        return self

    def pip_install_from_requirements(self, path, *, extra_options=""):
        assert "--require-hashes" in extra_options
        with open(path) as file:
            assert "--hash=sha256:" in file.read()
        return Image((*self.locks, path), self.local)

    def add_local_dir(self, local, remote):
        return Image(self.locks, (*self.local, (local, remote)))

    @both
    async def build(self, app):
        if fault("no-image"):
            if output.enabled:
                print("Collecting pandas==0.0.0")
                print("ERROR: No matching distribution found for pandas==0.0.0")
            said = "Image build for im-1 failed.\nView the build logs:\n  modal image logs im-1"
            raise exception.ImageBuildError(said, "im-1")
        self.object_id = "im-1"
        return self
