#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "common/errors/error.h"
#include "services/stream_config/store/store.h"

// What every store of pools must do. A test program adds store_contract.cc and
// bulk_publish_contract.cc to its sources and instantiates both suites with a factory of its store.
namespace tidemark::stream_config {

// An empty store, seen by two replicas.
class StoreUnderTest {
 public:
  virtual ~StoreUnderTest() = default;
  virtual PoolStore& store() = 0;
  // Another view of the same pools.
  virtual PoolStore& replica() = 0;
};

using StoreFactory = std::function<std::unique_ptr<StoreUnderTest>()>;

class PoolStoreContract : public ::testing::TestWithParam<StoreFactory> {
 protected:
  void SetUp() override { under_test_ = GetParam()(); }

  PoolStore& store() { return under_test_->store(); }
  PoolStore& replica() { return under_test_->replica(); }

  // A creation of a pool with this id and nothing configured.
  static Creation Wanted(const std::string& id, const std::string& request_id = "");
  // A pool with every setting and all that the server notes.
  static Pool Full(const std::string& id);

  // These expect success.
  Pool Create(const std::string& id);
  Pool Get(const std::string& id);
  Pool Rename(Pool pool, const std::string& display_name);
  void Delete(const std::string& id);
  std::vector<std::string> List(const std::string& after_id, std::int32_t limit);
  ChangePage Changes(Revision after, std::int32_t limit = 100);

  // Ids of a page of changes, in order; deleted ones as "-id".
  static std::vector<std::string> Names(const ChangePage& page);
  static absl::Time Deadline() { return absl::Now() + absl::Seconds(10); }

 private:
  std::unique_ptr<StoreUnderTest> under_test_;
};

// The same for bulk publishes, of the pool "r:1", which streams.
class BulkPublishContract : public PoolStoreContract {
 protected:
  void SetUp() override;

  absl::Status Start(PoolStore& store);
  absl::Status End(BulkJob job);
  // Notes figures of a job, `seconds` after it began. Expects success.
  void Note(int job, const BulkProgress& progress, int seconds = 0);
  // As the replica has it.
  BulkProgress Progress();
};

}  // namespace tidemark::stream_config
