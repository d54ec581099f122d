"""A TCP connection's way that can be cut: a process behind it no longer reaches a service that
others still do."""

import contextlib
import socket
import threading


class Link:
    """Leads from `address`, "127.0.0.1:PORT", to the address it is given."""

    def __init__(self, target):
        host, port = target.rsplit(":", 1)
        self._target = (host, int(port))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._lock = threading.Lock()
        self._whole = True
        self._sockets = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self):
        """Breaks what is connected, and refuses what comes."""
        with self._lock:
            self._whole = False
            for connected in self._sockets:
                self._shut(connected)
            self._sockets.clear()

    def mend(self):
        with self._lock:
            self._whole = True

    def close(self):
        self._shut(self._listener)
        self.cut()

    def _accept(self):
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(self._target, timeout=30)
            except OSError:
                near.close()
                continue
            far.settimeout(None)
            with self._lock:
                if not self._whole:
                    self._shut(near)
                    self._shut(far)
                    continue
                self._sockets |= {near, far}
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._copy, args=(source, sink), daemon=True).start()

    def _copy(self, source, sink):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        with self._lock:
            self._shut(source)
            self._shut(sink)
            self._sockets -= {source, sink}

    @staticmethod
    def _shut(connected):
        with contextlib.suppress(OSError):
            connected.shutdown(socket.SHUT_RDWR)
        connected.close()
