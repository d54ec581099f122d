#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/time/time.h"
#include "common/aws/credentials.h"
#include "common/aws/lambda.h"

namespace tidemark::dataset {

// Where sync triggers run. Safe for concurrent use.
class Functions {
 public:
  using Callback = std::function<void(aws::InvokeResult)>;

  virtual ~Functions() = default;

  // Runs the function with this ARN, for at most `time`, and calls back once, on any thread; the
  // callback must not block. Errors as of aws::LambdaClient::Invoke.
  virtual void Invoke(const std::string& function, std::string event, absl::Duration time,
                      const std::string& traceparent, Callback done) = 0;
};

// AWS Lambda, with this installation's own credentials.
class LambdaFunctions final : public Functions {
 public:
  explicit LambdaFunctions(aws::LambdaClient lambda) : lambda_(std::move(lambda)) {}

  void Invoke(const std::string& function, std::string event, absl::Duration time,
              const std::string& traceparent, Callback done) override {
    aws::CallOptions options;
    options.timeouts.total = time;
    options.timeouts.connect = std::min(options.timeouts.connect, time);
    options.traceparent = traceparent;
    lambda_.Invoke(function, std::move(event), options, std::move(done));
  }

 private:
  const aws::LambdaClient lambda_;
};

// Of an installation without AWS credentials: every call is refused for lack of them.
class NoFunctions final : public Functions {
 public:
  void Invoke(const std::string&, std::string, absl::Duration, const std::string&,
              Callback done) override {
    done(aws::CallError{.error_class = aws::ErrorClass::kCredentials, .code = kNoCredentials});
  }
  static constexpr const char* kNoCredentials = "NoCredentials";
};

}  // namespace tidemark::dataset
