#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/testing/fake_aws/query.h"
#include "common/testing/fake_aws/service.h"

namespace tidemark::fake_aws {

// A device's endpoint.
struct PushEndpoint {
  std::string arn;
  std::string application_arn;
  std::string platform;  // "GCM"
  std::string token;
  std::string custom_user_data;
  bool enabled = true;
  std::uint64_t pushes = 0;  // how many it took
};

// A message that an endpoint took.
struct ReceivedPush {
  std::string endpoint_arn;
  std::string message;  // as it came: an entry for each platform
  std::string payload;  // the entry that the device gets
  std::uint64_t call = 0;
  absl::Time arrived;
};

// Amazon Simple Notification Service, mobile push: Create- and DeletePlatformApplication,
// Get- and SetPlatformApplicationAttributes, CreatePlatformEndpoint, Get- and
// SetEndpointAttributes, DeleteEndpoint, Publish (to an endpoint, MessageStructure `json`). What an
// ARN names is its account's own. A call's resource is the ARN of the endpoint or application. Safe
// for concurrent use.
class FakeSns final : public Service {
 public:
  struct Options {
    std::string region = "us-east-1";
    std::string account = "123456789012";
    bool keep_pushes = true;  // else they are only counted, for load tests
  };

  // `clock` must outlive the fake.
  FakeSns(Options options, const Clock& clock);

  // What a test does directly. The application's ARN, whether it is new or was there; `account`
  // empty: the fake's own.
  std::string CreateApplication(const std::string& platform, const std::string& name,
                                std::string account = "");
  // With its endpoints. False if there is none.
  bool DeleteApplication(std::string_view arn);
  bool DeleteEndpoint(std::string_view arn);
  // Enables or disables an application or an endpoint. False if there is none.
  bool SetEnabled(std::string_view arn, bool enabled);

  std::vector<std::string> Applications() const;
  // In order of ARN.
  std::vector<PushEndpoint> Endpoints() const;
  // What endpoints took, in order of arrival: one of them, or (empty) all, those since deleted too.
  std::vector<ReceivedPush> Pushes(std::string_view endpoint_arn = "", std::size_t from = 0,
                                   std::size_t limit = SIZE_MAX) const;
  std::uint64_t pushes() const;  // how many there were

  std::string_view name() const override { return "sns"; }
  Call Read(const ServerRequest& request) const override;
  ServerResponse Answer(const Call& call, const std::optional<Fault>& records) override;
  ServerResponse Error(int status, std::string_view code, std::string_view message) const override;
  void Reset() override;

 private:
  struct Application {
    std::string platform;
    bool enabled = true;
  };
  using Operation = ServerResponse (FakeSns::*)(const Call& call, const Parameters& form);

  static Operation FindOperation(std::string_view name);
  // All below: with mutex_ held.
  ServerResponse AnswerCreatePlatformApplication(const Call& call, const Parameters& form);
  ServerResponse AnswerDeletePlatformApplication(const Call& call, const Parameters& form);
  ServerResponse AnswerGetPlatformApplicationAttributes(const Call& call, const Parameters& form);
  ServerResponse AnswerSetPlatformApplicationAttributes(const Call& call, const Parameters& form);
  ServerResponse AnswerCreatePlatformEndpoint(const Call& call, const Parameters& form);
  ServerResponse AnswerGetEndpointAttributes(const Call& call, const Parameters& form);
  ServerResponse AnswerSetEndpointAttributes(const Call& call, const Parameters& form);
  ServerResponse AnswerDeleteEndpoint(const Call& call, const Parameters& form);
  ServerResponse AnswerPublish(const Call& call, const Parameters& form);

  ServerResponse Invalid(std::string_view what) const;
  // Why the caller may not name this ARN as `parameter`; nullopt if it may.
  std::optional<ServerResponse> CheckArn(const Call& call, std::string_view parameter) const;
  // What is wrong with the attributes that an endpoint is to have, if anything.
  std::optional<ServerResponse> CheckEndpoint(const PushEndpoint& endpoint) const;
  ServerResponse TokenTaken(const PushEndpoint& by) const;
  ServerResponse Done(const Call& call) const;
  Application* FindApplication(std::string_view arn);
  PushEndpoint* FindEndpoint(std::string_view arn);
  PushEndpoint* FindByToken(std::string_view application_arn, std::string_view token);
  std::string Add(const std::string& platform, const std::string& name, std::string_view account);
  bool RemoveApplication(std::string_view arn);

  const Options options_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  // All guarded by mutex_.
  std::map<std::string, Application, std::less<>> applications_;  // by ARN
  std::map<std::string, PushEndpoint, std::less<>> endpoints_;    // by ARN
  std::deque<ReceivedPush> received_;
  std::uint64_t pushes_ = 0;
  std::uint64_t last_endpoint_ = 0;
};

}  // namespace tidemark::fake_aws
