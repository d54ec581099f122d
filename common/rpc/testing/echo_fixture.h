#pragma once

#include <gtest/gtest.h>
#include <prometheus/registry.h>

#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/obs/log.h"
#include "common/rpc/channel.h"
#include "common/rpc/server.h"
#include "common/rpc/status.h"
#include "common/rpc/testing/echo_service.h"
#include "common/testing/eventually.h"

namespace tidemark::rpc::testing {

// Keeps the log's lines.
class LogLines {
 public:
  // The lines of calls of `method` so far.
  std::vector<nlohmann::json> Of(const std::string& method) const {
    const std::lock_guard lock(mutex_);
    std::vector<nlohmann::json> found;
    for (const nlohmann::json& line : lines_) {
      if (line.value("rpc", "") == "tidemark.rpc.testing.v1.EchoService/" + method) {
        found.push_back(line);
      }
    }
    return found;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<nlohmann::json> lines_;
  obs::ScopedLogSink sink_{[this](std::string_view line) {
    const std::lock_guard lock(mutex_);
    lines_.push_back(nlohmann::json::parse(line));
  }};
};

// An EchoRpc behind a server on a free port, and a client.
class EchoTest : public ::testing::Test {
 protected:
  EchoTest() {
    obs::SetupLog("echo", obs::Level::kDebug);
    RpcServer::Options options;
    options.max_message_bytes = kMiB;
    options.open_calls = &open_calls_;
    server_ = RpcServer::Start(options, {&echo_}).value();
    stub_ = v1::EchoService::NewStub(MakeChannel(Target()));
  }

  std::string Target() const { return absl::StrCat("127.0.0.1:", server_->port()); }

  absl::Status Echo(grpc::ClientContext& context, const std::string& text = "") {
    v1::EchoRequest request;
    request.set_text(text);
    v1::EchoResponse response;
    return FromGrpc(stub_->Echo(&context, request, &response));
  }

  absl::Status Echo() {
    grpc::ClientContext context;
    SetTimeout(context, absl::Seconds(30));
    return Echo(context);
  }

  absl::Status Block(absl::Duration timeout = absl::Seconds(30)) {
    grpc::ClientContext context;
    SetTimeout(context, timeout);
    v1::BlockResponse response;
    return FromGrpc(stub_->Block(&context, {}, &response));
  }

  // The value of a counter or gauge, or the count of a histogram, of tidemark_echo_<name>; -1 if
  // there is no such series.
  double Metric(const std::string& name, const std::map<std::string, std::string>& labels) const {
    for (const auto& family : registry_.Collect()) {
      if (family.name != "tidemark_echo_" + name) continue;
      for (const auto& metric : family.metric) {
        std::map<std::string, std::string> found;
        for (const auto& label : metric.label) found[label.name] = label.value;
        if (found != labels) continue;
        return metric.counter.value + metric.gauge.value +
               static_cast<double>(metric.histogram.sample_count);
      }
    }
    return -1;
  }

  LogLines log_;
  prometheus::Registry registry_;
  Executor executor_{1, 1};
  OpenCalls open_calls_;
  EchoRpc echo_{{.service = "echo", .open_calls = &open_calls_}, registry_, executor_};
  std::unique_ptr<RpcServer> server_;
  std::unique_ptr<v1::EchoService::Stub> stub_;
};

inline constexpr char kEchoMethod[] = "tidemark.rpc.testing.v1.EchoService/Echo";

}  // namespace tidemark::rpc::testing
