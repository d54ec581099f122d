#include "services/publisher/engine/testing/fake_record_store.h"

#include "absl/strings/str_cat.h"
#include "common/base/abseil.h"

namespace tidemark::publisher {

std::string FakeRecordStore::UrlOf(std::string_view pool_id, const Event& event) {
  return absl::StrCat("https://store/", ToAbsl(pool_id), "/", event.key, "/",
                      event.change.dataset_name, "/", event.change.sync_count, ".json");
}

void FakeRecordStore::Store(std::string_view pool_id, const Event& event, Done done) {
  Stored stored{.url = UrlOf(pool_id, event), .good_for = absl::Hours(1)};
  {
    const std::lock_guard lock(mutex_);
    ++calls_;
    if (fault_ != Fault::kNone) {
      stored = {.fault = fault_, .error = "the fake store says no"};
    } else if (!event.stored_until) {
      objects_[stored.url] = event.records_json();
    }
    if (hold_) {
      held_.emplace_back(std::move(done), std::move(stored));
      return;
    }
  }
  done(std::move(stored));
}

void FakeRecordStore::SetFault(Fault fault) {
  const std::lock_guard lock(mutex_);
  fault_ = fault;
}

void FakeRecordStore::Hold(bool hold) {
  std::vector<Answer> answers;
  {
    const std::lock_guard lock(mutex_);
    hold_ = hold;
    if (!hold) answers.swap(held_);
  }
  for (Answer& answer : answers) answer.first(std::move(answer.second));
}

std::map<std::string, std::string> FakeRecordStore::objects() const {
  const std::lock_guard lock(mutex_);
  return objects_;
}

std::size_t FakeRecordStore::calls() const {
  const std::lock_guard lock(mutex_);
  return calls_;
}

std::size_t FakeRecordStore::waiting() const {
  const std::lock_guard lock(mutex_);
  return held_.size();
}

}  // namespace tidemark::publisher
