#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "services/publisher/domain/delivery_window.h"
#include "services/publisher/domain/send_result.h"

namespace tidemark::publisher {

// Whether a stream can be written.
enum class StreamState {
  kReady,
  kNotYet,   // it is being created
  kMissing,  // it certainly does not exist
  kUnknown,  // it could not be found out
};

// Sends records to Kinesis streams. Safe for concurrent use. Callbacks run once, on any thread,
// perhaps before the call returns, and must not block.
class StreamSender {
 public:
  virtual ~StreamSender() = default;

  using Sent = std::function<void(SendResult)>;
  // `destination` (its stream and role) and `records` are needed only during the call.
  // `traceparent`: of one of the changes; may be empty.
  virtual void Send(const DestinationConfig& destination,
                    std::span<const DeliveryWindow::Record> records, std::string_view traceparent,
                    Sent done) = 0;

  struct Sight {
    StreamState state = StreamState::kUnknown;
    std::optional<std::int64_t> record_bytes;  // the largest record it takes, if that is told
  };
  using Looked = std::function<void(Sight)>;
  // Finds out what has become of a stream that could not be written, and what it takes.
  virtual void Look(const DestinationConfig& destination, Looked done) = 0;

  // The stream was turned off or replaced: what is remembered of it does not count any more.
  virtual void Forget(const DestinationConfig& destination) = 0;
};

}  // namespace tidemark::publisher
