#include "services/push/store/memory_store.h"

#include <gtest/gtest.h>

#include "services/push/store/store_contract.h"

namespace tidemark::push {
namespace {

class MemoryUnderTest final : public StoreUnderTest {
 public:
  ReadStore& reads() override { return store_; }
  WriteStore& writes() override { return store_; }
  WriteStore& replica() override { return store_; }

 private:
  MemoryStore store_;
};

const StoreFactory kFactory = [] { return std::make_unique<MemoryUnderTest>(); };

INSTANTIATE_TEST_SUITE_P(Memory, StoreContract, ::testing::Values(kFactory));

}  // namespace
}  // namespace tidemark::push
