#include <algorithm>

#include "common/base/status_macros.h"
#include "services/gateway/wire/codecs.h"
#include "services/gateway/wire/json_writer.h"
#include "services/gateway/wire/shapes.h"

namespace tidemark::gateway {
namespace {

// The service's page sizes (dataset_service.proto): the answer tells the one in force.
constexpr int kDefaultPageSize = 60;
constexpr int kMaxPageSize = 1024;

}  // namespace

absl::Status ListIdentityPoolUsageCodec::Decode(const OperationInput& input, Request& request) {
  TM_ASSIGN_OR_RETURN(const std::int32_t page_size, PageSize(input.query));
  request.set_page_size(page_size == 0 ? kDefaultPageSize : page_size);
  TM_ASSIGN_OR_RETURN(std::optional<std::string> token, input.query.Text("nextToken"));
  request.set_page_token(std::move(token).value_or(""));
  return absl::OkStatus();
}

void ListIdentityPoolUsageCodec::Encode(const Request& request, const Response& response,
                                        std::string& body) {
  ObjectWriter object(body);
  object.List("IdentityPoolUsages", response.usages(), AppendIdentityPoolUsage);
  object.Integer("MaxResults", std::min(request.page_size(), kMaxPageSize));
  object.Integer("Count", response.usages_size());
  object.TextOrNull("NextToken", response.next_page_token());
}

}  // namespace tidemark::gateway
