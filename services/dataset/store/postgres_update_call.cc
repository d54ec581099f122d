#include "services/dataset/store/postgres_update_call.h"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "common/base/status_macros.h"
#include "common/errors/sqlstate.h"
#include "services/dataset/store/change_body.h"
#include "services/dataset/store/postgres_rows.h"

namespace tidemark::dataset {
namespace {

constexpr pg::Query kUpdateBatch{
    "dataset_update_batch",
    "SELECT outcomes, counts, times, limit_values, conflict_patches, conflict_counts"
    " FROM dataset.update_batch($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15,"
    " $16, $17, $18, $19, $20, $21)"};
constexpr pg::Query kUpdateOne{
    "dataset_update_one",
    "SELECT outcomes, counts, times, limit_values, conflict_patches, conflict_counts"
    " FROM dataset.update_one($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15,"
    " $16, $17, $18, $19, $20)"};

// Outcomes of dataset.update_batch.
constexpr std::int16_t kApplied = 0;
constexpr std::int16_t kReplayed = 1;
constexpr std::int16_t kRequestIdReused = 2;
constexpr std::int16_t kConflict = 3;
constexpr std::int16_t kLimits = 10;

using Requests = std::span<const UpdateRequest* const>;

// The patches of requests, as parallel arrays.
struct Patches {
  explicit Patches(Requests requests) {
    std::int32_t number = 0;
    for (const UpdateRequest* request : requests) {
      ++number;
      for (const RecordPatch& patch : request->patches) {
        requests_.push_back(number);
        keys.emplace_back(patch.key);
        values.push_back(patch.value ? std::optional(pg::Bytes{*patch.value}) : std::nullopt);
        counts.push_back(patch.expected);
        times.push_back(patch.device_modified_time);
      }
    }
  }

