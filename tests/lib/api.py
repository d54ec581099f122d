"""The services' gRPC APIs, from their proto files."""

import importlib
import pathlib
import subprocess
import sys
import tempfile

import grpc
from google.protobuf import message_factory

PROTO = pathlib.Path(__file__).parents[2] / "proto"

_generated = None


def messages(package, file):
    """The generated module of proto/tidemark/PACKAGE/v1/FILE.proto."""
    global _generated
    if _generated is None:
        _generated = tempfile.TemporaryDirectory(prefix="tidemark-proto-")
        subprocess.run(["protoc", "-I", PROTO, "--python_out", _generated.name,
                        *sorted(PROTO.glob("tidemark/**/*.proto"))], check=True)
        sys.path.insert(0, _generated.name)
    return importlib.import_module(f"tidemark.{package}.v1.{file}_pb2")


class Api:
    """A client of one service: its unary methods by name, taking a request and gRPC's keywords.

        Api(address, "dataset", "DatasetService").ListRecords(request, timeout=30)
    """

    # A service that was killed is found again soon. The minimum bounds an attempt to connect.
    OPTIONS = [("grpc.initial_reconnect_backoff_ms", 100), ("grpc.min_reconnect_backoff_ms", 5000),
               ("grpc.max_reconnect_backoff_ms", 200), ("grpc.use_local_subchannel_pool", 1)]

    def __init__(self, address, package, service, file=None):
        self.messages = messages(package, file or f"{package}_service")
        self.channel = grpc.insecure_channel(address, self.OPTIONS)
        descriptor = self.messages.DESCRIPTOR.services_by_name[service]
        for method in descriptor.methods:
            if not (method.client_streaming or method.server_streaming):
                setattr(self, method.name, self.channel.unary_unary(
                    f"/{descriptor.full_name}/{method.name}",
                    request_serializer=message_factory.GetMessageClass(
                        method.input_type).SerializeToString,
                    response_deserializer=message_factory.GetMessageClass(
                        method.output_type).FromString))

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.channel.close()
