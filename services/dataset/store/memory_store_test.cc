#include "services/dataset/store/memory_store.h"

#include "services/dataset/store/snapshot_contract.h"

namespace tidemark::dataset {
namespace {

class MemoryUnderTest final : public StoreUnderTest {
 public:
  UpdateStore& updates() override { return store_; }
  ReadStore& reads() override { return store_; }
  AdminStore& admin() override { return store_; }
  SnapshotStore& snapshots() override { return store_; }
  std::vector<LoggedChange> Log() override { return store_.Log(); }
  void Settle() override {}

 private:
  MemoryStore store_{SystemClock()};
};

INSTANTIATE_TEST_SUITE_P(Memory, DatasetStoreContract, ::testing::Values(StoreFactory([] {
                           return std::make_unique<MemoryUnderTest>();
                         })));

INSTANTIATE_TEST_SUITE_P(Memory, SnapshotContract, ::testing::Values(StoreFactory([] {
                           return std::make_unique<MemoryUnderTest>();
                         })));

}  // namespace
}  // namespace tidemark::dataset
