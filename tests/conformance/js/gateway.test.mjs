// Amazon's JavaScript client v3, unmodified, against the gateway of a running stack.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import {
  BulkPublishCommand,
  CognitoSyncClient,
  DeleteDatasetCommand,
  DescribeDatasetCommand,
  DescribeIdentityPoolUsageCommand,
  DescribeIdentityUsageCommand,
  GetBulkPublishDetailsCommand,
  GetIdentityPoolConfigurationCommand,
  ListDatasetsCommand,
  ListIdentityPoolUsageCommand,
  ListRecordsCommand,
  RegisterDeviceCommand,
  SetIdentityPoolConfigurationCommand,
  UpdateRecordsCommand,
} from "@aws-sdk/client-cognito-sync";

function fromEnvironment(name) {
  const value = process.env[name];
  assert.ok(value, `${name} is not set; tests/run sets it`);
  return value;
}

const region = fromEnvironment("AWS_REGION");
const pool = fromEnvironment("TIDEMARK_TEST_POOL_ID");

function makeClient(settings = {}) {
  return new CognitoSyncClient({
    region,
    endpoint: fromEnvironment("TIDEMARK_ENDPOINT"),
    credentials: {
      accessKeyId: fromEnvironment("AWS_ACCESS_KEY_ID"),
      secretAccessKey: fromEnvironment("AWS_SECRET_ACCESS_KEY"),
    },
    ...settings,
  });
}

const client = makeClient({ maxAttempts: 1 });

function newDataset(DatasetName = "prefs") {
  return { IdentityPoolId: pool, IdentityId: `${region}:${randomUUID()}`, DatasetName };
}

async function update(dataset, patches, more = {}) {
  const { SyncSessionToken } = await client.send(new ListRecordsCommand(dataset));
  const answer = await client.send(
    new UpdateRecordsCommand({ ...dataset, SyncSessionToken, RecordPatches: patches, ...more }),
  );
  return answer.Records;
}

const replace = (Key, Value, SyncCount = 0) => ({ Op: "replace", Key, Value, SyncCount });

test("a whole life", async () => {
  const dataset = newDataset("my.ds:x");
  const empty = await client.send(new ListRecordsCommand(dataset));
  assert.equal(empty.DatasetExists, false);
  assert.deepEqual(empty.Records, []);
  assert.equal(empty.NextToken, undefined);

  const date = new Date("2014-10-13T20:12:14.115Z");
  const written = await update(
    dataset,
    [{ ...replace("größe \u{1F600}", "red \u0000"), DeviceLastModifiedDate: date }],
    { DeviceId: "device", ClientContext: "context" },
  );
  assert.equal(written[0].Value, "red \u0000");
  assert.equal(written[0].SyncCount, 1);
  assert.equal(written[0].LastModifiedBy, "device");
  assert.equal(written[0].DeviceLastModifiedDate.getTime(), date.getTime());
  assert.ok(written[0].LastModifiedDate instanceof Date);

  const listed = await client.send(new ListRecordsCommand({ ...dataset, LastSyncCount: 0, MaxResults: 1024 }));
  assert.deepEqual(listed.Records, written);
  assert.equal(listed.DatasetSyncCount, 1);

  const described = await client.send(new DescribeDatasetCommand(dataset));
  assert.equal(described.Dataset.NumRecords, 1);
  const { IdentityPoolId, IdentityId } = dataset;
  const datasets = await client.send(new ListDatasetsCommand({ IdentityPoolId, IdentityId }));
  assert.deepEqual(datasets.Datasets, [described.Dataset]);
  const usage = await client.send(new DescribeIdentityUsageCommand({ IdentityPoolId, IdentityId }));
  assert.equal(usage.IdentityUsage.DatasetCount, 1);

  const removed = await update(dataset, [{ Op: "remove", Key: "größe \u{1F600}", SyncCount: 1 }]);
  assert.equal(removed[0].Value, undefined);
  const deleted = await client.send(new DeleteDatasetCommand(dataset));
  assert.equal(deleted.Dataset.DatasetName, "my.ds:x");
  await assert.rejects(client.send(new DescribeDatasetCommand(dataset)), {
    name: "ResourceNotFoundException",
  });
});

test("pages", async () => {
  const dataset = newDataset();
  await update(dataset, Array.from({ length: 25 }, (_, i) => replace(`key-${i}`, "v")));
  const keys = [];
  let NextToken;
  do {
    const page = await client.send(new ListRecordsCommand({ ...dataset, MaxResults: 10, NextToken }));
    keys.push(...page.Records.map((record) => record.Key));
    NextToken = page.NextToken;
  } while (NextToken);
  assert.equal(new Set(keys).size, 25);
  assert.equal(keys.length, 25);
});

