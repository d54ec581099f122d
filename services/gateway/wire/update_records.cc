#include <google/protobuf/util/time_util.h>

#include "absl/strings/str_cat.h"
#include "common/base/abseil.h"
#include "common/base/status_macros.h"
#include "common/errors/violations.h"
#include "services/gateway/wire/codecs.h"
#include "services/gateway/wire/json_reader.h"
#include "services/gateway/wire/json_writer.h"
#include "services/gateway/wire/shapes.h"

namespace tidemark::gateway {
namespace {

using dataset::v1::RecordPatch;
using Patches = google::protobuf::RepeatedPtrField<RecordPatch>;

// As many as the dataset service takes (dataset_service.proto): bounds what a body of empty objects
// can cost.
constexpr int kMaxPatches = 65'536;
constexpr int kMaxViolations = 16;

RecordPatch::Op OpOf(std::string_view name) {
  if (name == "replace") return RecordPatch::OP_REPLACE;
  if (name == "remove") return RecordPatch::OP_REMOVE;
  return RecordPatch::OP_UNSPECIFIED;
}

// Reads the elements of RecordPatches, one after the other.
class PatchReader final : public StructReader {
 public:
  PatchReader(Patches& patches, errors::Violations& violations)
      : StructReader({{"Op", &op_},
                      {"Key", &key_},
                      {"Value", &value_},
                      {"SyncCount", &sync_count_},
                      {"DeviceLastModifiedDate", &device_time_}}),
        patches_(patches),
        violations_(violations) {}

  absl::Status OnNull() override { return Unexpected(); }

  absl::Status OnObject() override {
    if (patches_.size() == kMaxPatches) {
      return absl::OutOfRangeError(absl::StrCat("at most ", kMaxPatches, " patches"));
    }
    op_.value.reset();
    key_.value.reset();
    value_.value.reset();
    sync_count_.value.reset();
    device_time_.value.reset();
    return StructReader::OnObject();
  }

  absl::Status OnEnd() override {
    CheckMembers();
    RecordPatch& patch = *patches_.Add();
    patch.set_op(OpOf(op_.value.value_or("")));
    if (key_.value) patch.set_key(*std::move(key_.value));
    // Some clients send an empty value with a removal.
    if (value_.value && patch.op() == RecordPatch::OP_REPLACE) {
      patch.set_value(*std::move(value_.value));
    }
    patch.set_sync_count(sync_count_.value.value_or(0));
    if (device_time_.value) {
      *patch.mutable_device_last_modified_time() =
          google::protobuf::util::TimeUtil::MillisecondsToTimestamp(
              absl::ToUnixMillis(*device_time_.value));
    }
    return absl::OkStatus();
  }

 private:
  void CheckMembers() {
    if (!op_.value) Violate("Op", "is missing");
    if (op_.value && OpOf(*op_.value) == RecordPatch::OP_UNSPECIFIED) {
      Violate("Op", absl::StrCat("'", errors::Excerpt(*op_.value), "' is not replace or remove"));
    }
    if (!key_.value) Violate("Key", "is missing");
    if (!sync_count_.value) Violate("SyncCount", "is missing");
  }

  void Violate(std::string_view member, std::string_view what) {
    if (++violation_count_ > kMaxViolations) return;
    violations_.Add(absl::StrCat("RecordPatches[", patches_.size(), "].", ToAbsl(member)), what);
  }

  Patches& patches_;
  errors::Violations& violations_;
  int violation_count_ = 0;
  TextReader op_, key_, value_;
  IntegerReader sync_count_;
  TimeReader device_time_;
};

class PatchListReader final : public ValueReader {
 public:
  explicit PatchListReader(PatchReader& patch) : patch_(patch) {}
  std::string_view expected() const override { return "a list of objects"; }
  absl::Status OnArray() override { return absl::OkStatus(); }
  ValueReader* OnElement() override { return &patch_; }

 private:
  PatchReader& patch_;
};

struct Body final : StructReader {
  Body(Patches& patches, errors::Violations& violations)
      : StructReader({{"SyncSessionToken", &token},
                      {"RecordPatches", &patch_list},
                      {"DeviceId", &device_id}}),
        patch(patches, violations) {}

  PatchReader patch;
  PatchListReader patch_list{patch};
  TextReader token, device_id;
};

}  // namespace

absl::Status UpdateRecordsCodec::Decode(const OperationInput& input, Request& request) {
  errors::Violations violations;
  Body body(*request.mutable_record_patches(), violations);
  TM_RETURN_IF_ERROR(ReadJson(input.body, body));
  if (!body.token.value) violations.Add("SyncSessionToken", "is missing");
  if (body.device_id.value == "") violations.Add("DeviceId", "is empty; 1 to 256 bytes");
  TM_RETURN_IF_ERROR(violations.ToStatus());

  request.set_identity_pool_id(input.identity_pool_id);
  request.set_identity_id(input.identity_id);
  request.set_dataset_name(input.dataset_name);
  request.set_sync_session_token(*std::move(body.token.value));
  if (body.device_id.value) request.set_device_id(*std::move(body.device_id.value));
  request.set_request_id(input.request_id);
  request.set_client_context(std::string(input.client_context));
  return absl::OkStatus();
}

void UpdateRecordsCodec::Encode(const Request& request, const Response& response,
                                std::string& body) {
  std::size_t size = 32;
  for (const auto& record : response.records()) size += SizeOfRecord(record);
  body.reserve(size);
  ObjectWriter object(body);
  object.List("Records", response.records(), AppendRecord);
}

}  // namespace tidemark::gateway
