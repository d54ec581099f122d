#include "common/base/status_macros.h"
#include "services/gateway/wire/codecs.h"
#include "services/gateway/wire/json_writer.h"
#include "services/gateway/wire/shapes.h"

namespace tidemark::gateway {

absl::Status ListDatasetsCodec::Decode(const OperationInput& input, Request& request) {
  request.set_identity_pool_id(input.identity_pool_id);
  request.set_identity_id(input.identity_id);
  TM_ASSIGN_OR_RETURN(const std::int32_t page_size, PageSize(input.query));
  request.set_page_size(page_size);
  TM_ASSIGN_OR_RETURN(std::optional<std::string> token, input.query.Text("nextToken"));
  request.set_page_token(std::move(token).value_or(""));
  return absl::OkStatus();
}

void ListDatasetsCodec::Encode(const Request& request, const Response& response,
                               std::string& body) {
  ObjectWriter object(body);
  object.List("Datasets", response.datasets(), AppendDataset);
  object.Integer("Count", response.datasets_size());
  object.TextOrNull("NextToken", response.next_page_token());
}

}  // namespace tidemark::gateway
