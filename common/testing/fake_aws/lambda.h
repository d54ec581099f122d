#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/testing/fake_aws/service.h"

namespace tidemark::fake_aws {

// What becomes of a call of a function.
struct FunctionOutcome {
  std::string payload;  // any bytes
  std::string error;    // "Handled" or "Unhandled"; empty: the function returned `payload`
  absl::Duration sleep = absl::ZeroDuration();  // before it answers
};

// What a function does with its input. Runs on the server's thread, which serves nothing else
// meanwhile.
using FunctionBody = std::function<FunctionOutcome(const std::string& payload)>;

// A call of a function.
struct Invocation {
  std::string payload;
  std::string qualifier;  // version or alias that was asked for; empty: none
  std::uint64_t call = 0;
  absl::Time arrived;
};

// AWS Lambda: Invoke, synchronous. A function is its account's own; a call's resource is its name.
// It keeps AWS's limits of payloads, and throttles only as told. Safe for concurrent use.
class FakeLambda final : public Service {
 public:
  struct Options {
    std::string region = "us-east-1";
    std::string account = "123456789012";
  };

  // `clock` must outlive the fake.
  FakeLambda(Options options, const Clock& clock);

  // Answers what it is given.
  static FunctionOutcome Echo(const std::string& payload);

  // Makes a function, or changes what it does. Here and below a name is of the fake's own account,
  // or "ACCOUNT/NAME".
  void PutFunction(const std::string& name, FunctionBody body = &Echo);
  // What it does instead in the next call that has none of these yet. False if there is none.
  bool Queue(const std::string& name, FunctionBody body);
  // Calls beyond so many at once are throttled, as with reserved concurrency; nullopt: none are.
  // False if there is none.
  bool SetConcurrency(const std::string& name, std::optional<int> limit);
  bool DeleteFunction(const std::string& name);

  // The calls that ran it, in order of arrival; none for an unknown function.
  std::vector<Invocation> Invocations(const std::string& name, std::size_t from = 0,
                                      std::size_t limit = SIZE_MAX) const;

  // Whether the request is for a function: not all are signed.
  static bool Knows(const ServerRequest& request);

  std::string_view name() const override { return "lambda"; }
  Call Read(const ServerRequest& request) const override;
  ServerResponse Answer(const Call& call, const std::optional<Fault>& records) override;
  ServerResponse Error(int status, std::string_view code, std::string_view message) const override;
  void Reset() override;

 private:
  struct Function {
    FunctionBody body;
    std::deque<FunctionBody> queued;
    std::optional<int> concurrency;
    std::vector<Invocation> invocations;
    std::vector<absl::Time> running_until;
  };
  // What a call addresses: "NAME", "NAME:QUALIFIER", or an ARN with or without one.
  struct Place {
    std::string account;  // empty: the caller's
    std::string name;
    std::string qualifier;
  };

  static Place PlaceOf(const ServerRequest& request);
  std::string PathOf(const std::string& name) const;
  // All below: with mutex_ held.
  Function* Find(const std::string& name);
  bool Throttles(Function& function) const;

  const Options options_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::map<std::string, Function> functions_;  // by "ACCOUNT/NAME"; guarded by mutex_
};

}  // namespace tidemark::fake_aws
