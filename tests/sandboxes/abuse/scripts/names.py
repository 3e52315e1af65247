# Names that are read as something else by whoever takes them apart.
names = [
    b"-rf", b"--help", b"...", b".. ", b"..\xe2\x80\xa5", b"..\\..\\x", b"..%2f..%2fx", b"\xef\xbc\x8e\xef\xbc\x8e", b"~", b"$(id)",
    b"`id`", b"a;b", b"C:x", b"nul", b" ", b"\xc3\xa9", b"e\xcc\x81", b"n" * 255, b"\xf0\x9f\x93\x88" * 63, b"<script>.html", b"\xe2\x80\xaegnp.exe",
    b"line\nbreak", b"tab\t", b"bell\x07", b"\x1b[31mred\x1b[0m", b"\x1b]0;title\x07", b"del\x7f", b"\xc2\x9b31m", b"bad\xff",
    b"\xc0\xae\xc0\xae", b"\xed\xa0\x80",
]
os.mkdir("names")
for name in names:
    os.close(os.open(b"names/" + name, os.O_CREAT | os.O_WRONLY))
print(len(os.listdir(b"names")), flush=True)