test("pools", async () => {
  const usage = await client.send(new DescribeIdentityPoolUsageCommand({ IdentityPoolId: pool }));
  assert.equal(usage.IdentityPoolUsage.IdentityPoolId, pool);
  const pools = await client.send(new ListIdentityPoolUsageCommand({ MaxResults: 1 }));
  assert.equal(pools.Count, 1);
  const CognitoStreams = {
    StreamName: "stream",
    RoleArn: "arn:aws:iam::123456789012:role/CognitoRole",
    StreamingStatus: "DISABLED",
  };
  const written = await client.send(
    new SetIdentityPoolConfigurationCommand({ IdentityPoolId: pool, CognitoStreams }),
  );
  const read = await client.send(new GetIdentityPoolConfigurationCommand({ IdentityPoolId: pool }));
  for (const configuration of [written, read]) {
    const { StreamName, RoleArn, StreamingStatus } = configuration.CognitoStreams;
    assert.deepEqual({ StreamName, RoleArn, StreamingStatus }, CognitoStreams);
  }
});

test("bulk publishing", async () => {
  const whose = { IdentityPoolId: pool };
  const configure = (StreamingStatus) =>
    client.send(
      new SetIdentityPoolConfigurationCommand({
        ...whose,
        CognitoStreams: { StreamName: "s", RoleArn: "arn:aws:iam::123456789012:role/r", StreamingStatus },
      }),
    );
  const details = () => client.send(new GetBulkPublishDetailsCommand(whose));
  await configure("DISABLED");
  assert.equal((await details()).BulkPublishStatus, "NOT_STARTED");
  await assert.rejects(client.send(new BulkPublishCommand(whose)), { name: "InvalidParameterException" });
  await configure("ENABLED");
  assert.equal((await client.send(new BulkPublishCommand(whose))).IdentityPoolId, pool);
  const running = await details();
  assert.equal(running.BulkPublishStatus, "IN_PROGRESS");
  assert.ok(running.BulkPublishStartTime instanceof Date);
  await assert.rejects(client.send(new BulkPublishCommand(whose)), { name: "DuplicateRequestException" });
  await configure("DISABLED");
  const ended = await details();
  assert.equal(ended.BulkPublishStatus, "FAILED");
  assert.match(ended.FailureMessage, /turned off/);
});

test("errors have Amazon's classes", async () => {
  const dataset = newDataset();
  await update(dataset, [replace("a", "1")]);
  await assert.rejects(update(dataset, [replace("a", "2")]), (error) => {
    assert.equal(error.name, "ResourceConflictException");
    assert.equal(error.$metadata.httpStatusCode, 409);
    assert.match(error.$metadata.requestId, /^[0-9a-f-]{36}$/);
    assert.equal(error.message, "Current SyncCount for: a is: 1 not: 0");
    return true;
  });
  const refusals = [
    [new ListRecordsCommand({ ...dataset, IdentityId: "us-east-1:UPPER" }), "InvalidParameterException"],
    [new ListRecordsCommand({ ...dataset, LastSyncCount: 9 }), "InvalidParameterException"],
    [new RegisterDeviceCommand({ ...dataset, Platform: "GCM", Token: "t" }), "NotAuthorizedException"],
  ];
  for (const [command, name] of refusals) {
    await assert.rejects(client.send(command), { name });
  }
  await assert.rejects(
    update(dataset, Array.from({ length: 1025 }, (_, i) => replace(`k${i}`, ""))),
    { name: "LimitExceededException" },
  );
  const large = makeClient({ maxAttempts: 1 });
  const token = (await client.send(new ListRecordsCommand(dataset))).SyncSessionToken;
  await assert.rejects(
    large.send(
      new UpdateRecordsCommand({
        ...dataset,
        SyncSessionToken: token,
        RecordPatches: [replace("b", "x".repeat(9 * 1024 * 1024))],
      }),
    ),
    (error) => error.$metadata.httpStatusCode === 413,
  );
});

test("bad keys are refused", async () => {
  const credentials = { accessKeyId: "AKIDNOBODY", secretAccessKey: "x" };
  await assert.rejects(makeClient({ maxAttempts: 1, credentials }).send(new ListRecordsCommand(newDataset())), {
    name: "UnrecognizedClientException",
  });
});

test("a lost answer is given again", async () => {
  const dataset = newDataset();
  const stubborn = makeClient({ maxAttempts: 3 });
  const seen = [];
  stubborn.middlewareStack.add(
    (next, context) => async (input) => {
      const result = await next(input);
      if (context.commandName === "UpdateRecordsCommand") {
        seen.push(input.request.headers["amz-sdk-invocation-id"]);
        if (seen.length === 1) {
          throw Object.assign(new Error("the answer was lost"), { name: "TimeoutError", code: "ECONNRESET" });
        }
      }
      return result;
    },
    { step: "deserialize", priority: "high", name: "loseFirstAnswer" },
  );
  const { SyncSessionToken } = await stubborn.send(new ListRecordsCommand(dataset));
  const answer = await stubborn.send(
    new UpdateRecordsCommand({ ...dataset, SyncSessionToken, RecordPatches: [replace("a", "1")] }),
  );
  assert.equal(seen.length, 2);
  assert.equal(seen[0], seen[1]);
  assert.equal(answer.Records[0].SyncCount, 1);
  const listed = await client.send(new ListRecordsCommand(dataset));
  assert.equal(listed.DatasetSyncCount, 1);
});
