#include "common/testing/fake_aws/admin_lambda.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/base/abseil.h"
#include "common/testing/fake_aws/admin_answer.h"
#include "common/testing/fake_aws/query.h"

namespace tidemark::fake_aws {
namespace {

using nlohmann::json;

// What a function does, as told.
struct Script {
  FunctionOutcome outcome;
  bool echo = true;  // instead of outcome.payload
  std::optional<json> patch;
};

FunctionOutcome Run(const Script& script, const std::string& payload) {
  FunctionOutcome outcome = script.outcome;
  if (script.echo) outcome.payload = payload;
  if (script.patch) {
    json changed = json::parse(payload, nullptr, /*allow_exceptions=*/false);
    changed.merge_patch(*script.patch);
    outcome.payload = changed.dump(-1, ' ', false, json::error_handler_t::replace);
  }
  return outcome;
}

// Throws json::exception for a value of the wrong type. INVALID_ARGUMENT for an unknown member.
absl::StatusOr<FunctionBody> BodyOf(const json& told) {
  Script script;
  for (const auto& [name, value] : told.items()) {
    if (name == "payload") {
      value.get_to(script.outcome.payload);
      script.echo = false;
    } else if (name == "patch") {
      script.patch = value;
    } else if (name == "error") {
      value.get_to(script.outcome.error);
    } else if (name == "sleepSeconds") {
      script.outcome.sleep = absl::Seconds(value.get<double>());
    } else if (name != "name") {
      return absl::InvalidArgumentError(absl::StrCat("unknown member of a function: ", name));
    }
  }
  return [script](const std::string& payload) { return Run(script, payload); };
}

ServerResponse Put(FakeLambda& lambda, const json& told) {
  const std::string name = told.at("name");
  absl::StatusOr<FunctionBody> body = BodyOf(told);
  if (!body.ok()) return AdminRefusal(ToStd(body.status().message()));
  lambda.PutFunction(name, *std::move(body));
  return AdminAnswer(200, json::object());
}

ServerResponse Queue(FakeLambda& lambda, const json& told) {
  const std::string name = told.at("name");
  std::vector<FunctionBody> bodies;
  for (const json& answer : told.at("answers")) {
    absl::StatusOr<FunctionBody> body = BodyOf(answer);
    if (!body.ok()) return AdminRefusal(ToStd(body.status().message()));
    bodies.push_back(*std::move(body));
  }
  for (FunctionBody& body : bodies) {
    if (!lambda.Queue(name, std::move(body))) return AdminRefusal("no such function");
  }
  return AdminAnswer(200, json::object());
}

ServerResponse SetConcurrency(FakeLambda& lambda, const json& body) {
  const json& limit = body.at("limit");
  return AdminDone(
      lambda.SetConcurrency(body.at("name"),
                            limit.is_null() ? std::nullopt : std::optional(limit.get<int>())),
      "no such function");
}

ServerResponse Invocations(const FakeLambda& lambda, const Parameters& query) {
  AdminPage page;
  if (auto refusal = ReadPage(query, page)) return *std::move(refusal);
  json invocations = json::array();
  for (const Invocation& invocation :
       lambda.Invocations(std::string(Get(query, "name")), page.from, page.limit)) {
    invocations.push_back({{"payload", invocation.payload},
                           {"qualifier", invocation.qualifier},
                           {"call", invocation.call},
                           {"arrivedMillis", absl::ToUnixMillis(invocation.arrived)}});
  }
  return AdminAnswer(200, {{"invocations", invocations}});
}

}  // namespace

ServerResponse AdministerLambda(FakeLambda& lambda, std::string_view route,
                                const ServerRequest& request) {
  const Parameters query = ParseQuery(QueryOf(request.target));
  if (route == "GET /_fake/lambda/invocations") return Invocations(lambda, query);
  if (route == "DELETE /_fake/lambda/function") {
    return AdminDone(lambda.DeleteFunction(std::string(Get(query, "name"))), "no such function");
  }
  try {
    if (route == "PUT /_fake/lambda/function") return Put(lambda, json::parse(request.body));
    if (route == "POST /_fake/lambda/queue") return Queue(lambda, json::parse(request.body));
    if (route == "POST /_fake/lambda/concurrency") {
      return SetConcurrency(lambda, json::parse(request.body));
    }
  } catch (const json::exception& error) {
    return AdminRefusal(error.what());
  }
  return NoSuchAdminPage();
}

}  // namespace tidemark::fake_aws
