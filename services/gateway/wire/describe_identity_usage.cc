#include "services/gateway/wire/codecs.h"
#include "services/gateway/wire/json_writer.h"

namespace tidemark::gateway {

absl::Status DescribeIdentityUsageCodec::Decode(const OperationInput& input, Request& request) {
  request.set_identity_pool_id(input.identity_pool_id);
  request.set_identity_id(input.identity_id);
  return absl::OkStatus();
}

void DescribeIdentityUsageCodec::Encode(const Request& request, const Response& response,
                                        std::string& body) {
  const dataset::v1::IdentityUsage& usage = response.usage();
  ObjectWriter object(body);
  ObjectWriter inner(object.Begin("IdentityUsage"));
  inner.Text("IdentityId", usage.identity_id());
  inner.Text("IdentityPoolId", usage.identity_pool_id());
  if (usage.has_last_modified_time()) {
    inner.Time("LastModifiedDate", usage.last_modified_time());
  } else {
    inner.Null("LastModifiedDate");
  }
  inner.Integer("DatasetCount", usage.dataset_count());
  inner.Integer("DataStorage", usage.data_storage_bytes());
}

}  // namespace tidemark::gateway
