#include "services/stream_config/store/memory_store.h"

#include <gtest/gtest.h>

#include "services/stream_config/store/store_contract.h"

namespace tidemark::stream_config {
namespace {

class MemoryUnderTest final : public StoreUnderTest {
 public:
  PoolStore& store() override { return store_; }
  PoolStore& replica() override { return store_; }

 private:
  MemoryStore store_;
};

const StoreFactory kFactory = [] { return std::make_unique<MemoryUnderTest>(); };

INSTANTIATE_TEST_SUITE_P(Memory, PoolStoreContract, ::testing::Values(kFactory));
INSTANTIATE_TEST_SUITE_P(Memory, BulkPublishContract, ::testing::Values(kFactory));

}  // namespace
}  // namespace tidemark::stream_config
