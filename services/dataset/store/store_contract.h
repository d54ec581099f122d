#pragma once

#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "absl/time/clock.h"
#include "services/dataset/store/memory_store.h"
#include "services/dataset/store/snapshots.h"
#include "services/dataset/store/store.h"

// What every store of datasets must do. A test program adds store_contract.cc,
// store_contract_steps.cc, admin_contract.cc and trigger_contract.cc to its sources and
// instantiates DatasetStoreContract with a factory of its store.
namespace tidemark::dataset {

// An empty store.
class StoreUnderTest {
 public:
  virtual ~StoreUnderTest() = default;
  virtual UpdateStore& updates() = 0;
  virtual ReadStore& reads() = 0;
  virtual AdminStore& admin() = 0;
  virtual SnapshotStore& snapshots() = 0;
  // The change log in order of position.
  virtual std::vector<LoggedChange> Log() = 0;
  // Runs what the store does in the background (usage, purging) until it is done.
  virtual void Settle() = 0;
};

using StoreFactory = std::function<std::unique_ptr<StoreUnderTest>()>;

// One empty store and short ways to use it.
class DatasetStoreContract : public ::testing::TestWithParam<StoreFactory> {
 protected:
  void SetUp() override { store_ = GetParam()(); }

  static RecordPatch Put(std::string key, std::int64_t expected, std::string value = "v");
  static RecordPatch Remove(std::string key, std::int64_t expected);

  // A request of its own identity.
  UpdateRequest Request(const DatasetKey& dataset, std::vector<RecordPatch> patches);
  // The same, whose patches a sync trigger made that saw life `seen`; 0: none.
  UpdateRequest Triggered(std::vector<RecordPatch> patches, std::int64_t seen);
  UpdateOutcome Apply(const UpdateRequest& request);
  UpdateOutcome Update(const DatasetKey& dataset, std::vector<RecordPatch> patches);
  std::vector<UpdateOutcome> ApplyAll(const std::vector<UpdateRequest>& requests);
  DeleteOutcome Delete(const DatasetKey& dataset);
  // The names of the copies.
  std::vector<std::string> Merge(const IdentityKey& loser, const IdentityKey& winner);

  RecordPage List(const DatasetKey& dataset, std::int64_t since = 0);
  RecordPage List(const RecordQuery& query);
  DatasetView View(const UpdateRequest& request, std::int64_t max_bytes = kMiB);
  std::optional<DatasetInfo> Describe(const DatasetKey& dataset);
  std::vector<std::string> DatasetNames(const IdentityKey& identity);
  IdentityUsage Usage(const IdentityKey& identity);

  static absl::Time Deadline() { return absl::Now() + absl::Seconds(10); }

  // -1 for what was not applied.
  static std::int64_t CountOf(const UpdateOutcome& outcome);
  static std::vector<std::string> KeysOf(const RecordPage& page);

  // The answer of a read, which must succeed.
  template <typename T>
  static T Wait(const std::function<void(ReadStore::Callback<T>)>& read);

  std::unique_ptr<StoreUnderTest> store_;
  Limits limits_;
  const IdentityKey identity_ = IdentityKey::Of("us-east-1:0a", "us-east-1:1b");
  const DatasetKey prefs_{identity_, "prefs"};

 private:
  RequestIdentity NextIdentity();

  std::uint64_t requests_ = 0;
};

template <typename T>
T DatasetStoreContract::Wait(const std::function<void(ReadStore::Callback<T>)>& read) {
  std::promise<absl::StatusOr<T>> promise;
  read([&promise](absl::StatusOr<T> result) { promise.set_value(std::move(result)); });
  absl::StatusOr<T> result = promise.get_future().get();
  EXPECT_TRUE(result.ok()) << result.status();
  return std::move(result).value_or(T{});
}

}  // namespace tidemark::dataset
