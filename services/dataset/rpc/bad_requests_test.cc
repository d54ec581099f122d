// Every bound of contract section 2 broken by one, at each method besides UpdateRecords (see
// dataset_rpc_test.cc): the error names the field, the value and the bound.
#include <gmock/gmock.h>

#include <functional>
#include <string>
#include <utility>

#include "common/errors/error.h"
#include "services/dataset/rpc/rpc_fixture.h"

namespace tidemark::dataset {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
namespace reasons = errors::v1;
using Datasets = v1::DatasetService::Stub;
using Admin = v1::DatasetAdminService::Stub;

const std::string kLongId = "r:" + std::string(54, 'f');
const std::string kLongName(129, 'n');
const std::string kNul("r\0", 2);

class BadRequestTest : public DatasetRpcTest {
 protected:
  // That `method` refuses `request`, which `spoil` has spoilt.
  template <typename Stub, typename Request, typename Response>
  void Expect(Stub& stub,
              grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
              Request request, const std::function<void(Request&)>& spoil, const std::string& field,
              const std::string& value, const std::string& bound) {
    spoil(request);
    Response response;
    const absl::Status status = Call(stub, method, request, &response);
    SCOPED_TRACE(Request::descriptor()->name() + ": " + request.ShortDebugString().substr(0, 200));
    ASSERT_EQ(errors::ReasonOf(status), reasons::ERROR_REASON_INVALID_FIELD) << status;
    const auto violations = errors::ViolationsOf(status);
    ASSERT_EQ(violations.size(), 1U) << status;
    EXPECT_EQ(violations[0].field, field);
    EXPECT_THAT(violations[0].description, AllOf(HasSubstr(value), HasSubstr(bound)));
  }

  template <typename Request>
  Request Valid() {
    Request request;
    request.set_identity_pool_id(kPool);
    if constexpr (requires { request.set_identity_id(kIdentity); }) {
      request.set_identity_id(kIdentity);
    }
    if constexpr (requires { request.set_dataset_name("prefs"); }) {
      request.set_dataset_name("prefs");
    }
    return request;
  }

  // The ids that `method` has in common with others.
  template <typename Stub, typename Request, typename Response>
  void ExpectNames(Stub& stub,
                   grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*)) {
    const auto expect = [&](std::function<void(Request&)> spoil, const std::string& field,
                            const std::string& value, const std::string& bound) {
      Expect<Stub, Request, Response>(stub, method, Valid<Request>(), spoil, field, value, bound);
    };
    const std::string pattern = "[\\w-]+:[0-9a-f-]+";
    for (const std::string& id : {std::string("US-EAST-1:0A"), std::string(), kLongId}) {
      const std::string shown = id.substr(0, 40);
      expect([&](Request& r) { r.set_identity_pool_id(id); }, "identity_pool_id", shown, pattern);
      if constexpr (requires(Request r) { r.set_identity_id(id); }) {
        expect([&](Request& r) { r.set_identity_id(id); }, "identity_id", shown, pattern);
      }
    }
    if constexpr (requires(Request r) { r.set_dataset_name("n"); }) {
      const std::string field = "dataset_name";
      expect([&](Request& r) { r.set_dataset_name(""); }, field, "empty", "1 to 128");
      expect([&](Request& r) { r.set_dataset_name("a b"); }, field, "a b", "[a-zA-Z0-9_.:-]");
      expect([&](Request& r) { r.set_dataset_name(kLongName); }, field, "129", "128");
    }
    if constexpr (requires(Request r) { r.set_request_id("r"); }) {
      const std::string field = "request_id";
      expect([&](Request& r) { r.set_request_id(std::string(129, 'r')); }, field, "129", "128");
      expect([&](Request& r) { r.set_request_id(kNul); }, field, "", "U+0000");
    }
    if constexpr (requires(Request r) { r.set_page_size(-1); }) {
      expect([&](Request& r) { r.set_page_size(-1); }, "page_size", "-1", "0 to 1024");
    }
  }

  // That a page token which the service did not make is refused.
  template <typename Stub, typename Request, typename Response>
  void ExpectTokens(Stub& stub,
                    grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                    Request request) {
    request.set_page_token("made-up");
    Response response;
    EXPECT_EQ(errors::ReasonOf(Call(stub, method, request, &response)),
              reasons::ERROR_REASON_PAGE_TOKEN_INVALID);
  }
};

