#pragma once

#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/base/random.h"
#include "common/obs/log.h"
#include "common/rpc/call.h"
#include "services/gateway/http/handler.h"
#include "services/gateway/wire/amazon_error.h"
#include "services/gateway/wire/cors.h"
#include "services/gateway/wire/request_metrics.h"

namespace tidemark::gateway {

// One request from its arrival to its answer: makes the answer as Amazon's clients expect it, and
// measures and logs it: a line at level info, or warning if the status is 500 or more. The log has
// no header, no query, no body and no link's token, so neither signatures nor tokens nor values.
// Strangers, whose requests were not authenticated, can't fill it: theirs are logged once in a
// while, with how many were held back.
class Exchange {
 public:
  // What all of them use; it outlives them.
  struct Shared {
    RequestMetrics& metrics;
    const Cors& cors;
    Random& random;
    obs::LogLimiter& strangers;
  };

  // Takes request id, trace and origin from `request`, or makes them.
  Exchange(Shared& shared, const HttpRequest& request);
  ~Exchange();

  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  // What services are told of this call. The caller is filled in once it is known.
  rpc::Call& call() { return call_; }

  void set_operation(const OperationInfo* operation) { operation_ = operation; }
  void set_access_key_id(std::string id) { access_key_id_ = std::move(id); }
  const std::string& origin() const { return origin_; }

  // The answer; one of them, once. `body` is JSON, or empty for none.
  HttpResponse Success(std::string body, int status = 200);
  HttpResponse Redirect(std::string_view url);
  HttpResponse Failure(const absl::Status& status);

 private:
  HttpResponse NewResponse(int status) const;
  void Count(const HttpResponse& response, std::optional<ErrorName> error) const;
  void Log(const HttpResponse& response, std::string_view error, const absl::Status& status) const;

  Shared& shared_;
  const absl::Time start_;
  rpc::Call call_;
  const OperationInfo* operation_ = nullptr;
  std::string access_key_id_;
  const std::string method_;
  const std::string path_;
  const std::string origin_;
  const std::size_t received_bytes_;
};

// A request of an operation while its services are asked.
class Pending {
 public:
  Pending(Exchange::Shared& shared, const HttpRequest& request, HttpReply reply)
      : reply_(std::move(reply)), repeatable_(request.method == "GET") {
    exchange_.emplace(shared, request);
  }

  Exchange& exchange() { return *exchange_; }

  // One of them, once; from any thread.
  void Succeed(std::string body);
  void Fail(const absl::Status& status) { Answer(exchange_->Failure(status)); }
  void Answer(HttpResponse response);

 private:
  HttpReply reply_;
  const bool repeatable_;
  std::optional<Exchange> exchange_;
};

}  // namespace tidemark::gateway
