#include <memory>

#include "services/dataset/store/snapshot_contract.h"
#include "services/dataset/store/testing/postgres_fixture.h"

namespace tidemark::dataset {
namespace {

INSTANTIATE_TEST_SUITE_P(Postgres, DatasetStoreContract, ::testing::Values(StoreFactory([] {
                           return std::make_unique<PostgresUnderTest>();
                         })));

INSTANTIATE_TEST_SUITE_P(Postgres, SnapshotContract, ::testing::Values(StoreFactory([] {
                           return std::make_unique<PostgresUnderTest>();
                         })));

}  // namespace
}  // namespace tidemark::dataset
