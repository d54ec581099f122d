"""Tidemark's gRPC APIs, called for an identity: as a trusted backend does for its users."""

import importlib
import pathlib
import subprocess
import sys

import grpc
from google.protobuf import message_factory

PROTO = pathlib.Path(__file__).parents[4] / "proto"
CALL_SECONDS = 30


def generate(directory):
    """Python messages of all contracts, to be imported from `directory`."""
    directory.mkdir(parents=True, exist_ok=True)
    sources = sorted(PROTO.glob("tidemark/**/*.proto"))
    subprocess.run(["protoc", "-I", PROTO, "--python_out", directory, *sources], check=True)
    sys.path.insert(0, str(directory))


class Service:
    """One service's methods, by name: they take the request's fields and an identity to call for."""

    def __init__(self, address, package, name):
        self.messages = importlib.import_module(f"tidemark.{package}.v1.{package}_service_pb2")
        self.channel = grpc.insecure_channel(address)
        self.descriptor = self.messages.DESCRIPTOR.services_by_name[name]

    def __getattr__(self, method_name):
        method = self.descriptor.methods_by_name[method_name]
        request_class = message_factory.GetMessageClass(method.input_type)
        call = self.channel.unary_unary(
            f"/{self.descriptor.full_name}/{method_name}",
            request_serializer=request_class.SerializeToString,
            response_deserializer=message_factory.GetMessageClass(method.output_type).FromString)

        def run(identity, **fields):
            metadata = (("x-tidemark-caller", "identity"), ("x-tidemark-principal", identity))
            return call(request_class(identity_id=identity, **fields), metadata=metadata,
                        timeout=CALL_SECONDS)

        return run
