#include "services/gateway/wire/routes.h"

#include <gtest/gtest.h>

#include <set>

namespace tidemark::gateway {
namespace {

struct Case {
  std::string_view method;
  std::string_view path;
  std::string_view operation;
};

// Contract section 3.
constexpr Case kCases[] = {
    {"POST", "/identitypools/P/bulkpublish", "BulkPublish"},
    {"DELETE", "/identitypools/P/identities/I/datasets/D", "DeleteDataset"},
    {"GET", "/identitypools/P/identities/I/datasets/D", "DescribeDataset"},
    {"GET", "/identitypools/P", "DescribeIdentityPoolUsage"},
    {"GET", "/identitypools/P/identities/I", "DescribeIdentityUsage"},
    {"POST", "/identitypools/P/getBulkPublishDetails", "GetBulkPublishDetails"},
    {"GET", "/identitypools/P/events", "GetCognitoEvents"},
    {"GET", "/identitypools/P/configuration", "GetIdentityPoolConfiguration"},
    {"GET", "/identitypools/P/identities/I/datasets", "ListDatasets"},
    {"GET", "/identitypools", "ListIdentityPoolUsage"},
    {"GET", "/identitypools/P/identities/I/datasets/D/records", "ListRecords"},
    {"POST", "/identitypools/P/identity/I/device", "RegisterDevice"},
    {"POST", "/identitypools/P/events", "SetCognitoEvents"},
    {"POST", "/identitypools/P/configuration", "SetIdentityPoolConfiguration"},
    {"POST", "/identitypools/P/identities/I/datasets/D/subscriptions/V", "SubscribeToDataset"},
    {"DELETE", "/identitypools/P/identities/I/datasets/D/subscriptions/V",
     "UnsubscribeFromDataset"},
    {"POST", "/identitypools/P/identities/I/datasets/D", "UpdateRecords"},
};

TEST(RoutesTest, EveryOperationHasItsPath) {
  std::set<std::string_view> found;
  for (const Case& c : kCases) {
    const Route route = FindRoute(c.method, SplitTarget(c.path));
    ASSERT_NE(route.operation, nullptr) << c.operation;
    EXPECT_EQ(route.operation->name, c.operation);
    EXPECT_EQ(AllOperations()[static_cast<std::size_t>(route.operation->operation)].name,
              c.operation);
    found.insert(route.operation->name);
  }
  EXPECT_EQ(found.size(), 17U);
  EXPECT_EQ(AllOperations().size(), 17U);
}

TEST(RoutesTest, TakesTheFieldsFromThePath) {
  const Route route = FindRoute(
      "POST", SplitTarget("/identitypools/p%3A1/identities/i:2/datasets/d/subscriptions/v?x=/y"));
  EXPECT_EQ(route.fields.identity_pool_id, "p%3A1");
  EXPECT_EQ(route.fields.identity_id, "i:2");
  EXPECT_EQ(route.fields.dataset_name, "d");
  EXPECT_EQ(route.fields.device_id, "v");
}

TEST(RoutesTest, EmptyFieldsAreFields) {
  const Route route = FindRoute("GET", SplitTarget("/identitypools/P/identities/I/datasets/"));
  ASSERT_NE(route.operation, nullptr);
  EXPECT_EQ(route.operation->name, "DescribeDataset");
  EXPECT_EQ(route.fields.dataset_name, "");
}

TEST(RoutesTest, OtherPathsHaveNoOperation) {
  for (const std::string_view path :
       {"/", "", "/identitypool", "/IdentityPools", "/identitypools/P/other",
        "/identitypools/P/identities/I/datasets/D/records/x", "/identitypools/P/identity/I",
        "/identitypools/P/bulkPublish", "/x/identitypools"}) {
    const Route route = FindRoute("GET", SplitTarget(path));
    EXPECT_EQ(route.operation, nullptr) << path;
    EXPECT_EQ(route.allowed, "") << path;
  }
}

TEST(RoutesTest, OtherMethodsLearnTheRightOnes) {
  const Route route = FindRoute("PUT", SplitTarget("/identitypools/P/identities/I/datasets/D"));
  EXPECT_EQ(route.operation, nullptr);
  EXPECT_EQ(route.allowed, "DELETE, GET, POST");
  EXPECT_EQ(FindRoute("get", SplitTarget("/identitypools")).allowed, "GET");
}

}  // namespace
}  // namespace tidemark::gateway
