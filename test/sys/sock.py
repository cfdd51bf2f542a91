#!/usr/bin/env python3
"""The other end of a runtime's sockets.

sock.py console SOCKET OUT [INPUT]  receive a terminal (--console-socket), type INPUT into it, write to OUT what comes until it is closed
sock.py fd SOCKET OUT               receive a descriptor (--pidfd-socket), write to OUT the data and the descriptor's /proc/self/fdinfo
sock.py notify SOCKET OUT           receive one datagram (NOTIFY_SOCKET), write it to OUT

The socket exists once READY is printed. Ends after 20 seconds at the latest.
"""
import array
import os
import signal
import socket
import sys


def receive(connection):
    data, ancillary, _, _ = connection.recvmsg(4096, socket.CMSG_SPACE(16))
    fds = array.array("i")
    for _, kind, content in ancillary:
        if kind == socket.SCM_RIGHTS:
            fds.frombytes(content[:len(content) - len(content) % fds.itemsize])
    return data, list(fds)


def main():
    what, path, out = sys.argv[1:4]
    signal.alarm(20)
    kind = socket.SOCK_DGRAM if what == "notify" else socket.SOCK_STREAM
    server = socket.socket(socket.AF_UNIX, kind)
    server.bind(path)
    os.chmod(path, 0o777)
    if kind == socket.SOCK_STREAM:
        server.listen(1)
    print("READY", flush=True)
    with open(out, "wb", buffering=0) as file:
        if what == "notify":
            file.write(server.recv(4096))
            return
        connection, _ = server.accept()
        data, fds = receive(connection)
        if what == "fd":
            with open(f"/proc/self/fdinfo/{fds[0]}", "rb") as info:
                file.write(data + b"\n" + info.read())
            return
        file.write(b"name=" + data + b"\n")
        if len(sys.argv) > 4:
            os.write(fds[0], sys.argv[4].encode().decode("unicode_escape").encode())
        while True:
            try:
                chunk = os.read(fds[0], 4096)
            except OSError:  # EIO: the other side is closed
                break
            if not chunk:
                break
            file.write(chunk)


main()
