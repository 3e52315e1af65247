"""Figures: saved into the stage's own folder, where the report can use them too, and announced by path."""

import os

from . import _channel
from ._paths import stage_dir
from ._values import check_name, check_run, check_step, sequence, type_name

_MAGIC = ((b"\x89PNG\r\n\x1a\n", ".png"), (b"\xff\xd8\xff", ".jpg"), (b"GIF8", ".gif"), (b"RIFF", ".webp"))
_SUFFIXES = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg")


def log_image(name, image, step=None, run=None):
    """Show a figure. It is saved under figures/ of the stage, unless it is a file of the stage already.

    Args:
        name: the figure's heading; logging the same name and step again replaces the file.
        image: a matplotlib figure or axes, a PIL image, the path of an image file, the bytes of one (PNG, JPEG, GIF,
            WebP), or an array of height x width (x 3 or 4): integers from 0 to 255 or floats from 0 to 1.
        step: optional integer from 0 up, for a figure that changes over time.
        run: optional name of the model or trial that it belongs to.

    Returns:
        The path of the file, as a `pathlib.Path`.

    Raises:
        TypeError, ValueError: an argument is not what is described above.
        FileNotFoundError: `image` is a path and there is no such file.

    Example:
        fig, ax = plt.subplots()
        ax.scatter(y_val, predictions)
        trainable.log_image("Predicted against actual", fig, run="lightgbm")
    """
    name, step, run = check_name("name", name), check_step(step), check_run(run)
    path = _saved(image, _stem(name, step, run))
    relative = path.relative_to(stage_dir().resolve()).as_posix()
    _channel.send(
        {"type": "image", "name": name, "step": step, "run": run, "data": {"path": relative}},
        lambda: f"[image] {name}: {relative}",
    )
    return path


def _stem(name, step, run):
    """A file name that people can read, and that two different names never share."""
    import re
    import zlib

    whole = name if run is None else f"{run} {name}"
    stem = re.sub(r"[^a-z0-9]+", "_", whole.lower()).strip("_")[:60]
    if stem != whole:
        stem = f"{stem}_{zlib.crc32(whole.encode('utf-8', 'replace')):08x}".lstrip("_")
    return stem if step is None else f"{stem}_{step:06d}"


def _saved(image, stem):
    if isinstance(image, (str, os.PathLike)):
        return _from_file(image, stem)
    if isinstance(image, (bytes, bytearray, memoryview)):
        content = bytes(image)
        suffix = next((suffix for magic, suffix in _MAGIC if content.startswith(magic)), None)
        if suffix is None:
            raise ValueError("image must be the bytes of a PNG, JPEG, GIF or WebP file")
        return _write(stem + suffix, lambda path: path.write_bytes(content))
    figure = image if hasattr(image, "savefig") else getattr(image, "figure", None)
    if hasattr(figure, "savefig"):
        return _write(stem + ".png", lambda path: figure.savefig(path, format="png", bbox_inches="tight"))
    if hasattr(image, "save") and hasattr(image, "mode"):
        return _write(stem + ".png", lambda path: image.save(path, format="PNG"))
    if hasattr(image, "tolist") or isinstance(image, (list, tuple)):
        content = _png(image)
        return _write(stem + ".png", lambda path: path.write_bytes(content))
    raise TypeError(f"image must be a figure, an image, a path, bytes or an array, not {type_name(image)}")


def _from_file(image, stem):
    from pathlib import Path

    source = Path(image)
    if not source.is_absolute() and not source.exists():
        source = stage_dir() / source
    if source.suffix.lower() not in _SUFFIXES:
        raise ValueError(f"image must be a file of type {', '.join(_SUFFIXES)}, not {source.name!r}")
    source = source.resolve(strict=True)
    if source.is_relative_to(stage_dir().resolve()):
        return source
    return _write(stem + source.suffix.lower(), lambda path: path.write_bytes(source.read_bytes()))


def _write(file_name, save):
    """Whole or not at all: whoever reads the folder meanwhile never sees half an image."""
    folder = stage_dir().resolve() / "figures"
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / f".{os.getpid()}-{os.urandom(4).hex()}-{file_name}"
    try:
        save(temporary)
        os.replace(temporary, folder / file_name)
    finally:
        temporary.unlink(missing_ok=True)
    return folder / file_name


def _png(image):
    """A PNG file of an array; the format is simple enough not to need an imaging library."""
    import struct
    import zlib

    rows = sequence("image", image)
    if not rows or not isinstance(rows[0], list) or not rows[0]:
        raise ValueError("image must be an array of height x width, or height x width x 3 or 4")
    channels = len(rows[0][0]) if isinstance(rows[0][0], list) else 1
    color = {1: 0, 3: 2, 4: 6}.get(channels)
    if color is None:
        raise ValueError(f"image must have 1, 3 or 4 channels, not {channels}")
    body = bytearray()
    for row in rows:
        if len(row) != len(rows[0]):
            raise ValueError("image must have rows of equal length")
        body.append(0)
        for pixel in row:
            body.extend(_byte(value) for value in (pixel if isinstance(pixel, list) else (pixel,)))
    if len(body) != len(rows) * (1 + len(rows[0]) * channels):
        raise ValueError("image must have the same number of channels in every pixel")

    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, color, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(body))) + chunk(b"IEND", b"")
    )


def _byte(value):
    if isinstance(value, bool):
        return 255 * value
    if isinstance(value, float):
        if value != value:
            return 0
        value = round(min(max(value, 0.0), 1.0) * 255)
    return min(max(int(value), 0), 255)
