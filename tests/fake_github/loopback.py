"""A real HTTP/1.1 server on loopback, whose answers can also break off, never come, or reset the connection."""

from __future__ import annotations

import os
import socket
import socketserver
import ssl
import struct
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qsl, urlsplit

SETTLE_S_MAX = 5.0
POLL_S = 0.02  # how long close() waits for the thread that accepts
LINGER_NONE = struct.pack("ii", 1, 0)  # closing then sends RST instead of FIN


class Delivery(Enum):
    """How an answer travels."""

    WHOLE = "whole"
    SHORT = "half of the body that Content-Length promises, then the end of the connection"
    CUT = "half of the body as if it were all"
    SILENCE = "nothing, until the client gives up"
    RESET = "nothing but a reset of the connection"


@dataclass(frozen=True)
class Request:
    """What a client asked; header names are in lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Answer:
    """What the server says to it; a status without a body has b""."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    delivery: Delivery = Delivery.WHOLE


class Loopback:
    """Answers requests at `url` until it is closed; whatever goes wrong in one of its threads is told to `complain`."""

    def __init__(
        self,
        respond: Callable[[Request], Answer],
        complain: Callable[[str], None],
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self._complain = complain
        self._server = _Server(respond, complain, ssl_context)
        self.url = f"{'https' if ssl_context else 'http'}://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=[POLL_S], daemon=True).start()

    def drop_connections(self) -> None:
        """End every connection, the silent ones too, and wait until nobody works on a request."""
        settled = self._server.settled
        with settled:
            for connection in self._server.connections:
                with suppress(OSError):
                    socket.socket.shutdown(connection, socket.SHUT_RDWR)  # an SSLSocket's own would drop its session
            if not settled.wait_for(lambda: not self._server.connections, SETTLE_S_MAX):
                self._complain(f"a request is still being answered after {SETTLE_S_MAX} s")

    def close(self) -> None:
        """Stop for good."""
        self._server.shutdown()
        self.drop_connections()
        self._server.server_close()


class _Server(socketserver.ThreadingTCPServer):  # http.server's own would look its host name up
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(
        self, respond: Callable[[Request], Answer], complain: Callable[[str], None], context: ssl.SSLContext | None
    ) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.respond, self.complain, self._context = respond, complain, context
        self.settled = threading.Condition()
        self.connections: set[socket.socket] = set()

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        if self._context:  # the handshake is the connection's own thread's: here it would hold up all others
            connection = self._context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        return connection, address

    def process_request(self, request: Any, client_address: Any) -> None:
        with self.settled:
            self.connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        super().shutdown_request(request)
        with self.settled:
            self.connections.discard(request)
            self.settled.notify_all()

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError | ssl.SSLError):  # a client that hung up, or distrusts us
            self.complain(traceback.format_exc())


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body leave together
    server: _Server

    def handle_any(self) -> None:
        where = urlsplit(self.path)
        length = int(self.headers.get("Content-Length", 0))
        answer = self.server.respond(
            Request(
                self.command,
                where.path,
                dict(parse_qsl(where.query, keep_blank_values=True)),
                {name.lower(): value for name, value in self.headers.items()},
                self.rfile.read(length),
            )
        )
        if answer.delivery is Delivery.SILENCE:
            self.close_connection = True
            with suppress(OSError):
                self.connection.recv(1)  # returns when the client hangs up, or when connections are dropped
        elif answer.delivery is Delivery.RESET:
            self.close_connection = True
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NONE)
            os.close(self.connection.detach())  # a polite end elsewhere would send FIN first
        else:
            self.send(answer)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = handle_any

    def send(self, answer: Answer) -> None:
        half = len(answer.body) // 2
        promised = half if answer.delivery is Delivery.CUT else len(answer.body)
        sent = half if answer.delivery is Delivery.SHORT else promised
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.status != 204:
            self.send_header("Content-Length", str(promised))
        self.end_headers()
        self.wfile.write(answer.body[:sent])
        self.close_connection |= sent < promised

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Requests are recorded by whoever answers them."""

    def log_error(self, format: str, *args: Any) -> None:
        self.server.complain(format % args)
