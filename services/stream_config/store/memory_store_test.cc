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

INSTANTIATE_TEST_SUITE_P(Memory, PoolStoreContract,
                         ::testing::Values([] { return std::make_unique<MemoryUnderTest>(); }));

}  // namespace
}  // namespace tidemark::stream_config
