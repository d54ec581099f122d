"""Sets up the dev stack's stream and bucket, or its pool, as .dev/env names them, unless it is so
already.

usage: setup_pool.py stream | pool --proto DIR --generated DIR --role ARN --push-role ARN
                     --trigger ARN --bucket NAME
"""

import argparse
import os
import pathlib
import subprocess
import sys

import boto3
import grpc

SERVICE = "tidemark.stream_config.v1.StreamConfigService"
PLATFORMS = ("GCM", "APNS")


def create_stream(name):
    kinesis = boto3.client("kinesis")
    try:
        kinesis.create_stream(StreamName=name, ShardCount=2)
    except kinesis.exceptions.ResourceInUseException:
        return
    kinesis.get_waiter("stream_exists").wait(StreamName=name)
    print(f"    stream {name} created in moto")


def load_messages(proto, generated):
    """Generates and imports the messages of the stream configuration service."""
    generated.mkdir(parents=True, exist_ok=True)
    sources = sorted((proto / "tidemark/stream_config/v1").glob("*.proto"))
    subprocess.run(["protoc", "-I", proto, "--python_out", generated, *sources], check=True)
    sys.path.insert(0, str(generated))
    from tidemark.stream_config.v1 import stream_config_service_pb2
    return stream_config_service_pb2


def call(channel, messages, method, **fields):
    run = channel.unary_unary(
        f"/{SERVICE}/{method}",
        request_serializer=getattr(messages, f"{method}Request").SerializeToString,
        response_deserializer=getattr(messages, f"{method}Response").FromString)
    return run(getattr(messages, f"{method}Request")(**fields), timeout=30)


def create_pool(channel, messages, pool_id):
    # The server answers a repeated request id with the pool that it made then.
    call(channel, messages, "CreatePool", identity_pool_id=pool_id, display_name="development",
         request_id=f"deploy-dev-up-{pool_id}")


def set_trigger(channel, messages, pool_id, function):
    """Amazon's SetCognitoEvents; for what identities sync: developers' syncs pass it by."""
    pool = call(channel, messages, "GetPool", identity_pool_id=pool_id).pool
    if dict(pool.events.functions) != {"SyncTrigger": function}:
        call(channel, messages, "UpdatePool", update_mask={"paths": ["events"]},
             pool={"identity_pool_id": pool_id, "events": {"functions": {"SyncTrigger": function}}})
        print(f"    pool {pool_id} has the sync trigger {function}")


def switch_stream_on(pool_id, stream, role):
    """Through Amazon's API, as a user would. Also after Tidemark switched the stream off."""
    wanted = {"StreamName": stream, "RoleArn": role, "StreamingStatus": "ENABLED"}
    sync = boto3.client("cognito-sync")
    have = sync.get_identity_pool_configuration(IdentityPoolId=pool_id).get("CognitoStreams") or {}
    if {**have, **wanted} != have:
        sync.set_identity_pool_configuration(IdentityPoolId=pool_id, CognitoStreams=wanted)
        print(f"    pool {pool_id} streams to {stream}")


def set_up_push(pool_id, role):
    """Likewise, with platform applications in moto."""
    sns = boto3.client("sns")
    applications = [sns.create_platform_application(
        Name="tidemark-dev", Platform=platform,
        Attributes={"PlatformCredential": "none", "PlatformPrincipal": "none"},
    )["PlatformApplicationArn"] for platform in PLATFORMS]
    wanted = {"ApplicationArns": applications, "RoleArn": role}
    sync = boto3.client("cognito-sync")
    have = sync.get_identity_pool_configuration(IdentityPoolId=pool_id).get("PushSync")
    if have != wanted:
        sync.set_identity_pool_configuration(IdentityPoolId=pool_id, PushSync=wanted)
        print(f"    pool {pool_id} pushes by way of {', '.join(applications)}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=("stream", "pool"))
    parser.add_argument("--proto", type=pathlib.Path, required=True)
    parser.add_argument("--generated", type=pathlib.Path, required=True)
    parser.add_argument("--role", required=True)
    parser.add_argument("--push-role", required=True)
    parser.add_argument("--trigger", required=True)
    parser.add_argument("--bucket", required=True)
    options = parser.parse_args()
    stream, pool_id = os.environ["TIDEMARK_STREAM_NAME"], os.environ["TIDEMARK_POOL_ID"]
    if options.what == "stream":
        create_stream(stream)
        # For the records of large events. As often as one likes: it is our own, in us-east-1.
        boto3.client("s3").create_bucket(Bucket=options.bucket)
        return
    messages = load_messages(options.proto, options.generated)
    with grpc.insecure_channel(os.environ["TIDEMARK_STREAM_CONFIG_ADDR"]) as channel:
        try:
            create_pool(channel, messages, pool_id)
            set_trigger(channel, messages, pool_id, options.trigger)
        except grpc.RpcError as error:
            sys.exit(f"the pool: {error.code().name}: {error.details()}")
    switch_stream_on(pool_id, stream, options.role)
    set_up_push(pool_id, options.push_role)


if __name__ == "__main__":
    main()