  std::vector<std::int32_t> requests_;
  std::vector<std::string_view> keys;
  std::vector<std::optional<pg::Bytes>> values;
  std::vector<SyncCount> counts;
  std::vector<std::optional<absl::Time>> times;
};

std::optional<std::string_view> NullIfEmpty(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional<std::string_view>(text);
}

// One array of what `get` takes from each request.
template <typename Get>
auto Each(Requests requests, const Get& get) {
  std::vector<std::decay_t<decltype(get(*requests.front()))>> values;
  values.reserve(requests.size());
  for (const UpdateRequest* request : requests) values.push_back(get(*request));
  return values;
}

pg::Params BatchParams(Requests requests) {
  using R = UpdateRequest;
  const std::vector<std::string> bodies = Each(requests, UpdateBody);
  std::vector<pg::Bytes> body_bytes;
  for (const std::string& body : bodies) body_bytes.push_back({body});
  const Patches patches(requests);
  return pg::Params(
      Each(requests, [](const R& r) { return r.dataset.identity.owner; }),
      Each(requests, [](const R& r) { return std::string_view(r.dataset.identity.pool_id); }),
      Each(requests, [](const R& r) { return std::string_view(r.dataset.identity.identity_id); }),
      Each(requests, [](const R& r) { return std::string_view(r.dataset.name); }),
      Each(requests, [](const R& r) { return r.pool_number; }),
      Each(requests, [](const R& r) { return RequestUuid(r.identity); }),
      Each(requests, [](const R& r) { return ToUuid(r.identity.content); }),
      Each(requests, [](const R& r) { return std::string_view(r.origin.modified_by); }),
      Each(requests, [](const R& r) { return NullIfEmpty(r.origin.traceparent); }), body_bytes,
      Each(requests, [](const R& r) { return r.limits.datasets_per_identity; }),
      Each(requests, [](const R& r) { return r.limits.dataset_names_per_identity; }),
      Each(requests, [](const R& r) { return r.limits.records_per_dataset; }),
      Each(requests, [](const R& r) { return r.limits.keys_per_dataset; }),
      Each(requests, [](const R& r) { return r.limits.bytes_per_dataset; }), patches.requests_,
      patches.keys, patches.values, patches.counts, patches.times,
      Each(requests, [](const R& r) { return r.seen_generation; }));
}

pg::Params OneParams(const UpdateRequest& request) {
  const IdentityKey& identity = request.dataset.identity;
  const Limits& limits = request.limits;
  const UpdateRequest* const pointer = &request;
  const Patches patches({&pointer, 1});
  return pg::Params(identity.owner, identity.pool_id, identity.identity_id, request.dataset.name,
                    request.pool_number, RequestUuid(request.identity),
                    ToUuid(request.identity.content), request.origin.modified_by,
                    NullIfEmpty(request.origin.traceparent), pg::Bytes{UpdateBody(request)},
                    limits.datasets_per_identity, limits.dataset_names_per_identity,
                    limits.records_per_dataset, limits.keys_per_dataset, limits.bytes_per_dataset,
                    patches.keys, patches.values, patches.counts, patches.times,
                    request.seen_generation);
}

std::int64_t BoundOf(LimitBreach::Limit limit, const Limits& limits) {
  switch (limit) {
    case LimitBreach::Limit::kDatasets:
      return limits.datasets_per_identity;
    case LimitBreach::Limit::kDatasetNames:
      return limits.dataset_names_per_identity;
    case LimitBreach::Limit::kRecords:
      return limits.records_per_dataset;
    case LimitBreach::Limit::kKeys:
      return limits.keys_per_dataset;
    case LimitBreach::Limit::kBytes:
      return limits.bytes_per_dataset;
  }
  return 0;
}

// What the functions return, by request and by conflicting patch.
struct Answer {
  std::vector<std::int16_t> outcomes;
  std::vector<std::optional<SyncCount>> counts;
  std::vector<std::optional<absl::Time>> times;
  std::vector<std::optional<std::int64_t>> limit_values;
  std::vector<std::int32_t> conflict_patches;
  std::vector<SyncCount> conflict_counts;
};

absl::StatusOr<Answer> ParseAnswer(const pg::Result& result) {
  TM_ASSIGN_OR_RETURN(
      auto row, (result.ParseOnly<std::vector<std::int16_t>, std::vector<std::optional<SyncCount>>,
                                  std::vector<std::optional<absl::Time>>,
                                  std::optional<std::vector<std::optional<std::int64_t>>>,
                                  std::optional<std::vector<std::int32_t>>,
                                  std::optional<std::vector<SyncCount>>>()));
  auto& [outcomes, counts, times, limit_values, conflict_patches, conflict_counts] = row;
  Answer answer{std::move(outcomes),
                std::move(counts),
                std::move(times),
                std::move(limit_values).value_or(decltype(Answer::limit_values)()),
                std::move(conflict_patches).value_or(std::vector<std::int32_t>()),
                std::move(conflict_counts).value_or(std::vector<SyncCount>())};
  answer.limit_values.resize(answer.outcomes.size());
  return answer;
}

// The outcome of request `i`, whose first patch has the number `first_patch`.
absl::StatusOr<UpdateOutcome> OutcomeOf(const UpdateRequest& request, const Answer& answer,
                                        std::size_t i, std::int32_t first_patch) {
  const std::int16_t outcome = answer.outcomes[i];
  if (outcome == kApplied || outcome == kReplayed) {
    if (!answer.counts[i] || !answer.times[i])
      return errors::InternalError("an update without count or time");
    return UpdateOutcome(AppliedOf(*answer.counts[i], *answer.times[i], outcome == kReplayed));
  }
  if (outcome == kRequestIdReused) return UpdateOutcome(RequestIdReused{});
  if (outcome == kConflict) {
    Conflict conflict;
    for (std::size_t c = 0; c < answer.conflict_patches.size(); ++c) {
      const std::int32_t patch = answer.conflict_patches[c] - first_patch;
      if (patch < 0 || patch >= static_cast<std::int32_t>(request.patches.size())) continue;
      const RecordPatch& stale = request.patches[static_cast<std::size_t>(patch)];
      conflict.keys.push_back({stale.key, answer.conflict_counts[c], stale.expected});
    }
    return UpdateOutcome(std::move(conflict));
  }
  const auto limit = static_cast<LimitBreach::Limit>(outcome - kLimits);
  if (NameOf(limit).empty() || !answer.limit_values[i]) {
    return errors::InternalError("an update's unknown outcome");
  }
  return UpdateOutcome(LimitBreach{limit, *answer.limit_values[i], BoundOf(limit, request.limits)});
}

absl::StatusOr<std::vector<UpdateOutcome>> OutcomesOf(Requests requests, const pg::Result& result) {
  TM_ASSIGN_OR_RETURN(const Answer answer, ParseAnswer(result));
  if (answer.outcomes.size() != requests.size() || answer.counts.size() != requests.size() ||
      answer.times.size() != requests.size() ||
      answer.conflict_patches.size() != answer.conflict_counts.size()) {
    return errors::InternalError("an update's outcomes are not those of its requests");
  }
  std::vector<UpdateOutcome> outcomes;
  outcomes.reserve(requests.size());
  std::int32_t first_patch = 1;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    TM_ASSIGN_OR_RETURN(UpdateOutcome outcome, OutcomeOf(*requests[i], answer, i, first_patch));
    outcomes.push_back(std::move(outcome));
    first_patch += static_cast<std::int32_t>(requests[i]->patches.size());
  }
  return outcomes;
}

// The order in which datasets are locked everywhere (migrations/0001_dataset.sql).
auto LockOrder(const UpdateRequest& request) {
  const IdentityKey& identity = request.dataset.identity;
  return std::tie(identity.owner, identity.pool_id, identity.identity_id, request.dataset.name);
}

}  // namespace

absl::StatusOr<std::vector<UpdateOutcome>> CallUpdate(pg::Connection& connection, Requests requests,
                                                      absl::Time deadline) {
  if (requests.size() == 1) {
    TM_ASSIGN_OR_RETURN(const pg::Result result,
                        connection.Run(kUpdateOne, OneParams(*requests.front()), deadline));
    return OutcomesOf(requests, result);
  }
  std::vector<std::size_t> order(requests.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::sort(order, [&requests](std::size_t a, std::size_t b) {
    return LockOrder(*requests[a]) < LockOrder(*requests[b]);
  });
  std::vector<const UpdateRequest*> sorted;
  sorted.reserve(requests.size());
  for (const std::size_t i : order) sorted.push_back(requests[i]);
  TM_ASSIGN_OR_RETURN(const pg::Result result,
                      connection.Run(kUpdateBatch, BatchParams(sorted), deadline));
  TM_ASSIGN_OR_RETURN(std::vector<UpdateOutcome> outcomes, OutcomesOf(sorted, result));
  std::vector<UpdateOutcome> in_their_order(requests.size(), absl::OkStatus());
  for (std::size_t i = 0; i < order.size(); ++i) {
    in_their_order[order[i]] = std::move(outcomes[i]);
  }
  return in_their_order;
}

}  // namespace tidemark::dataset
