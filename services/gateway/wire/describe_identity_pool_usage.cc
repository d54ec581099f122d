#include "services/gateway/wire/codecs.h"
#include "services/gateway/wire/json_writer.h"
#include "services/gateway/wire/shapes.h"

namespace tidemark::gateway {

absl::Status DescribeIdentityPoolUsageCodec::Decode(const OperationInput& input, Request& request) {
  request.set_identity_pool_id(input.identity_pool_id);
  return absl::OkStatus();
}

void DescribeIdentityPoolUsageCodec::Encode(const Request& request, const Response& response,
                                            std::string& body) {
  ObjectWriter object(body);
  AppendIdentityPoolUsage(response.usage(), object.Begin("IdentityPoolUsage"));
}

}  // namespace tidemark::gateway
