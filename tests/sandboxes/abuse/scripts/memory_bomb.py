# Private memory without end, touched page by page.
held = []
while True:
    held.append(b"x" * (8 << 20))