TEST_F(BadRequestTest, NamesAndPageSizesOfTheSyncApi) {
  ExpectNames(*datasets_, &Datasets::ListDatasets);
  ExpectNames(*datasets_, &Datasets::DescribeDataset);
  ExpectNames(*datasets_, &Datasets::DeleteDataset);
  ExpectNames(*datasets_, &Datasets::ListRecords);
  ExpectNames(*datasets_, &Datasets::DescribeIdentityUsage);
  ExpectNames(*datasets_, &Datasets::DescribeIdentityPoolUsage);
  EXPECT_TRUE(store_.Log().empty());
}

TEST_F(BadRequestTest, NamesAndPageSizesOfTheAdministration) {
  ExpectNames(*admin_, &Admin::ListIdentities);
  ExpectNames(*admin_, &Admin::EraseIdentity);
  ExpectNames(*admin_, &Admin::PurgePool);
  EXPECT_TRUE(store_.Log().empty());
}

TEST_F(BadRequestTest, WhatOneMethodAloneHas) {
  using List = v1::ListRecordsRequest;
  Expect<Datasets, List, v1::ListRecordsResponse>(
      *datasets_, &Datasets::ListRecords, Valid<List>(), [](List& r) { r.set_last_sync_count(-1); },
      "last_sync_count", "-1", "at least 0");
  using Pools = v1::ListIdentityPoolUsageRequest;
  Expect<Datasets, Pools, v1::ListIdentityPoolUsageResponse>(
      *datasets_, &Datasets::ListIdentityPoolUsage, Pools(), [](Pools& r) { r.set_page_size(-1); },
      "page_size", "-1", "0 to 1024");
  using Identities = v1::ListIdentitiesRequest;
  for (const std::string& prefix : {std::string(56, 'p'), kNul}) {
    Expect<Admin, Identities, v1::ListIdentitiesResponse>(
        *admin_, &Admin::ListIdentities, Valid<Identities>(),
        [&](Identities& r) { r.set_identity_id_prefix(prefix); }, "identity_id_prefix",
        prefix.substr(0, 1), "0 to 55");
  }
}

TEST_F(BadRequestTest, TheTwoIdentitiesOfAMerge) {
  using Merge = v1::MergeIdentitiesRequest;
  Merge valid;
  valid.set_identity_pool_id(kPool);
  valid.set_winning_identity_id("r:1");
  valid.set_losing_identity_id("r:2");
  const auto expect = [&](std::function<void(Merge&)> spoil, const std::string& field,
                          const std::string& value, const std::string& bound) {
    Expect<Admin, Merge, v1::MergeIdentitiesResponse>(*admin_, &Admin::MergeIdentities, valid,
                                                      spoil, field, value, bound);
  };
  const std::string pattern = "[\\w-]+:[0-9a-f-]+";
  expect([](Merge& r) { r.set_identity_pool_id("A"); }, "identity_pool_id", "A", pattern);
  expect([](Merge& r) { r.set_winning_identity_id("r:A"); }, "winning_identity_id", "r:A", pattern);
  expect([](Merge& r) { r.set_losing_identity_id(""); }, "losing_identity_id", "", pattern);
  expect([](Merge& r) { r.set_losing_identity_id("r:1"); }, "losing_identity_id", "'r:1'",
         "winning_identity_id");
  expect([](Merge& r) { r.set_request_id(std::string(129, 'r')); }, "request_id", "129", "128");
  EXPECT_TRUE(store_.Log().empty());
}

TEST_F(BadRequestTest, TokensThatTheServiceDidNotMake) {
  ExpectTokens(*datasets_, &Datasets::ListDatasets, Valid<v1::ListDatasetsRequest>());
  ExpectTokens(*datasets_, &Datasets::ListRecords, Valid<v1::ListRecordsRequest>());
  ExpectTokens(*datasets_, &Datasets::ListIdentityPoolUsage, v1::ListIdentityPoolUsageRequest());
  ExpectTokens(*admin_, &Admin::ListIdentities, Valid<v1::ListIdentitiesRequest>());
  auto list = ListRequest();
  list.set_sync_session_token("made-up");
  EXPECT_EQ(errors::ReasonOf(List(list).status()),
            reasons::ERROR_REASON_SYNC_SESSION_TOKEN_INVALID);
}

}  // namespace
}  // namespace tidemark::dataset
