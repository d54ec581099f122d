#include "services/gateway/wire/routes.h"

#include <array>
#include <vector>

namespace tidemark::gateway {
namespace {

using enum Operation;
using enum Callers;

constexpr std::array kOperations = {
    OperationInfo{kBulkPublish, "BulkPublish", "POST", "/identitypools/{pool}/bulkpublish",
                  kDeveloper},
    OperationInfo{kDeleteDataset, "DeleteDataset", "DELETE",
                  "/identitypools/{pool}/identities/{identity}/datasets/{dataset}", kBoth},
    OperationInfo{kDescribeDataset, "DescribeDataset", "GET",
                  "/identitypools/{pool}/identities/{identity}/datasets/{dataset}", kBoth},
    OperationInfo{kDescribeIdentityPoolUsage, "DescribeIdentityPoolUsage", "GET",
                  "/identitypools/{pool}", kDeveloper},
    OperationInfo{kDescribeIdentityUsage, "DescribeIdentityUsage", "GET",
                  "/identitypools/{pool}/identities/{identity}", kBoth},
    OperationInfo{kGetBulkPublishDetails, "GetBulkPublishDetails", "POST",
                  "/identitypools/{pool}/getBulkPublishDetails", kDeveloper},
    OperationInfo{kGetCognitoEvents, "GetCognitoEvents", "GET", "/identitypools/{pool}/events",
                  kDeveloper},
    OperationInfo{kGetIdentityPoolConfiguration, "GetIdentityPoolConfiguration", "GET",
                  "/identitypools/{pool}/configuration", kDeveloper},
    OperationInfo{kListDatasets, "ListDatasets", "GET",
                  "/identitypools/{pool}/identities/{identity}/datasets", kBoth},
    OperationInfo{kListIdentityPoolUsage, "ListIdentityPoolUsage", "GET", "/identitypools",
                  kDeveloper},
    OperationInfo{kListRecords, "ListRecords", "GET",
                  "/identitypools/{pool}/identities/{identity}/datasets/{dataset}/records", kBoth},
    // The one path with "identity" in the singular.
    OperationInfo{kRegisterDevice, "RegisterDevice", "POST",
                  "/identitypools/{pool}/identity/{identity}/device", kIdentity},
    OperationInfo{kSetCognitoEvents, "SetCognitoEvents", "POST", "/identitypools/{pool}/events",
                  kDeveloper},
    OperationInfo{kSetIdentityPoolConfiguration, "SetIdentityPoolConfiguration", "POST",
                  "/identitypools/{pool}/configuration", kDeveloper},
    OperationInfo{
        kSubscribeToDataset, "SubscribeToDataset", "POST",
        "/identitypools/{pool}/identities/{identity}/datasets/{dataset}/subscriptions/{device}",
        kIdentity},
    OperationInfo{
        kUnsubscribeFromDataset, "UnsubscribeFromDataset", "DELETE",
        "/identitypools/{pool}/identities/{identity}/datasets/{dataset}/subscriptions/{device}",
        kIdentity},
    OperationInfo{kUpdateRecords, "UpdateRecords", "POST",
                  "/identitypools/{pool}/identities/{identity}/datasets/{dataset}", kBoth},
};

const std::vector<RequestTarget>& Templates() {
  static const auto* const templates = [] {
    auto* const split = new std::vector<RequestTarget>;
    for (const OperationInfo& info : kOperations) split->push_back(SplitTarget(info.path));
    return split;
  }();
  return *templates;
}

std::string_view& FieldOf(std::string_view placeholder, PathFields& fields) {
  if (placeholder == "{pool}") return fields.identity_pool_id;
  if (placeholder == "{identity}") return fields.identity_id;
  if (placeholder == "{dataset}") return fields.dataset_name;
  return fields.device_id;
}

bool Matches(const RequestTarget& pattern, const RequestTarget& target, PathFields& fields) {
  if (pattern.segments.size() != target.segments.size()) return false;
  for (std::size_t i = 0; i < pattern.segments.size(); ++i) {
    const std::string_view segment = pattern.segments[i];
    if (segment.starts_with('{')) {
      FieldOf(segment, fields) = target.segments[i];
    } else if (segment != target.segments[i]) {
      return false;
    }
  }
  return true;
}

}  // namespace

std::span<const OperationInfo> AllOperations() { return kOperations; }

Route FindRoute(std::string_view method, const RequestTarget& target) {
  Route route;
  for (std::size_t i = 0; i < kOperations.size(); ++i) {
    PathFields fields;
    if (!Matches(Templates()[i], target, fields)) continue;
    if (kOperations[i].method == method) return {&kOperations[i], fields, ""};
    if (!route.allowed.empty()) route.allowed.append(", ");
    route.allowed.append(kOperations[i].method);
  }
  return route;
}

}  // namespace tidemark::gateway
