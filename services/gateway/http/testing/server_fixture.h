#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/gateway/http/server.h"
#include "services/gateway/testing/raw_client.h"

namespace tidemark::gateway {

// Answers by echo, or keeps replies for the test to answer.
class EchoHandler final : public HttpHandler {
 public:
  std::optional<HttpResponse> Refuse(const HttpRequest& head) override {
    if (head.target != "/refused") return std::nullopt;
    return HttpResponse{.status = 403, .body = "not you"};
  }

  // "/hold" is not answered, "/drop" dropped; others say what was read. "/big" is 64 MiB long,
  // "/big?" too if there is room.
  void Handle(const HttpRequest& request, HttpReply reply) override {
    if (request.target == "/drop") return;
    if (request.target == "/hold") {
      const std::lock_guard lock(mutex_);
      held_.push_back(std::move(reply));
      changed_.notify_all();
      return;
    }
    HttpResponse response;
    response.AddHeader("X-Test", request.Header("x-test"));
    constexpr std::size_t kBig = 64 << 20;
    if (request.target == "/big?" && !reply.TakeRoom(kBig)) {
      response.status = 503;
    } else if (request.target.starts_with("/big")) {
      response.body.assign(kBig, 'b');
    } else {
      response.body = std::string(request.method) + " " + std::string(request.target) + " " +
                      std::string(request.body);
    }
    reply(std::move(response));
  }

  HttpResponse Answer(HttpFault fault, std::string_view why, const HttpRequest& head) override {
    HttpResponse response{.body = absl::StrCat("fault ", StatusOf(fault))};
    response.AddHeader("why", why);
    return response;
  }

  void Abandon() override {
    const std::lock_guard lock(mutex_);
    held_.clear();
  }

  // Waits for a request to "/hold".
  void AwaitHeld() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !held_.empty(); });
  }
  // The same, and takes it.
  HttpReply TakeHeld() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !held_.empty(); });
    HttpReply reply = std::move(held_.back());
    held_.pop_back();
    return reply;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<HttpReply> held_;
};

class HttpServerTest : public ::testing::Test {
 protected:
  void Start(HttpLimits limits = {}, int threads = 2) {
    auto server = HttpServer::Start({.threads = threads, .limits = limits}, handler_, registry_);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }

  static std::string Get(std::string_view target) {
    return "GET " + std::string(target) + " HTTP/1.1\r\nHost: test\r\n\r\n";
  }
  static std::string Post(std::string_view target, std::string_view body) {
    return "POST " + std::string(target) +
           " HTTP/1.1\r\nHost: test\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\n\r\n" + std::string(body);
  }

  EchoHandler handler_;
  prometheus::Registry registry_;
  std::unique_ptr<HttpServer> server_;
};

}  // namespace tidemark::gateway
