#include "common/testing/fake_aws/admin_sns.h"

#include <nlohmann/json.hpp>
#include <string>

#include "absl/time/time.h"
#include "common/testing/fake_aws/admin_answer.h"
#include "common/testing/fake_aws/query.h"

namespace tidemark::fake_aws {
namespace {

using nlohmann::json;

ServerResponse Endpoints(const FakeSns& sns) {
  json endpoints = json::array();
  for (const PushEndpoint& endpoint : sns.Endpoints()) {
    endpoints.push_back({{"arn", endpoint.arn},
                         {"application", endpoint.application_arn},
                         {"token", endpoint.token},
                         {"customUserData", endpoint.custom_user_data},
                         {"enabled", endpoint.enabled},
                         {"pushes", endpoint.pushes}});
  }
  return AdminAnswer(200, {{"endpoints", endpoints}});
}

ServerResponse Pushes(const FakeSns& sns, const Parameters& query) {
  AdminPage page;
  if (auto refusal = ReadPage(query, page)) return *std::move(refusal);
  json pushes = json::array();
  for (const ReceivedPush& push : sns.Pushes(Get(query, "endpoint"), page.from, page.limit)) {
    pushes.push_back({{"endpoint", push.endpoint_arn},
                      {"message", push.message},
                      {"payload", push.payload},
                      {"call", push.call},
                      {"arrivedMillis", absl::ToUnixMillis(push.arrived)}});
  }
  return AdminAnswer(200, {{"pushes", pushes}});
}

}  // namespace

ServerResponse AdministerSns(FakeSns& sns, std::string_view route, const ServerRequest& request) {
  const Parameters query = ParseQuery(QueryOf(request.target));
  if (route == "GET /_fake/sns/endpoints") return Endpoints(sns);
  if (route == "GET /_fake/sns/pushes") return Pushes(sns, query);
  if (route == "DELETE /_fake/sns/application") {
    return AdminDone(sns.DeleteApplication(Get(query, "arn")), "no such application");
  }
  if (route == "DELETE /_fake/sns/endpoint") {
    return AdminDone(sns.DeleteEndpoint(Get(query, "arn")), "no such endpoint");
  }
  try {
    if (route == "POST /_fake/sns/application") {
      const json body = json::parse(request.body);
      return AdminAnswer(200, {{"arn", sns.CreateApplication(body.at("platform"), body.at("name"),
                                                             body.value("account", ""))}});
    }
    if (route == "POST /_fake/sns/enabled") {
      const json body = json::parse(request.body);
      return AdminDone(sns.SetEnabled(body.at("arn").get<std::string>(), body.at("enabled")),
                       "no such application or endpoint");
    }
  } catch (const json::exception& error) {
    return AdminRefusal(error.what());
  }
  return NoSuchAdminPage();
}

}  // namespace tidemark::fake_aws
