#include <utility>

#include "services/dataset/store/store_contract.h"

namespace tidemark::dataset {

RecordPatch DatasetStoreContract::Put(std::string key, std::int64_t expected, std::string value) {
  return {std::move(key), std::move(value), SyncCount(expected), std::nullopt};
}

RecordPatch DatasetStoreContract::Remove(std::string key, std::int64_t expected) {
  return {std::move(key), std::nullopt, SyncCount(expected), std::nullopt};
}

RequestIdentity DatasetStoreContract::NextIdentity() {
  ++requests_;
  return {{requests_, 1}, {requests_, 2}};
}

UpdateRequest DatasetStoreContract::Request(const DatasetKey& dataset,
                                            std::vector<RecordPatch> patches) {
  return {.dataset = dataset,
          .pool_number = PoolNumber(7),
          .limits = limits_,
          .patches = std::move(patches),
          .origin = {.modified_by = "device", .device_id = "device", .traceparent = ""},
          .identity = NextIdentity()};
}

UpdateRequest DatasetStoreContract::Triggered(std::vector<RecordPatch> patches, std::int64_t seen) {
  UpdateRequest request = Request(prefs_, std::move(patches));
  request.seen_generation = Generation(seen);
  return request;
}

std::vector<UpdateOutcome> DatasetStoreContract::ApplyAll(
    const std::vector<UpdateRequest>& requests) {
  std::vector<const UpdateRequest*> pointers;
  for (const UpdateRequest& request : requests) pointers.push_back(&request);
  return store_->updates().Update(pointers, Deadline());
}

UpdateOutcome DatasetStoreContract::Apply(const UpdateRequest& request) {
  return ApplyAll({request}).front();
}

UpdateOutcome DatasetStoreContract::Update(const DatasetKey& dataset,
                                           std::vector<RecordPatch> patches) {
  return Apply(Request(dataset, std::move(patches)));
}

DeleteOutcome DatasetStoreContract::Delete(const DatasetKey& dataset) {
  const auto outcome = store_->admin().Delete({.dataset = dataset,
                                               .pool_number = PoolNumber(7),
                                               .origin = {.modified_by = "device"},
                                               .identity = NextIdentity()},
                                              Deadline());
  EXPECT_TRUE(outcome.ok()) << outcome.status();
  return outcome.value_or(DeleteOutcome{});
}

std::vector<std::string> DatasetStoreContract::Merge(const IdentityKey& loser,
                                                     const IdentityKey& winner) {
  const auto copies = store_->admin().Merge(
      {.winner = winner, .loser = loser, .pool_number = PoolNumber(7), .limits = limits_},
      Deadline());
  EXPECT_TRUE(copies.ok()) << copies.status();
  std::vector<std::string> names;
  for (const DatasetInfo& copy : copies.value_or(std::vector<DatasetInfo>())) {
    names.push_back(copy.key.name);
  }
  return names;
}

RecordPage DatasetStoreContract::List(const RecordQuery& query) {
  return Wait<RecordPage>(
      [&](auto done) { store_->reads().ListRecords(query, Deadline(), std::move(done)); });
}

RecordPage DatasetStoreContract::List(const DatasetKey& dataset, std::int64_t since) {
  return List(RecordQuery{.dataset = dataset, .since = SyncCount(since)});
}

DatasetView DatasetStoreContract::View(const UpdateRequest& request, std::int64_t max_bytes) {
  return Wait<DatasetView>([&](auto done) {
    store_->reads().View({request.dataset, request.identity, max_bytes}, Deadline(),
                         std::move(done));
  });
}

std::optional<DatasetInfo> DatasetStoreContract::Describe(const DatasetKey& dataset) {
  return Wait<std::optional<DatasetInfo>>(
      [&](auto done) { store_->reads().DescribeDataset(dataset, Deadline(), std::move(done)); });
}

std::vector<std::string> DatasetStoreContract::DatasetNames(const IdentityKey& identity) {
  const auto page = Wait<DatasetPage>([&](auto done) {
    store_->reads().ListDatasets(identity, "", 1024, Deadline(), std::move(done));
  });
  std::vector<std::string> names;
  for (const DatasetInfo& info : page.datasets) names.push_back(info.key.name);
  return names;
}

IdentityUsage DatasetStoreContract::Usage(const IdentityKey& identity) {
  return Wait<IdentityUsage>(
      [&](auto done) { store_->reads().DescribeIdentity(identity, Deadline(), std::move(done)); });
}

std::int64_t DatasetStoreContract::CountOf(const UpdateOutcome& outcome) {
  const Applied* applied = std::get_if<Applied>(&outcome);
  return applied == nullptr ? -1 : applied->sync_count.value();
}

std::vector<std::string> DatasetStoreContract::KeysOf(const RecordPage& page) {
  std::vector<std::string> keys;
  for (const Record& record : page.records) keys.push_back(record.key);
  return keys;
}

}  // namespace tidemark::dataset
