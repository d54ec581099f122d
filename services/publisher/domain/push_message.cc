#include "services/publisher/domain/push_message.h"

#include "absl/strings/str_cat.h"
#include "common/base/json_string.h"

namespace tidemark::publisher {
namespace {

void AppendMember(std::string_view name, std::string_view text, std::string& out) {
  AppendJsonString(name, out);
  out += ':';
  AppendJsonString(text, out);
}

// All values are strings: Android reads no others.
std::string DataOf(const PushNotice& notice) {
  std::string data = "{";
  AppendMember("source", "cognito-sync", data);
  data += ',';
  AppendMember("identityPoolId", notice.pool_id, data);
  data += ',';
  AppendMember("identityId", notice.identity_id, data);
  data += ',';
  AppendMember("datasetName", notice.dataset_name, data);
  data += ',';
  AppendMember("syncCount", absl::StrCat(notice.sync_count), data);
  data += '}';
  return data;
}

std::string PayloadOf(PushPlatform platform, const std::string& data) {
  switch (platform) {
    case PushPlatform::kApns:
    case PushPlatform::kApnsSandbox:
      return absl::StrCat(R"({"aps":{"content-available":1},"data":)", data, "}");
    case PushPlatform::kGcm:
      return absl::StrCat(R"({"fcmV1Message":{"message":{"data":)", data, "}}}");
    case PushPlatform::kAdm:
      return absl::StrCat(R"({"data":)", data, "}");
  }
  return "";
}

std::string_view NameOf(PushPlatform platform) {
  switch (platform) {
    case PushPlatform::kApns:
      return "APNS";
    case PushPlatform::kApnsSandbox:
      return "APNS_SANDBOX";
    case PushPlatform::kGcm:
      return "GCM";
    case PushPlatform::kAdm:
      return "ADM";
  }
  return "";
}

}  // namespace

std::string PushMessageOf(PushPlatform platform, const PushNotice& notice) {
  std::string message = "{";
  AppendMember("default", "cognito-sync", message);
  message += ',';
  AppendMember(NameOf(platform), PayloadOf(platform, DataOf(notice)), message);
  message += '}';
  return message;
}

}  // namespace tidemark::publisher
