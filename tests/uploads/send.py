"""Sends a file to the address of an upload that was made already: `send.py URL FILE`."""

import sys

from tusclient.uploader import Uploader

url, path = sys.argv[1:]
Uploader(file_path=path, url=url, chunk_size=3 << 20, retries=100, retry_delay=1).upload()
