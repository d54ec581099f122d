#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "services/dataset/domain/outcome.h"
#include "services/dataset/domain/types.h"
#include "services/dataset/store/store.h"

// Requests for tests of stores. Safe for concurrent use.
namespace tidemark::dataset {

// A request's identity that was not given before.
inline RequestIdentity FreshIdentity() {
  static std::atomic<std::uint64_t> next = 1;
  const std::uint64_t id = next++;
  return {{id, 1}, {id, 2}};
}

inline RecordPatch Put(std::string key, SyncCount expected, std::string value = "v") {
  return {std::move(key), std::move(value), expected, std::nullopt};
}

inline UpdateRequest UpdateOf(DatasetKey dataset, std::vector<RecordPatch> patches) {
  return {.dataset = std::move(dataset),
          .pool_number = PoolNumber(7),
          .limits = {},
          .patches = std::move(patches),
          .origin = {.modified_by = "device", .device_id = "device", .traceparent = ""},
          .identity = FreshIdentity()};
}

inline DeleteRequest DeleteOf(DatasetKey dataset) {
  return {.dataset = std::move(dataset),
          .pool_number = PoolNumber(7),
          .origin = {.modified_by = "device", .device_id = "device", .traceparent = ""},
          .identity = FreshIdentity()};
}

inline absl::Time InSeconds(int seconds) { return absl::Now() + absl::Seconds(seconds); }

inline UpdateOutcome Apply(UpdateStore& store, const UpdateRequest& request,
                           absl::Time deadline = InSeconds(30)) {
  const UpdateRequest* const pointer = &request;
  return store.Update({&pointer, 1}, deadline).front();
}

inline std::vector<UpdateOutcome> ApplyAll(UpdateStore& store,
                                           const std::vector<UpdateRequest>& requests,
                                           absl::Time deadline = InSeconds(30)) {
  std::vector<const UpdateRequest*> pointers;
  for (const UpdateRequest& request : requests) pointers.push_back(&request);
  return store.Update(pointers, deadline);
}

}  // namespace tidemark::dataset
