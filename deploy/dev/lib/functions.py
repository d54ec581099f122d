"""Runs Python functions where AWS Lambda would: the one call that Tidemark and `aws lambda invoke` make.

usage: functions.py --port N --function NAME=FILE:HANDLER [--function ...]

Listens on loopback, takes any signature, and runs each call in a thread of its own. For development
alone: the functions run in this process. A function that raises is a function error, as in AWS.
"""

import argparse
import http.server
import importlib.util
import json
import re
import sys
import traceback
import urllib.parse

PATH = re.compile(r"/2015-03-31/functions/([^/]+)/invocations")
ARN = re.compile(r"arn:aws:lambda:[^:]+:\d+:function:([^:]+)(:.*)?")
MAX_PAYLOAD = 6 * 1024 * 1024


def load(spec):
    """NAME=FILE:HANDLER -> the name and the function."""
    name, _, place = spec.partition("=")
    path, _, handler = place.rpartition(":")
    module_spec = importlib.util.spec_from_file_location(f"function_{name}", path)
    module = importlib.util.module_from_spec(module_spec)
    module_spec.loader.exec_module(module)
    return name, getattr(module, handler)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # Head and body are two writes.
    functions = {}

    def do_GET(self):  # noqa: N802 (http.server's name)
        self.answer(200, {"functions": sorted(self.functions)})

    def do_POST(self):  # noqa: N802
        payload = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        name = self.function_name()
        if name not in self.functions:
            self.fail(404, "ResourceNotFoundException", f"Function not found: {name}")
        elif len(payload) > MAX_PAYLOAD:
            self.fail(413, "RequestTooLargeException", f"{len(payload)} bytes, at most {MAX_PAYLOAD}")
        else:
            self.run(self.functions[name], payload)

    def function_name(self):
        found = PATH.fullmatch(urllib.parse.urlsplit(self.path).path)
        name = urllib.parse.unquote(found[1]) if found else self.path
        arn = ARN.fullmatch(name)
        return arn[1] if arn else name

    def run(self, function, payload):
        try:
            event = json.loads(payload or b"null")
        except ValueError as error:
            return self.fail(400, "InvalidRequestContentException", str(error))
        try:
            self.answer(200, function(event, None))
        except Exception as error:  # noqa: BLE001 (whatever a function raises)
            traceback.print_exc()
            self.answer(200, {"errorMessage": str(error), "errorType": type(error).__name__},
                        {"X-Amz-Function-Error": "Unhandled"})

    def fail(self, status, code, message):
        self.answer(status, {"Type": "User", "Message": message}, {"X-Amzn-ErrorType": code})

    def answer(self, status, body, headers=None):
        data = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": len(data),
                            **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        """Only what functions print goes to the log."""


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--function", action="append", type=load, required=True)
    options = parser.parse_args()
    Handler.functions = dict(options.function)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", options.port), Handler)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        sys.exit(0)


if __name__ == "__main__":
    main()
