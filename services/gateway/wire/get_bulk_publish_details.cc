#include "services/gateway/wire/codecs.h"
#include "services/gateway/wire/json_writer.h"

namespace tidemark::gateway {
namespace {

namespace v1 = stream_config::v1;

std::string_view StatusName(v1::BulkPublishState state) {
  switch (state) {
    case v1::BULK_PUBLISH_STATE_IN_PROGRESS:
      return "IN_PROGRESS";
    case v1::BULK_PUBLISH_STATE_SUCCEEDED:
      return "SUCCEEDED";
    case v1::BULK_PUBLISH_STATE_FAILED:
      return "FAILED";
    default:
      return "NOT_STARTED";
  }
}

}  // namespace

absl::Status GetBulkPublishDetailsCodec::Decode(const OperationInput& input, Request& request) {
  request.set_identity_pool_id(input.identity_pool_id);
  return absl::OkStatus();
}

void GetBulkPublishDetailsCodec::Encode(const Request& request, const Response& response,
                                        std::string& body) {
  const v1::BulkPublish& bulk = response.bulk_publish();
  ObjectWriter object(body);
  object.Text("IdentityPoolId", request.identity_pool_id());
  if (bulk.has_start_time()) {
    object.Time("BulkPublishStartTime", bulk.start_time());
  } else {
    object.Null("BulkPublishStartTime");
  }
  if (bulk.state() == v1::BULK_PUBLISH_STATE_SUCCEEDED) {
    object.Time("BulkPublishCompleteTime", bulk.complete_time());
  } else {
    object.Null("BulkPublishCompleteTime");
  }
  object.Text("BulkPublishStatus", StatusName(bulk.state()));
  object.TextOrNull("FailureMessage", bulk.failure_message());
}

}  // namespace tidemark::gateway
