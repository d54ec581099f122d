#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "cli/app.h"
#include "cli/output/error.h"
#include "cli/testing/fake_services.h"
#include "common/errors/error.h"
#include "common/rpc/status.h"

namespace tidemark::cli::testing {

inline constexpr char kPool[] = "us-east-1:00000000-0000-0000-0000-0000000000b1";

// What one run of the program left.
struct Outcome {
  int exit_code;
  std::string out;
  std::string err;

  nlohmann::json json() const { return nlohmann::json::parse(out); }
};

class FixedClock final : public Clock {
 public:
  absl::Time Now() const override { return now; }

  absl::Time now = absl::FromUnixSeconds(1'800'000'000);  // 2027-01-15T08:00:00Z
};

inline google::protobuf::Timestamp At(std::int64_t seconds) {
  google::protobuf::Timestamp timestamp;
  timestamp.set_seconds(seconds);
  return timestamp;
}

// The program in this process, before fakes of all services, which share one port.
class CliTest : public ::testing::Test {
 protected:
  CliTest() {
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(&pools_);
    builder.RegisterService(&publisher_);
    builder.RegisterService(&change_log_);
    builder.RegisterService(&admin_);
    builder.RegisterService(&datasets_);
    server_ = builder.BuildAndStart();
    address_ = absl::StrCat("127.0.0.1:", port);
    for (const char* service : {"STREAM_CONFIG", "PUBLISHER", "DATASET"}) {
      environment_[absl::StrCat("TIDEMARK_", service)] = address_;
    }
  }

  ~CliTest() override { server_->Shutdown(); }

  Outcome Tidemark(std::vector<std::string> arguments) {
    std::ostringstream out;
    std::ostringstream err;
    World world{.out = out,
                .err = err,
                .environment = [this](const std::string& name) -> std::optional<std::string> {
                  const auto found = environment_.find(name);
                  if (found == environment_.end()) return std::nullopt;
                  return found->second;
                },
                .clock = clock_,
                .sleep = [this](absl::Duration duration) { slept_ += duration; },
                .err_is_terminal = terminal_};
    const int exit_code = cli::Run(std::move(arguments), world);
    return {exit_code, out.str(), err.str()};
  }

  // What an `Error` of common/errors becomes on the wire.
  static grpc::Status Refusal(absl::StatusCode code, errors::Reason reason,
                              std::string_view message, const errors::Metadata& metadata = {}) {
    return rpc::ToGrpc(errors::Error(code, reason, message, metadata));
  }

  FakeStreamConfig pools_;
  FakePublisher publisher_;
  FakeChangeLog change_log_;
  FakeAdmin admin_;
  FakeDatasets datasets_;
  std::unique_ptr<grpc::Server> server_;
  std::string address_;
  std::map<std::string, std::string> environment_;
  FixedClock clock_;
  absl::Duration slept_;
  bool terminal_ = false;
};

}  // namespace tidemark::cli::testing
