#include "services/publisher/engine/outlet.h"

#include <algorithm>
#include <utility>

namespace tidemark::publisher {
namespace {

// What a database and a terminal take: no control characters.
std::string Printable(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  return text;
}

}  // namespace

void LogFailure(Outlet& outlet, const SendResult& result, std::string_view traceparent,
                absl::Time now) {
  const auto failed = std::find_if(result.records.begin(), result.records.end(),
                                   [](const auto& record) { return record.fault != Fault::kNone; });
  const bool partial = result.fault == Fault::kNone;
  if (partial && failed == result.records.end()) return;
  const auto held_back = outlet.failures.Admit(now);
  if (!held_back) return;
  obs::Log(obs::Level::kWarning,
           partial ? "a stream did not take all records" : "a stream could not be written",
           {{"pool_id", outlet.config.pool_id},
            {"stream", outlet.config.stream_name},
            {"error", partial ? failed->error : result.error},
            {"traceparent", traceparent},
            {"held_back", *held_back}});
}

ParkedEvent ParkedFrom(const DestinationConfig& destination, const Event& event,
                       std::string reason) {
  return {.position = event.position,
          .log_shard = event.log_shard,
          .pool_id = destination.pool_id,
          .identity_id = event.key,
          .change = event.change,
          .commit_time = event.commit_time,
          .event_bytes = event.record_bytes(),
          .reason = Printable(std::move(reason))};
}

}  // namespace tidemark::publisher
