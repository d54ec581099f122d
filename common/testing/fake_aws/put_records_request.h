#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace tidemark::fake_aws {

// PutRecords's request, as views of its body: fast enough for load tests, where a JSON library
// would be most of the fake's work.
struct PutRecordsRequest {
  struct Entry {
    std::string_view data;  // base64
    std::string_view partition_key;
  };

  std::string_view stream;  // name or ARN
  std::vector<Entry> entries;
  std::deque<std::string> unescaped;  // what some of the views point into
};

// INVALID_ARGUMENT if `body` is not a JSON object of this shape. Members that it does not know are
// passed over; values may be missing (empty views). `body` must outlive the result.
absl::StatusOr<PutRecordsRequest> ParsePutRecords(std::string_view body);

}  // namespace tidemark::fake_aws
