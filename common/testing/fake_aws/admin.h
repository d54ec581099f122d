#pragma once

#include <string_view>

#include "common/testing/fake_aws/http_server.h"

namespace tidemark::fake_aws {

class FakeAws;

inline constexpr std::string_view kAdminPrefix = "/_fake/";

// What tests in other languages steer the fake with; all bodies are JSON. A STREAM is a name of the
// fake's own account, or ACCOUNT/NAME.
//   POST   /_fake/script            adds faults: {"faults": [...]}, see ParseFaults
//   DELETE /_fake/script            forgets them
//   GET    /_fake/counters          calls by operation, faults struck and pending, for each stream
//                                   records accepted, their bytes, and records failed, and pushes
//   POST   /_fake/clock             {"skewSeconds": N}: the fake's clock is so far ahead
//   POST   /_fake/reset             forgets all of what follows, faults and counts
//
//   POST   /_fake/kinesis/stream    {"stream": STREAM, "shards": 1}: creates it
//   DELETE /_fake/kinesis/stream?stream=STREAM
//   GET    /_fake/kinesis/records?stream=STREAM[&from=N][&limit=N]
//                                   what the stream took, in order of arrival: partitionKey, data
//                                   (base64), shardId, sequenceNumber, call, arrivedMillis (since
//                                   the epoch); 1000 unless told
//   POST   /_fake/kinesis/status    {"stream": STREAM, "status": "CREATING"}: holds it in that
//                                   state; "": lets it go on by itself
//   POST   /_fake/kinesis/shards    {"stream": STREAM, "shards": N}: reshards to twice or half
//   POST   /_fake/kinesis/poison    {"stream": STREAM, "text": TEXT}: refuses calls with a record
//                                   that holds this; "": none
//   POST   /_fake/kinesis/limit     {"stream": STREAM, "maxRecordBytes": N}
//
//   POST   /_fake/s3/bucket         {"bucket": NAME, "account": ACCOUNT or absent}: creates it
//   GET    /_fake/s3/objects?bucket=NAME
//                                   by key: body (base64), headers kept with it, etag
//
//   PUT    /_fake/sts/role          makes a role, or changes it: arn, and as in struct Role
//                                   externalId, webIdentityToken, actions, maxSessionSeconds,
//                                   lifetimeSeconds; what is absent is as for a new one
//   DELETE /_fake/sts/role?arn=ARN  with all its sessions
//   POST   /_fake/sts/expire        {"arn": ARN}: ends its sessions; how many
//
//   POST   /_fake/sns/application   {"platform": "GCM", "name": NAME, "account": ACCOUNT or
//   absent}:
//                                   creates a platform application; its arn
//   DELETE /_fake/sns/application?arn=ARN
//                                   with its endpoints
//   DELETE /_fake/sns/endpoint?arn=ARN
//   POST   /_fake/sns/enabled       {"arn": ARN, "enabled": false}: of an application or endpoint
//   GET    /_fake/sns/endpoints     each one's arn, application, token, customUserData, enabled,
//   and
//                                   how many pushes it took
//   GET    /_fake/sns/pushes[?endpoint=ARN][&from=N][&limit=N]
//                                   what endpoints took, in order of arrival: endpoint, message,
//                                   payload (the entry that the device gets), call, arrivedMillis
//
//   PUT    /_fake/lambda/function   {"name": NAME, ...}: makes a function, or changes what it does.
//                                   NAME is of the fake's own account, or ACCOUNT/NAME. It answers
//                                   "payload": any text, or its input with the JSON merge patch
//                                   "patch", or (neither) its input; as a failure of the kind
//                                   "error" ("Handled", "Unhandled"); after "sleepSeconds"
//   POST   /_fake/lambda/queue      {"name": NAME, "answers": [...]}: what it does instead in its
//                                   next calls, one each
//   POST   /_fake/lambda/concurrency {"name": NAME, "limit": N}: calls beyond so many at once are
//                                   throttled; null: none are
//   DELETE /_fake/lambda/function?name=NAME
//   GET    /_fake/lambda/invocations?name=NAME[&from=N][&limit=N]
//                                   in order of arrival: payload, qualifier, call, arrivedMillis
ServerResponse Administer(FakeAws& fake, const ServerRequest& request);

}  // namespace tidemark::fake_aws
