#pragma once

#include <optional>
#include <string>

#include "absl/time/time.h"
#include "common/aws/kinesis.h"
#include "common/testing/fake_aws/kinesis.h"

namespace tidemark::fake_aws {

// A stream and its life, within FakeKinesis.
struct FakeKinesis::Entry {
  KinesisStream stream;
  std::optional<std::string> held_status;
  absl::Time deleted = absl::InfiniteFuture();
  absl::Time updated_until = absl::InfinitePast();
  std::size_t max_record_bytes = aws::kDefaultMaxRecordBytes;
  std::string poison;
  std::uint64_t failed = 0;
};

// A time as Kinesis's JSON has it: seconds since the epoch.
inline double SecondsOf(absl::Time time) { return absl::ToDoubleSeconds(time - absl::UnixEpoch()); }

// An answer with status 200.
ServerResponse JsonAnswer(std::string body);

}  // namespace tidemark::fake_aws
