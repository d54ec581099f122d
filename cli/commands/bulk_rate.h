#pragma once

#include <optional>
#include <string>

#include "absl/time/time.h"
#include "tidemark/stream_config/v1/pool.pb.h"

namespace tidemark::cli {

// How fast a bulk publish goes.
struct BulkRate {
  double datasets_per_second = 0;
  double bytes_per_second = 0;
  std::optional<absl::Duration> remaining;  // absent if it can't be told
};

// Over its whole time so far; absent before there are figures.
std::optional<BulkRate> RateOf(const stream_config::v1::BulkPublish& bulk);

// Between two states of the same one; absent if the figures are the same.
std::optional<BulkRate> RateBetween(const stream_config::v1::BulkPublish& before,
                                    const stream_config::v1::BulkPublish& after);

// "1200 of 4000 datasets (30%), 400 datasets/s, 1.2 MiB/s, 7s left".
std::string ProgressLine(const stream_config::v1::BulkPublish& bulk,
                         const std::optional<BulkRate>& rate);

}  // namespace tidemark::cli
