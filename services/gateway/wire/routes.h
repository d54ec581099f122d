#pragma once

#include <span>
#include <string>
#include <string_view>

#include "services/gateway/wire/request_target.h"

// Amazon's 17 operations and their paths (contract section 3).
namespace tidemark::gateway {

enum class Operation {
  kBulkPublish,
  kDeleteDataset,
  kDescribeDataset,
  kDescribeIdentityPoolUsage,
  kDescribeIdentityUsage,
  kGetBulkPublishDetails,
  kGetCognitoEvents,
  kGetIdentityPoolConfiguration,
  kListDatasets,
  kListIdentityPoolUsage,
  kListRecords,
  kRegisterDevice,
  kSetCognitoEvents,
  kSetIdentityPoolConfiguration,
  kSubscribeToDataset,
  kUnsubscribeFromDataset,
  kUpdateRecords,
};

// Whose credentials may call it (contract section 3, column "caller").
enum class Callers { kDeveloper, kIdentity, kBoth };

struct OperationInfo {
  Operation operation;
  std::string_view name;
  std::string_view method;
  std::string_view path;  // "/identitypools/{pool}"
  Callers callers;
};

// Every one of them, in the order of Operation.
std::span<const OperationInfo> AllOperations();

// The fields in a path, still encoded; empty where the path has none, or an empty one.
struct PathFields {
  std::string_view identity_pool_id;
  std::string_view identity_id;
  std::string_view dataset_name;
  std::string_view device_id;
};

struct Route {
  const OperationInfo* operation = nullptr;  // null: none
  PathFields fields;
  std::string allowed;  // if none has the method: those of the path, as the Allow header lists them
};

Route FindRoute(std::string_view method, const RequestTarget& target);

}  // namespace tidemark::gateway
