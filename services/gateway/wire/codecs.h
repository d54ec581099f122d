#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "services/gateway/wire/request_target.h"
#include "tidemark/dataset/v1/dataset_service.pb.h"
#include "tidemark/stream_config/v1/stream_config_service.pb.h"

// Between Amazon's wire form and the services' messages: one codec, in a file of its own, for each
// operation. Decode fills a service's request and checks what the wire alone can break: types,
// required members, spellings of enumerations. Every other rule is the service's. Encode appends
// the body of Amazon's answer; members without a value are null (contract section 11, row 21).
namespace tidemark::gateway {

// The parts of a request that codecs read; path fields are decoded.
struct OperationInput {
  std::string identity_pool_id;
  std::string identity_id;
  std::string dataset_name;
  QueryParameters query{""};
  std::string_view body;
  std::string_view client_context;  // of header x-amz-Client-Context
  std::string request_id;           // names a write for its retries; may be empty
};

struct ListDatasetsCodec {
  using Request = dataset::v1::ListDatasetsRequest;
  using Response = dataset::v1::ListDatasetsResponse;
  static absl::Status Decode(const OperationInput& input, Request& request);
  static void Encode(const Request& request, const Response& response, std::string& body);
};

struct DescribeDatasetCodec {
  using Request = dataset::v1::DescribeDatasetRequest;
  using Response = dataset::v1::DescribeDatasetResponse;
  static absl::Status Decode(const OperationInput& input, Request& request);
  static void Encode(const Request& request, const Response& response, std::string& body);
};

struct DeleteDatasetCodec {
  using Request = dataset::v1::DeleteDatasetRequest;
  using Response = dataset::v1::DeleteDatasetResponse;
  static absl::Status Decode(const OperationInput& input, Request& request);
  static void Encode(const Request& request, const Response& response, std::string& body);
};

struct ListRecordsCodec {
  using Request = dataset::v1::ListRecordsRequest;
  using Response = dataset::v1::ListRecordsResponse;
  static absl::Status Decode(const OperationInput& input, Request& request);
  static void Encode(const Request& request, const Response& response, std::string& body);
};

struct UpdateRecordsCodec {
  using Request = dataset::v1::UpdateRecordsRequest;
  using Response = dataset::v1::UpdateRecordsResponse;
  static absl::Status Decode(const OperationInput& input, Request& request);
  static void Encode(const Request& request, const Response& response, std::string& body);
};

struct DescribeIdentityUsageCodec {
  using Request = dataset::v1::DescribeIdentityUsageRequest;
  using Response = dataset::v1::DescribeIdentityUsageResponse;
  static absl::Status Decode(const OperationInput& input, Request& request);
  static void Encode(const Request& request, const Response& response, std::string& body);
};

struct DescribeIdentityPoolUsageCodec {
  using Request = dataset::v1::DescribeIdentityPoolUsageRequest;
  using Response = dataset::v1::DescribeIdentityPoolUsageResponse;
  static absl::Status Decode(const OperationInput& input, Request& request);
  static void Encode(const Request& request, const Response& response, std::string& body);
};

struct ListIdentityPoolUsageCodec {
  using Request = dataset::v1::ListIdentityPoolUsageRequest;
  using Response = dataset::v1::ListIdentityPoolUsageResponse;
  static absl::Status Decode(const OperationInput& input, Request& request);
  static void Encode(const Request& request, const Response& response, std::string& body);
};

struct BulkPublishCodec {
  using Request = stream_config::v1::StartBulkPublishRequest;
  using Response = stream_config::v1::StartBulkPublishResponse;
  static absl::Status Decode(const OperationInput& input, Request& request);
  static void Encode(const Request& request, const Response& response, std::string& body);
};

// Tells the end of a success only, and the message of a failure only, as Amazon's model has it.
struct GetBulkPublishDetailsCodec {
  using Request = stream_config::v1::GetBulkPublishRequest;
  using Response = stream_config::v1::GetBulkPublishResponse;
  static absl::Status Decode(const OperationInput& input, Request& request);
  static void Encode(const Request& request, const Response& response, std::string& body);
};

struct GetIdentityPoolConfigurationCodec {
  using Request = stream_config::v1::GetPoolRequest;
  using Response = stream_config::v1::GetPoolResponse;
  static absl::Status Decode(const OperationInput& input, Request& request);
  static void Encode(const Request& request, const Response& response, std::string& body);
};

// Changes the parts that the body has (contract section 11, row 10): CognitoStreams member by
// member, PushSync as a whole; an empty PushSync removes it. An update without a mask changes
// nothing. The version is the caller's to fill in.
struct SetIdentityPoolConfigurationCodec {
  using Request = stream_config::v1::UpdatePoolRequest;
  using Response = stream_config::v1::UpdatePoolResponse;
  static absl::Status Decode(const OperationInput& input, Request& request);
  static void Encode(const Request& request, const Response& response, std::string& body);
};

}  // namespace tidemark::gateway
