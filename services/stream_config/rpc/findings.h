#pragma once

#include <initializer_list>
#include <string_view>

#include "absl/status/status.h"
#include "common/errors/error.h"

namespace tidemark::stream_config {

// What the caller of a change is told of another service's check: OK, one of its `findings`, or
// what it could not reach itself, as it is; all else as a `service` that can't be had, which
// `cannot` do what was asked ("no publisher can check the stream").
absl::Status ExplainCheck(const absl::Status& status,
                          std::initializer_list<errors::Reason> findings, std::string_view service,
                          std::string_view cannot);

}  // namespace tidemark::stream_config
