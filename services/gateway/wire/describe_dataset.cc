#include "services/gateway/wire/codecs.h"
#include "services/gateway/wire/json_writer.h"
#include "services/gateway/wire/shapes.h"

namespace tidemark::gateway {

absl::Status DescribeDatasetCodec::Decode(const OperationInput& input, Request& request) {
  request.set_identity_pool_id(input.identity_pool_id);
  request.set_identity_id(input.identity_id);
  request.set_dataset_name(input.dataset_name);
  return absl::OkStatus();
}

void DescribeDatasetCodec::Encode(const Request& request, const Response& response,
                                  std::string& body) {
  ObjectWriter object(body);
  AppendDataset(response.dataset(), object.Begin("Dataset"));
}

}  // namespace tidemark::gateway
