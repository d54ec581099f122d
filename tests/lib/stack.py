"""A running Tidemark: services on free ports over a database of their own."""

import base64
import secrets
import subprocess

import grpc

import postgres
from api import Api
from service import Service, binary, settings
from waiting import eventually

POOL = "us-east-1:00000000-0000-0000-0000-0000000de5c0"
ACCESS_KEY = "test"
SECRET_KEY = "test"


def answered(method, request):
    """Whether the call was taken; false while its service can't be reached."""
    try:
        method(request, timeout=30)
        return True
    except grpc.RpcError as error:
        if error.code() != grpc.StatusCode.UNAVAILABLE:
            raise
        return False


class Stack:
    """The database `database` of the server `admin_dsn`, with the schemas; stream-config with one
    pool, POOL; and whatever is started. Logs go to `directory`.

    Streams are enabled unchecked unless `check_streams`: most tests enable one before there is a
    publisher. With it, the first publisher has to be started first. Likewise push settings, unless
    `check_push`, and the push service."""

    def __init__(self, directory, admin_dsn, database="tidemark", check_streams=False,
                 check_push=False):
        self.directory = directory
        self.check_streams = "true" if check_streams else "false"
        self.check_push = "true" if check_push else "false"
        self.dsn = admin_dsn.rsplit("/", 1)[0] + "/" + database
        self.services = []
        postgres.sql(admin_dsn, f"CREATE DATABASE {database}")
        key = base64.b64encode(secrets.token_bytes(32)).decode()
        self.environment = {f"TIDEMARK_{service}_{name}": value
                            for service in ("DATASET", "STREAM_CONFIG", "PUBLISHER")
                            for name, value in (("DSN", self.dsn), ("KEYRING", f"tests:{key}"))}
        self.environment["TIDEMARK_PUSH_DSN"] = self.dsn
        for service in ("PUBLISHER", "PUSH"):
            self.environment |= {f"TIDEMARK_{service}_ACCESS_KEY_ID": ACCESS_KEY,
                                 f"TIDEMARK_{service}_SECRET_ACCESS_KEY": SECRET_KEY}
        # Of the first dataset service: it and stream-config know each other.
        self.dataset_address = f"127.0.0.1:{postgres.free_port()}"
        self.publisher_address = f"127.0.0.1:{postgres.free_port()}"  # likewise
        self.push_address = f"127.0.0.1:{postgres.free_port()}"  # likewise

    def __enter__(self):
        try:
            for service in ("dataset", "stream-config", "publisher"):
                self.migrate(service)
            self.stream_config = self.start(
                "stream-config", "--dataset", self.dataset_address, "--publisher",
                self.publisher_address, f"--check-streams={self.check_streams}", "--push",
                self.push_address, f"--check-push={self.check_push}")
            self.stream_config.wait_ready()
            self.create_pool(POOL)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *unused):
        while self.services:
            self.services.pop().close()

    def migrate(self, service):
        with (self.directory / f"migrate-{service}.log").open("a") as log:
            subprocess.run([binary(service), "migrate"], env=settings(self.environment), check=True,
                           stdout=log, stderr=log)

    def start(self, name, *arguments, label=None, listen="127.0.0.1:0"):
        service = Service(name, arguments, self.environment, self.directory, label, listen)
        self.services.append(service)
        return service

    def start_dataset(self, *arguments, label=None):
        service = self.start("dataset", "--stream-config", self.stream_config.addresses["grpc"],
                             *arguments, label=label,
                             listen=self._listen("dataset", self.dataset_address))
        service.wait_ready()
        return service

    def start_publisher(self, kinesis, *arguments, sts=None, label=None, stream_config=None):
        """To the Kinesis at this URL, and the STS there or at `sts`. Not waited for: of several,
        one is ready."""
        return self.start("publisher", "--stream-config",
                          stream_config or self.stream_config.addresses["grpc"],
                          "--dataset", self.dataset_address, "--kinesis-endpoint", kinesis,
                          "--sts-endpoint", sts or kinesis, *arguments, label=label,
                          listen=self._listen("publisher", self.publisher_address))

    def start_push(self, sns, *arguments, sts=None, label=None):
        """With the SNS at this URL, and the STS there or at `sts`. Asks the first dataset service."""
        self.migrate("push")
        service = self.start("push", "--stream-config", self.stream_config.addresses["grpc"],
                             "--dataset", self.dataset_address, "--sns-endpoint", sns,
                             "--sts-endpoint", sts or sns, *arguments, label=label,
                             listen=self._listen("push", self.push_address))
        service.wait_ready()
        return service

    def _listen(self, name, first):
        """Where the next service of that name is to listen: the first one at `first`."""
        taken = any(service.name == name for service in self.services)
        return "127.0.0.1:0" if taken else first

    def start_gateway(self, dataset, *arguments):
        """Before `dataset`, with ACCESS_KEY and SECRET_KEY for developers."""
        keys = self.directory / "credentials"
        keys.write_text(f"[default]\naws_access_key_id = {ACCESS_KEY}\n"
                        f"aws_secret_access_key = {SECRET_KEY}\n")
        keys.chmod(0o600)
        service = self.start("gateway", "--credentials-file", keys, "--dataset",
                             dataset.addresses["grpc"], "--stream-config",
                             self.stream_config.addresses["grpc"], *arguments)
        service.wait_ready()
        return service

    def stop(self, service):
        self.services.remove(service)
        service.stop()

    def sql(self, statement, dsn=None):
        return postgres.sql(dsn or self.dsn, statement)

    def pools(self):
        """A client of the stream configuration service."""
        return Api(self.stream_config.addresses["grpc"], "stream_config", "StreamConfigService")

    def enable_stream(self, stream, pool=POOL):
        """Needs the first dataset service."""
        self._set_stream(pool=pool, stream_name=stream,
                         role_arn="arn:aws:iam::123456789012:role/tidemark",
                         status="STREAMING_STATUS_ENABLED")

    def resume_stream(self):
        """Enables the stream of POOL from where it stopped."""
        self._set_stream("stream.status", resume=True, status="STREAMING_STATUS_ENABLED")

    def set_role(self, arn):
        """Of POOL's stream."""
        self._set_stream("stream.role_arn", role_arn=arn)

    def disable_stream(self):
        """Of POOL."""
        self._set_stream("stream.status", status="STREAMING_STATUS_DISABLED")

    def set_push(self, *application_arns, role_arn="", pool=POOL):
        """Gives a pool its SNS platform applications."""
        with self.pools() as api:
            request = api.messages.UpdatePoolRequest()
            request.pool.identity_pool_id = pool
            request.pool.push.application_arns.extend(application_arns)
            request.pool.push.role_arn = role_arn
            request.update_mask.paths.append("push")
            api.UpdatePool(request, timeout=30)

    def end_bulk_publish(self, pool, job, failure_message=""):
        """As the publishers do."""
        state = "FAILED" if failure_message else "SUCCEEDED"
        with self.pools() as api:
            api.ReportBulkPublish(api.messages.ReportBulkPublishRequest(
                identity_pool_id=pool, job=job, ended=f"BULK_PUBLISH_STATE_{state}",
                failure_message=failure_message), timeout=30)

    def _set_stream(self, path="stream", pool=POOL, resume=False, **settings):
        with self.pools() as api:
            request = api.messages.UpdatePoolRequest(resume_stream=resume)
            request.pool.identity_pool_id = pool
            stream = request.pool.stream
            stream.MergeFrom(type(stream)(**settings))
            request.update_mask.paths.append(path)
            # A dataset service that was just started is found a moment later.
            eventually(lambda: answered(api.UpdatePool, request), "the stream is set")

    def move(self, dsn):
        """Services that are started from now on find their database there."""
        self.dsn = dsn
        for name in self.environment:
            if name.endswith("_DSN"):
                self.environment[name] = dsn

    def create_pool(self, pool, **settings):
        with self.pools() as api:
            api.CreatePool(api.messages.CreatePoolRequest(identity_pool_id=pool, **settings),
                           timeout=30)
