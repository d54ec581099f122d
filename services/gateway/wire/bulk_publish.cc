#include "services/gateway/wire/codecs.h"
#include "services/gateway/wire/json_writer.h"

namespace tidemark::gateway {

absl::Status BulkPublishCodec::Decode(const OperationInput& input, Request& request) {
  request.set_identity_pool_id(input.identity_pool_id);
  return absl::OkStatus();
}

void BulkPublishCodec::Encode(const Request& request, const Response&, std::string& body) {
  ObjectWriter object(body);
  object.Text("IdentityPoolId", request.identity_pool_id());
}

}  // namespace tidemark::gateway
