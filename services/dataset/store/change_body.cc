#include "services/dataset/store/change_body.h"

#include "absl/time/time.h"
#include "tidemark/change/v1/change.pb.h"

namespace tidemark::dataset {
namespace {

namespace change = tidemark::change::v1;

void SetTime(absl::Time time, google::protobuf::Timestamp& proto) {
  const std::int64_t seconds = absl::ToUnixSeconds(time);  // rounds down
  proto.set_seconds(seconds);
  proto.set_nanos(
      static_cast<std::int32_t>((time - absl::FromUnixSeconds(seconds)) / absl::Nanoseconds(1)));
}

change::Change ChangeOf(const DatasetKey& dataset, const ChangeOrigin& origin) {
  change::Change proto;
  proto.set_identity_pool_id(dataset.identity.pool_id);
  proto.set_identity_id(dataset.identity.identity_id);
  proto.set_dataset_name(dataset.name);
  proto.set_modified_by(origin.modified_by);
  proto.set_device_id(origin.device_id);
  return proto;
}

}  // namespace

std::string UpdateBody(const UpdateRequest& request) {
  change::Change proto = ChangeOf(request.dataset, request.origin);
  for (const RecordPatch& patch : request.patches) {
    change::RecordChange* record = proto.add_records();
    record->set_key(patch.key);
    if (patch.value) record->set_value(*patch.value);
    if (patch.device_modified_time) {
      SetTime(*patch.device_modified_time, *record->mutable_device_last_modified_time());
    }
  }
  return proto.SerializeAsString();
}

std::string DeletionBody(const DatasetKey& dataset, const ChangeOrigin& origin) {
  return ChangeOf(dataset, origin).SerializeAsString();
}

std::string SnapshotBody(const DatasetKey& dataset, const ChangeOrigin& origin,
                         std::span<const Record> records) {
  change::Change proto = ChangeOf(dataset, origin);
  for (const Record& held : records) {
    if (!held.value) continue;
    change::RecordChange* record = proto.add_records();
    record->set_key(held.key);
    record->set_value(*held.value);
    record->set_sync_count(held.sync_count.value());
    SetTime(held.modified_time, *record->mutable_last_modified_time());
    SetTime(held.device_modified_time, *record->mutable_device_last_modified_time());
  }
  return proto.SerializeAsString();
}

}  // namespace tidemark::dataset
