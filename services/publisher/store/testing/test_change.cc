#include "services/publisher/store/testing/test_change.h"

#include "tidemark/change/v1/change.pb.h"

namespace tidemark::publisher {

std::string BodyOf(const TestChange& change) {
  change::v1::Change body;
  body.set_identity_pool_id(change.pool_id);
  body.set_identity_id(change.identity_id);
  body.set_dataset_name(change.dataset_name);
  body.set_modified_by(change.identity_id);
  body.set_device_id(change.device_id);
  for (const auto& [key, value] : change.records) {
    change::v1::RecordChange& record = *body.add_records();
    record.set_key(key);
    if (value) record.set_value(*value);
    record.mutable_device_last_modified_time()->set_seconds(1'700'000'000);
  }
  return body.SerializeAsString();
}

}  // namespace tidemark::publisher
