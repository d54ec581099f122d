#pragma once

#include <optional>
#include <string>

#include "absl/time/time.h"
#include "common/testing/fake_aws/kinesis.h"

namespace tidemark::fake_aws {

// A stream and its life, within FakeKinesis.
struct FakeKinesis::Entry {
  KinesisStream stream;
  std::optional<std::string> held_status;
  absl::Time deleted = absl::InfiniteFuture();
  std::uint64_t failed = 0;
};

// An answer with status 200.
ServerResponse JsonAnswer(std::string body);

}  // namespace tidemark::fake_aws
