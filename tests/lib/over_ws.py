"""A client over WebSocket (RFC 7395 over RFC 6455), with frames of our own making: tests send what no library would.

Message by message it does what xmpp.Client does: what a test writes is cut into elements, each becomes a message.
"""
import base64
import hashlib
import os
import re
import select
import struct
import time
from xml.parsers import expat

import managed
import xmpp

FRAMING = "urn:ietf:params:xml:ns:xmpp-framing"
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


def frame(data, opcode=TEXT, final=True, mask=b"\x11\x22\x33\x44", reserved=0):
    """One frame as a client sends it; mask=None leaves it unmasked."""
    data = data.encode() if isinstance(data, str) else data
    masked = 0x80 if mask else 0
    head = bytes([(0x80 if final else 0) | reserved << 4 | opcode])
    if len(data) < 126:
        head += bytes([masked | len(data)])
    elif len(data) < 65536:
        head += struct.pack(">BH", masked | 126, len(data))
    else:
        head += struct.pack(">BQ", masked | 127, len(data))
    if mask:
        data = bytes(b ^ mask[i % 4] for i, b in enumerate(data))
    return head + (mask or b"") + data


class Frames:
    """Bytes of a server in, (opcode, data) out."""

    def __init__(self, data=b""):
        self.data = data

    def feed(self, data):
        self.data += data

    def __iter__(self):
        while len(self.data) >= 2:
            first, second = self.data[0], self.data[1]
            assert first & 0xf0 == 0x80 and not second & 0x80, "a server's frame: whole and not masked"
            size, at = second & 0x7f, 2
            if size >= 126:
                wide = 2 if size == 126 else 8
                if len(self.data) < 2 + wide:
                    return
                size, at = int.from_bytes(self.data[2:2 + wide], "big"), 2 + wide
            if len(self.data) < at + size:
                return
            body, self.data = self.data[at:at + size], self.data[at + size:]
            yield first & 0x0f, body


def request(path="/xmpp-websocket", key="dGhlIHNhbXBsZSBub25jZQ==", without=(), **more):
    """The head of an opening request; more: fields that are added or replaced, with _ for -."""
    fields = {"Host": "localhost", "Upgrade": "websocket", "Connection": "keep-alive, Upgrade",
              "Sec-WebSocket-Key": key, "Sec-WebSocket-Version": "13", "Sec-WebSocket-Protocol": "xmpp"}
    fields.update({name.replace("_", "-"): value for name, value in more.items()})
    lines = ["%s: %s" % (name, value) for name, value in fields.items() if name not in without]
    return "GET %s HTTP/1.1\r\n%s\r\n\r\n" % (path, "\r\n".join(lines))


def tag_end(data, at):
    """Behind the '>' of the tag that begins at `at`."""
    quote = None
    while quote or data[at] != ord(">"):
        if quote:
            quote = None if data[at] == quote else quote
        elif data[at] in b"'\"":
            quote = data[at]
        at += 1
    return at + 1


def split(xml):
    """The elements that stand one behind the other, each as text."""
    found, starts = [], []
    parser = expat.ParserCreate()
    data = b"<all>" + xml.encode() + b"</all>"

    def end(_name):
        start = starts.pop()
        if len(starts) == 1:
            stop = tag_end(data, start)
            if data[stop - 2:stop] != b"/>":
                stop = tag_end(data, parser.CurrentByteIndex)
            found.append(data[start:stop].decode())
    parser.StartElementHandler = lambda _name, _attrs: starts.append(parser.CurrentByteIndex)
    parser.EndElementHandler = end
    parser.Parse(data, True)
    return found


class Over:
    """Mixed into a client: its stream goes over WebSocket. port is that of ws.listen."""
    path, chunk = "/xmpp-websocket", None  # chunk: so many bytes at once

    def open_socket(self):
        super().open_socket()
        key = base64.b64encode(os.urandom(16)).decode()
        self.raw(request(self.path, key))
        head, deadline = b"", time.monotonic() + self.timeout
        while b"\r\n\r\n" not in head:
            readable = select.poll()
            readable.register(self.sock, select.POLLIN)
            if not readable.poll(max(0, deadline - time.monotonic()) * 1000):
                raise xmpp.XmppError("no answer to the request: %r" % head)
            data = self.sock.recv(4096)
            if not data:
                raise xmpp.XmppError("the request was refused: %r" % head)
            head += data
        head, rest = head.split(b"\r\n\r\n", 1)
        accept = base64.b64encode(hashlib.sha1(key.encode() + GUID).digest())
        lines = head.split(b"\r\n")
        if not lines[0].startswith(b"HTTP/1.1 101 ") or b"Sec-WebSocket-Accept: " + accept not in lines \
                or b"Sec-WebSocket-Protocol: xmpp" not in lines:
            raise xmpp.XmppError("the request was refused: %r" % head)
        self.frames, self.messages, self.pongs, self.close_code = Frames(rest), [], [], None
        self.parser = Messages(self)

    def raw(self, data):
        data = data.encode() if isinstance(data, str) else data
        for at in range(0, len(data), self.chunk or len(data)):
            self.sock.sendall(data[at:at + (self.chunk or len(data))])

    def write(self, data):
        for element in split(data):
            if re.match(r"<(message|presence|iq)\b", element):
                element = re.sub(r"^<(\w+)", r"<\1 xmlns='%s'" % xmpp.CLIENT, element)
            self.raw(frame(element, mask=os.urandom(4)))

    def open_stream(self, more=""):
        self.queue.clear()
        self.raw(frame("<open xmlns='%s' to='%s' version='1.0'%s/>" % (FRAMING, self.domain, more)))
        header = self.next()
        if header is None or (header.ns, header.name) != (FRAMING, "open"):
            raise xmpp.XmppError("no <open/>: %s" % header)
        features = self.next()
        if features is None or features.name != "features":
            raise xmpp.XmppError("no stream features: %s" % features)
        return features

    def close(self):
        if not self.sock:
            return
        try:
            self.raw(frame("<close xmlns='%s'/>" % FRAMING))
            deadline = time.monotonic() + 5
            while self.pump(deadline - time.monotonic()) and time.monotonic() < deadline:
                pass
        except (OSError, xmpp.XmppError):
            pass
        self.sock.close()
        self.sock = None


class Messages:
    """In place of xmpp.Parser: each message is a document of its own."""

    def __init__(self, client):
        self.client, self.ready, self.closed = client, [], False

    def feed(self, data):
        self.client.frames.feed(data)
        for opcode, body in self.client.frames:
            if opcode == TEXT:
                self.client.messages.append(body.decode())
                self.message(body)
            elif opcode == PING:
                self.client.raw(frame(body, PONG))
            elif opcode == PONG:
                self.client.pongs.append(body)
            elif opcode == CLOSE:
                self.client.close_code = int.from_bytes(body[:2], "big")
                self.closed = True

    def message(self, body):
        assert body.startswith(b"<") and not body.startswith(b"<?"), body
        parser = xmpp.Parser()
        parser.root = self  # so that what comes is a child of something, and is told when it ends
        parser.parser.Parse(body, True)
        (element,) = parser.ready
        if (element.ns, element.name) != (FRAMING, "close"):
            self.ready.append(element)


class Client(Over, xmpp.Client):
    """As xmpp.Client."""


class ManagedClient(managed.ManagedClient, Over, xmpp.Client):
    """As managed.ManagedClient."""
