# Bytes that would steer a terminal or break a text, on both streams, in names and in records.
import os

text = b"\x1b[2J\x1b[31mred\x1b]0;title\x07\x1b]52;c;eA==\x07\x9b\xff\xfe\xc0\x80\xed\xa0\x80\x00\r\x08\xe2\x80\xae\xf0\x9f\x92"
os.write(1, text)
os.write(2, text)
