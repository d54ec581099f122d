#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/errors/error.h"
#include "services/push/rpc/neighbours.h"
#include "services/push/sns/endpoints.h"

namespace tidemark::push {

// SNS as a test wants it: an endpoint for each token, or an error. Safe for concurrent use.
class FakeEndpoints final : public Endpoints {
 public:
  void Ensure(WantedEndpoint wanted, absl::Time,
              std::function<void(absl::StatusOr<std::string>)> done) override {
    absl::StatusOr<std::string> answer =
        absl::StrCat(absl::StrReplaceAll(wanted.application_arn, {{":app/", ":endpoint/"}}), "/",
                     wanted.token.size());
    std::function<void()> first;
    {
      const std::lock_guard lock(mutex_);
      asked_.push_back(wanted);
      if (!error.ok()) answer = error;
      first = before_answer;
    }
    if (first) first();
    done(std::move(answer));
  }

  void Delete(const Access& access, const std::string& endpoint_arn, absl::Time,
              std::function<void(absl::Status)> done) override {
    {
      const std::lock_guard lock(mutex_);
      deleted.push_back(endpoint_arn);
    }
    done(error);
  }

  void Check(const Access& access, const std::vector<std::string>& application_arns, absl::Time,
             std::function<void(absl::Status)> done) override {
    checked.emplace_back(access.role_arn + "|" + access.external_id, application_arns);
    done(error);
  }

  std::vector<WantedEndpoint> asked() const {
    const std::lock_guard lock(mutex_);
    return asked_;
  }

  absl::Status error;                   // of all calls
  std::function<void()> before_answer;  // of Ensure
  std::vector<std::string> deleted;
  std::vector<std::pair<std::string, std::vector<std::string>>> checked;

 private:
  mutable std::mutex mutex_;
  std::vector<WantedEndpoint> asked_;
};

// The dataset service with these datasets.
class FakeDatasets final : public Datasets {
 public:
  void Require(const rpc::Call& call, const IdentityKey&, const std::string& dataset_name,
               std::function<void(absl::Status)> done) override {
    principals.insert(call.principal);
    if (!error.ok() || names.contains(dataset_name)) return done(error);
    done(errors::Error(absl::StatusCode::kNotFound, errors::v1::ERROR_REASON_DATASET_NOT_FOUND,
                       "no such dataset", {{"datasetName", dataset_name}}));
  }

  std::set<std::string> names = {"notes"};
  std::set<std::string> principals;  // on whose behalf it was asked
  absl::Status error;
};

}  // namespace tidemark::push
