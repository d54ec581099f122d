#include "services/gateway/wire/codecs.h"
#include "services/gateway/wire/shapes.h"

namespace tidemark::gateway {

absl::Status GetIdentityPoolConfigurationCodec::Decode(const OperationInput& input,
                                                       Request& request) {
  request.set_identity_pool_id(input.identity_pool_id);
  return absl::OkStatus();
}

void GetIdentityPoolConfigurationCodec::Encode(const Request& request, const Response& response,
                                               std::string& body) {
  AppendPoolConfiguration(response.pool(), body);
}

}  // namespace tidemark::gateway
