# Every road to another machine or to the server's own sockets.
import socket


def stream(family, address):
    with socket.socket(family, socket.SOCK_STREAM) as s:
        s.settimeout(2)
        s.connect(address)
        s.send(b"trapped")
        return "connected"


def datagram(family, address):
    with socket.socket(family, socket.SOCK_DGRAM) as s:
        s.sendto(b"trapped", address)
        return "sent"


tcp, udp = ARGS["tcp"], ARGS["udp"]
attempt("TCP to loopback", lambda: stream(socket.AF_INET, ("127.0.0.1", tcp)))
attempt("TCP to another loopback", lambda: stream(socket.AF_INET, ("127.1.2.3", tcp)))
attempt("TCP to any own address", lambda: stream(socket.AF_INET, ("0.0.0.0", tcp)))
attempt("TCP to loopback, v6", lambda: stream(socket.AF_INET6, ("::1", tcp)))
attempt("TCP mapped into v6", lambda: stream(socket.AF_INET6, ("::ffff:127.0.0.1", tcp)))
for address in ARGS["addresses"]:
    attempt(f"TCP to the machine's {address}", lambda: stream(socket.AF_INET, (address, tcp)))
attempt("an abstract socket", lambda: stream(socket.AF_UNIX, b"\0" + ARGS["abstract"].encode()))
attempt("a socket by its path", lambda: stream(socket.AF_UNIX, ARGS["path"]))
# Addresses that are nobody's, the one where clouds keep their secrets, and one that everybody hears.
for address in ARGS["outside"]:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    attempt(f"TCP to {address}", lambda: stream(family, (address, 80)))
    attempt(f"UDP to {address}", lambda: datagram(family, (address, 53)))
if ARGS["outside"]:
    attempt("a name", lambda: socket.getaddrinfo("example.org", 80))
attempt("raw IP", lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP))
attempt("packets", lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW))
for name, family in (("vsock", 40), ("kernel crypto", 38), ("bluetooth", 31), ("CAN", 29), ("RDS", 21), ("TIPC", 30)):
    attempt(name, lambda: socket.socket(family, socket.SOCK_STREAM))
for name, protocol in (("audit", 9), ("firewall", 12), ("uevents", 15), ("generic", 16)):
    attempt(f"netlink: {name}", lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, protocol))
count("interfaces", {name for _, name in socket.if_nameindex()} - {"lo"})
say()
# Whether this arrives the kernel does not tell: the test looks at the other end.
attempt("UDP to loopback", lambda: datagram(socket.AF_INET, ("127.0.0.1", udp)))
