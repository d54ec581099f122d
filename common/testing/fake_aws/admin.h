#pragma once

#include <string_view>

#include "common/testing/fake_aws/http_server.h"

namespace tidemark::fake_aws {

class FakeAws;

inline constexpr std::string_view kAdminPrefix = "/_fake/";

// What tests in other languages steer the fake with; all bodies are JSON:
//   POST   /_fake/script            adds faults: {"faults": [...]}, see ParseFaults
//   DELETE /_fake/script            forgets them
//   GET    /_fake/counters          calls by operation, faults struck and pending, and for each
//                                   stream records accepted, their bytes, and records failed
//   GET    /_fake/kinesis/records?stream=NAME[&from=N][&limit=N]
//                                   what the stream took, in order of arrival: partitionKey, data
//                                   (base64), shardId, sequenceNumber, call, arrivedMillis (since
//                                   the epoch); 1000 unless told
//   POST   /_fake/kinesis/status    {"stream": NAME, "status": "CREATING"}: holds it in that state
//   POST   /_fake/reset             forgets streams, faults and counts
ServerResponse Administer(FakeAws& fake, const ServerRequest& request);

}  // namespace tidemark::fake_aws
