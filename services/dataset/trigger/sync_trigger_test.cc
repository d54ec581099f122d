#include "services/dataset/trigger/sync_trigger.h"

#include <atomic>
#include <future>
#include <optional>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "common/errors/error.h"
#include "common/obs/log.h"
#include "common/testing/eventually.h"
#include "common/testing/settable_clock.h"
#include "services/dataset/domain/checks.h"
#include "services/dataset/store/memory_store.h"
#include "services/dataset/store/testing/requests.h"
#include "services/dataset/trigger/testing/fake_functions.h"

namespace tidemark::dataset {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr const char* kFunction = "arn:aws:lambda:us-east-1:123456789012:function:f";
using Answer = absl::StatusOr<std::vector<Record>>;

// Applies each update at once; on wish it says, once, that it does not know what became of it.
class TestSink final : public UpdateSink {
 public:
  explicit TestSink(UpdateStore& store) : store_(store) {}

  void Submit(UpdateRequest request, absl::Time deadline, Callback done) override {
    ++submitted;
    UpdateOutcome outcome = Apply(store_, request, deadline);
    if (forget.exchange(false)) outcome = absl::UnavailableError("who knows");
    done(std::move(request), std::move(outcome));
  }

  std::atomic<int> submitted = 0;
  std::atomic<bool> forget = false;

 private:
  UpdateStore& store_;
};

class SyncTriggerTest : public ::testing::Test {
 protected:
  static UpdateRequest Request(std::vector<RecordPatch> patches, const char* pool = "p:1") {
    return UpdateOf({IdentityKey::Of(pool, "p:2"), "prefs"}, std::move(patches));
  }
  static RecordPatch Remove(std::string key, std::int64_t expected) {
    return {std::move(key), std::nullopt, SyncCount(expected), std::nullopt};
  }
  static RecordPatch Put(std::string key, std::int64_t expected, std::string value = "v") {
    return dataset::Put(std::move(key), SyncCount(expected), std::move(value));
  }

  // Applies something without a trigger, as a developer does.
  void Write(std::vector<RecordPatch> patches) {
    const UpdateOutcome outcome = Apply(store_, Request(std::move(patches)));
    ASSERT_TRUE(std::holds_alternative<Applied>(outcome)) << ToStatus(outcome);
  }
  void Delete() {
    const auto outcome = store_.Delete(DeleteOf(prefs_), InSeconds(30));
    ASSERT_EQ(outcome->kind, DeleteOutcome::Kind::kDeleted);
  }

  std::future<Answer> Begin(const UpdateRequest& request) {
    auto promise = std::make_shared<std::promise<Answer>>();
    trigger_.Update(request, kFunction, clock_.Now() + patience_,
                    [promise](Answer answer) { promise->set_value(std::move(answer)); });
    return promise->get_future();
  }
  Answer Update(const UpdateRequest& request) { return Begin(request).get(); }
  Answer Update(std::vector<RecordPatch> patches) { return Update(Request(std::move(patches))); }
  // A repeat that comes when the pool has no trigger any more.
  Answer UpdateWithoutTrigger(const UpdateRequest& request) {
    const UpdateOutcome outcome = Apply(store_, request);
    const Applied* const applied = std::get_if<Applied>(&outcome);
    if (applied == nullptr) return ToStatus(outcome);
    EXPECT_TRUE(applied->triggered);
    std::promise<Answer> promise;
    trigger_.AnswerRepeat(request, *applied, InSeconds(30),
                          [&promise](Answer answer) { promise.set_value(std::move(answer)); });
    return promise.get_future().get();
  }

  static std::vector<std::string> Words(const std::vector<Record>& records) {
    std::vector<std::string> words;
    for (const Record& record : records) {
      words.push_back(absl::StrCat(record.key, "=", record.value.value_or("(none)"), "@",
                                   record.sync_count.value()));
    }
    return words;
  }
  static std::vector<std::string> Words(const Answer& answer) {
    EXPECT_TRUE(answer.ok()) << answer.status();
    return answer.ok() ? Words(*answer) : std::vector<std::string>();
  }
  std::vector<std::string> Held() {
    std::vector<std::string> words;
    store_.ListRecords(
        {.dataset = prefs_}, InSeconds(30),
        [&](const absl::StatusOr<RecordPage>& page) { words = Words(page->records); });
    return words;
  }

  // The reason of a failed update, which must have stored nothing.
  errors::Reason ReasonOf(std::vector<RecordPatch> patches) {
    const std::size_t before = store_.Log().size();
    const Answer answer = Update(std::move(patches));
    EXPECT_EQ(store_.Log().size(), before);
    status_ = answer.status();
    return errors::ReasonOf(status_);
  }
  std::string fault() const { return errors::MetadataOf(status_, "fault"); }

  double Count(const char* name, const std::string& outcome = "") {
    for (const auto& family : registry_.Collect()) {
      if (family.name != name) continue;
      for (const auto& metric : family.metric) {
        if (outcome.empty() || metric.label.front().value == outcome) {
          return metric.counter.value + metric.gauge.value;
        }
      }
    }
    return -1;
  }

  const DatasetKey prefs_{IdentityKey::Of("p:1", "p:2"), "prefs"};
  testing::SettableClock clock_;
  MemoryStore store_{clock_};
  TestSink sink_{store_};
  FakeFunctions functions_;
  prometheus::Registry registry_;
  TriggerMetrics metrics_{registry_};
  absl::Duration patience_ = absl::Seconds(30);
  absl::Status status_;
  SyncTrigger trigger_{{store_, sink_, functions_, threads_, clock_, metrics_, "us-east-1",
                        [](const std::string&) { return absl::OkStatus(); }},
                       {.calls_per_pool = 2, .calls = 3}};
  Executor threads_{2, 16};  // last: ends before what its work uses
};

TEST_F(SyncTriggerTest, TheFunctionSeesTheWholeDatasetAndWhatItIsToBecome) {
  Write({Put("a", 0, "1"), Put("b", 0, "2"), Put("gone", 0)});
  Write({Remove("gone", 1)});
  EXPECT_TRUE(Update({Put("a", 1, "new")}).ok());
  ASSERT_THAT(functions_.calls(), SizeIs(1));
  const FakeFunctions::Call call = functions_.calls().front();
  EXPECT_EQ(call.function, kFunction);
  EXPECT_EQ(call.time, absl::Seconds(5));
  EXPECT_EQ(call.event, json::parse(R"({
    "version": 2, "eventType": "SyncTrigger", "region": "us-east-1", "identityPoolId": "p:1",
    "identityId": "p:2", "datasetName": "prefs",
    "datasetRecords": {"a": {"oldValue": "1", "newValue": "new", "op": "replace"},
                       "b": {"oldValue": "2", "newValue": "2", "op": "replace"}}})"));
}

TEST_F(SyncTriggerTest, WhatItChangesAddsAndRemovesIsStoredUnderOneCountInOneChange) {
  Write({Put("a", 0, "1"), Put("b", 0, "2"), Put("c", 0, "3"), Put("gone", 0)});
  Write({Remove("gone", 1)});
  functions_.Set(FakeFunctions::Changing([](json& records) {
    records["a"]["newValue"] = "A";
    records["b"]["op"] = "remove";
    records["gone"] = {{"newValue", "back"}, {"op", "replace"}};
    records["d"] = {{"newValue", "new"}, {"op", "replace"}};
    records["nothing"] = {{"op", "remove"}};
  }));
  EXPECT_THAT(Words(Update({Put("z", 0, "z"), Put("a", 1, "a")})),
              ElementsAre("z=z@3", "a=A@3", "b=(none)@3", "d=new@3", "gone=back@3"));
  EXPECT_THAT(Held(),
              ElementsAre("a=A@3", "b=(none)@3", "c=3@1", "d=new@3", "gone=back@3", "z=z@3"));
  EXPECT_THAT(store_.Log(), SizeIs(3));
  EXPECT_THAT(store_.Log().back().records, SizeIs(5));
}

TEST_F(SyncTriggerTest, APatchThatItLeavesOutIsAnsweredAsTheServerHoldsIt) {
  Write({Put("a", 0, "1")});
  functions_.Set(FakeFunctions::Changing([](json& records) {
    records.erase("a");
    records.erase("new");
  }));
  EXPECT_THAT(Words(Update({Put("new", 0), Put("b", 0), Put("a", 1, "2")})),
              ElementsAre("new=(none)@0", "b=v@2", "a=1@1"));
  EXPECT_THAT(Held(), ElementsAre("a=1@1", "b=v@2"));
}

TEST_F(SyncTriggerTest, IfItLeavesOutAllNothingIsStoredAndTheCountStays) {
  functions_.Set(FakeFunctions::Changing([](json& records) { records = json::object(); }));
  EXPECT_THAT(Words(Update({Put("new", 0)})), ElementsAre("new=(none)@0"));
  EXPECT_THAT(store_.Log(), IsEmpty());
  EXPECT_EQ(sink_.submitted, 0);
  EXPECT_EQ(Count("tidemark_dataset_trigger_calls_total", "answered"), 1);
}

TEST_F(SyncTriggerTest, AConflictIsToldWithoutAskingIt) {
  Write({Put("a", 0)});
  EXPECT_EQ(ReasonOf({Put("a", 7)}), errors::v1::ERROR_REASON_STALE_SYNC_COUNT);
  EXPECT_THAT(functions_.calls(), IsEmpty());
}

// What may happen while the function runs.

TEST_F(SyncTriggerTest, AWriterOfAPatchedKeyMeanwhileMakesAConflict) {
  Write({Put("a", 0)});
  functions_.Set([this](const FakeFunctions::Call& call) {
    Write({Put("a", 1, "mine")});
    return aws::InvokeResult(aws::FunctionAnswer{call.event.dump(), ""});
  });
  status_ = Update({Put("a", 1)}).status();
  EXPECT_EQ(errors::ReasonOf(status_), errors::v1::ERROR_REASON_STALE_SYNC_COUNT);
  EXPECT_EQ(errors::MetadataOf(status_, "conflict.0.key"), "a");
  EXPECT_THAT(Held(), ElementsAre("a=mine@2"));
}

TEST_F(SyncTriggerTest, AWriterOfAKeyThatOnlyItWritesMakesAConflictThatNamesTheKey) {
  Write({Put("a", 0), Put("own", 0)});
  functions_.Set([this](const FakeFunctions::Call& call) {
    Write({Put("own", 1, "mine")});
    json event = call.event;
    event["datasetRecords"]["own"]["newValue"] = "its";
    return aws::InvokeResult(aws::FunctionAnswer{event.dump(), ""});
  });
  status_ = Update({Put("a", 1)}).status();
  EXPECT_EQ(errors::ReasonOf(status_), errors::v1::ERROR_REASON_STALE_SYNC_COUNT);
  EXPECT_EQ(errors::MetadataOf(status_, "conflict.0.key"), "own");
  EXPECT_THAT(Held(), ElementsAre("a=v@1", "own=mine@2"));
}

TEST_F(SyncTriggerTest, AWriterOfAnotherKeyMeanwhileIsInNobodysWay) {
  Write({Put("a", 0), Put("b", 0)});
  functions_.Set([this](const FakeFunctions::Call& call) {
    Write({Put("b", 1, "mine")});
    return aws::InvokeResult(aws::FunctionAnswer{call.event.dump(), ""});
  });
  EXPECT_THAT(Words(Update({Put("a", 1, "x")})), ElementsAre("a=x@3"));
}

TEST_F(SyncTriggerTest, ADatasetThatIsWrittenAnewMeanwhileMakesAConflictOfAllKeys) {
  Write({Put("a", 0)});
  functions_.Set([this](const FakeFunctions::Call& call) {
    Delete();
    Write({Put("a", 0)});
    json event = call.event;
    event["datasetRecords"]["own"] = {{"newValue", "x"}, {"op", "replace"}};
    return aws::InvokeResult(aws::FunctionAnswer{event.dump(), ""});
  });
  status_ = Update({Put("b", 0)}).status();
  EXPECT_EQ(errors::ReasonOf(status_), errors::v1::ERROR_REASON_STALE_SYNC_COUNT);
  EXPECT_EQ(errors::MetadataOf(status_, "conflict.0.key"), "b");
  EXPECT_EQ(errors::MetadataOf(status_, "conflict.1.key"), "own");
  EXPECT_THAT(Held(), ElementsAre("a=v@3"));
}

TEST_F(SyncTriggerTest, ADatasetThatIsCreatedOrDeletedMeanwhileMakesAConflict) {
  functions_.Set([this](const FakeFunctions::Call& call) {
    Write({Put("other", 0)});
    return aws::InvokeResult(aws::FunctionAnswer{call.event.dump(), ""});
  });
  EXPECT_EQ(errors::ReasonOf(Update({Put("a", 0)}).status()),
            errors::v1::ERROR_REASON_STALE_SYNC_COUNT);
  functions_.Set([this](const FakeFunctions::Call& call) {
    Delete();
    return aws::InvokeResult(aws::FunctionAnswer{call.event.dump(), ""});
  });
  EXPECT_EQ(errors::ReasonOf(Update({Put("a", 0)}).status()),
            errors::v1::ERROR_REASON_STALE_SYNC_COUNT);
  EXPECT_THAT(Held(), IsEmpty());
}

// Repeats.

TEST_F(SyncTriggerTest, ARepeatGetsTheFirstAnswerAndDoesNotRunIt) {
  Write({Put("a", 0, "1"), Put("kept", 0, "k")});
  functions_.Set(FakeFunctions::Changing([](json& records) {
    records["a"]["newValue"] = "A";
    records["own"] = {{"newValue", "x"}, {"op", "replace"}};
    records.erase("kept");
  }));
  const UpdateRequest request = Request({Put("kept", 1), Put("a", 1)});
  const Answer first = Update(request);
  EXPECT_THAT(Words(first), ElementsAre("kept=k@1", "a=A@2", "own=x@2"));
  const Answer again = Update(request);
  ASSERT_TRUE(first.ok() && again.ok());
  EXPECT_EQ(*again, *first);
  EXPECT_EQ(*UpdateWithoutTrigger(request), *first);
  EXPECT_THAT(functions_.calls(), SizeIs(1));
  EXPECT_THAT(store_.Log(), SizeIs(2));
}

TEST_F(SyncTriggerTest, ARepeatOfWhatWasAppliedWithoutItGetsTheFirstAnswer) {
  const UpdateRequest request = Request({Put("a", 0)});
  Apply(store_, request);
  Write({Put("a", 1, "later")});
  EXPECT_THAT(Words(Update(request)), ElementsAre("a=v@1"));
  EXPECT_THAT(functions_.calls(), IsEmpty());
  UpdateRequest other = request;
  other.identity.content = {5, 5};
  EXPECT_EQ(errors::ReasonOf(Update(other).status()), errors::v1::ERROR_REASON_REQUEST_ID_REUSED);
  EXPECT_THAT(functions_.calls(), IsEmpty());
}

TEST_F(SyncTriggerTest, ALateRepeatIsAnsweredWithWhatTheRecordsHoldByThen) {
  functions_.Set(FakeFunctions::Changing([](json& records) {
    records["own"] = {{"newValue", "x"}, {"op", "replace"}};
  }));
  const UpdateRequest request = Request({Put("a", 0), Put("b", 0)});
  EXPECT_THAT(Words(Update(request)), ElementsAre("a=v@1", "b=v@1", "own=x@1"));
  Write({Put("a", 1, "later"), Put("own", 1, "later")});
  EXPECT_THAT(Words(Update(request)), ElementsAre("a=later@2", "b=v@1"));
  Delete();
  EXPECT_THAT(Words(Update(request)), ElementsAre("a=(none)@0", "b=(none)@0"));
  EXPECT_THAT(Words(UpdateWithoutTrigger(request)), ElementsAre("a=(none)@0", "b=(none)@0"));
  EXPECT_THAT(functions_.calls(), SizeIs(1));
}

TEST_F(SyncTriggerTest, AnUpdateOfUnknownOutcomeIsSettledByItsRepeat) {
  functions_.Set(FakeFunctions::Changing([](json& records) { records["a"]["newValue"] = "A"; }));
  const UpdateRequest request = Request({Put("a", 0)});
  sink_.forget = true;
  EXPECT_EQ(Update(request).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(Words(Update(request)), ElementsAre("a=A@1"));
  EXPECT_THAT(functions_.calls(), SizeIs(1));
}

TEST_F(SyncTriggerTest, ARepeatThatOvertakesTheFirstTryHasNoSecondEffect) {
  functions_.Hold();
  int runs = 0;
  functions_.Set([&runs](const FakeFunctions::Call& call) {
    json event = call.event;
    event["datasetRecords"]["a"]["newValue"] = absl::StrCat("run ", ++runs);
    return aws::InvokeResult(aws::FunctionAnswer{event.dump(), ""});
  });
  const UpdateRequest request = Request({Put("a", 0)});
  auto first = Begin(request), second = Begin(request);
  ASSERT_TRUE(testing::Eventually([&] { return functions_.held() == 2; }));
  functions_.Release();
  const Answer one = first.get(), two = second.get();
  ASSERT_TRUE(one.ok() && two.ok()) << one.status() << two.status();
  EXPECT_EQ(*one, *two);
  EXPECT_THAT(store_.Log(), SizeIs(1));
}

// What functions do wrong.

TEST_F(SyncTriggerTest, OutputThatIsNoneNamesTheFaultAndStoresNothing) {
  const auto reason = errors::v1::ERROR_REASON_TRIGGER_FAILED;
  functions_.Set(FakeFunctions::Returning("it works!"));
  EXPECT_EQ(ReasonOf({Put("a", 0)}), reason);
  EXPECT_THAT(fault(), HasSubstr("no JSON"));
  EXPECT_EQ(errors::MetadataOf(status_, "function"), kFunction);
  functions_.Set(FakeFunctions::Changing([](json& records) { records["a"]["newValue"] = 17; }));
  EXPECT_EQ(ReasonOf({Put("a", 0)}), reason);
  EXPECT_THAT(fault(), HasSubstr("datasetRecords['a'].newValue is 17"));
  functions_.Set(FakeFunctions::Returning(std::string(std::size_t{7} << 20, ' ')));
  EXPECT_EQ(ReasonOf({Put("a", 0)}), reason);
  EXPECT_THAT(fault(), HasSubstr("7340032 bytes; at most 6291456"));
  functions_.Set(FakeFunctions::Returning(R"({"errorMessage": "oh"})", "Unhandled"));
  EXPECT_EQ(ReasonOf({Put("a", 0)}), reason);
  EXPECT_THAT(fault(), HasSubstr("raised an error: oh"));
  EXPECT_EQ(Count("tidemark_dataset_trigger_calls_total", "failed"), 4);
}

TEST_F(SyncTriggerTest, OutputBeyondALimitIsRefusedAsAnyUpdate) {
  functions_.Set(FakeFunctions::Changing([](json& records) {
    for (int i = 0; i < 10'000; ++i) {
      records[absl::StrCat("k", i)] = {{"newValue", "x"}, {"op", "replace"}};
    }
  }));
  EXPECT_EQ(ReasonOf({Put("a", 0)}), errors::v1::ERROR_REASON_LIMIT_EXCEEDED);
  EXPECT_EQ(errors::MetadataOf(status_, "value"), "10001");
}

TEST_F(SyncTriggerTest, ErrorsOfLambdaAreToldAsTheyAre) {
  using aws::ErrorClass;
  functions_.Set(
      FakeFunctions::Failing({.error_class = ErrorClass::kThrottle, .http_status = 429}));
  EXPECT_EQ(ReasonOf({Put("a", 0)}), errors::v1::ERROR_REASON_TRIGGER_THROTTLED);
  functions_.Set(
      FakeFunctions::Failing({.error_class = ErrorClass::kPermanent, .http_status = 404}));
  EXPECT_EQ(ReasonOf({Put("a", 0)}), errors::v1::ERROR_REASON_TRIGGER_FAILED);
  EXPECT_THAT(functions_.calls(), SizeIs(2));  // these are not tried again
  EXPECT_EQ(Count("tidemark_dataset_trigger_calls_total", "throttled"), 1);
}

TEST_F(SyncTriggerTest, ACallThatLambdaBreaksOffIsMadeOnceMore) {
  const aws::CallError broken{.error_class = aws::ErrorClass::kTransient, .http_status = 500};
  int calls = 0;
  functions_.Set([&](const FakeFunctions::Call& call) {
    clock_.passed += absl::Seconds(2);
    if (++calls % 2 == 1) return aws::InvokeResult(broken);
    return aws::InvokeResult(aws::FunctionAnswer{call.event.dump(), ""});
  });
  EXPECT_THAT(Words(Update({Put("a", 0)})), ElementsAre("a=v@1"));
  ASSERT_THAT(functions_.calls(), SizeIs(2));
  EXPECT_EQ(functions_.calls()[1].time, absl::Seconds(3));
  functions_.Set(FakeFunctions::Failing(broken));
  EXPECT_EQ(ReasonOf({Put("b", 0)}), errors::v1::ERROR_REASON_TRIGGER_THROTTLED);
  EXPECT_THAT(functions_.calls(), SizeIs(4));
}

TEST_F(SyncTriggerTest, AFunctionThatTakesItsWholeTimeIsNotRunAgain) {
  functions_.Set([this](const FakeFunctions::Call& call) {
    clock_.passed += call.time - absl::Microseconds(1);  // timers are not that exact
    return aws::InvokeResult(
        aws::CallError{.error_class = aws::ErrorClass::kTransient, .code = "Timeout"});
  });
  EXPECT_EQ(ReasonOf({Put("a", 0)}), errors::v1::ERROR_REASON_TRIGGER_TIMED_OUT);
  patience_ = absl::Seconds(2);
  EXPECT_EQ(ReasonOf({Put("a", 0)}), errors::v1::ERROR_REASON_TRIGGER_TIMED_OUT);
  ASSERT_THAT(functions_.calls(), SizeIs(2));
  EXPECT_EQ(functions_.calls()[1].time, absl::Seconds(2));  // the caller does not wait longer
  EXPECT_EQ(Count("tidemark_dataset_trigger_calls_total", "timed_out"), 2);
}

TEST_F(SyncTriggerTest, AnAnswerThatTheTransportDoesNotTakeIsTheFunctionsFault) {
  functions_.Set(FakeFunctions::Failing(
      {.error_class = aws::ErrorClass::kTransient, .code = std::string(aws::kTooLargeCode)}));
  EXPECT_EQ(ReasonOf({Put("a", 0)}), errors::v1::ERROR_REASON_TRIGGER_FAILED);
  EXPECT_THAT(functions_.calls(), SizeIs(1)) << "it would be as large again";
}

TEST_F(SyncTriggerTest, AFailureIsLoggedWithoutAnybodysWords) {
  std::string logged;
  const obs::ScopedLogSink sink([&logged](std::string_view line) { logged.append(line); });
  functions_.Set(FakeFunctions::Failing({.error_class = aws::ErrorClass::kPermanent,
                                         .http_status = 403,
                                         .code = "AccessDeniedException",
                                         .message = "what Lambda says"}));
  EXPECT_EQ(ReasonOf({Put("a", 0)}), errors::v1::ERROR_REASON_TRIGGER_FAILED);
  for (const char* part : {"p:1", kFunction, "\"TRIGGER_FAILED\"", "403 AccessDeniedException"}) {
    EXPECT_THAT(logged, HasSubstr(part));
  }
  EXPECT_THAT(logged, Not(HasSubstr("what Lambda says")));
  logged.clear();
  clock_.passed += absl::Seconds(2);
  functions_.Set(FakeFunctions::Returning(R"({"errorMessage":"what it says"})", "Unhandled"));
  EXPECT_EQ(ReasonOf({Put("a", 0)}), errors::v1::ERROR_REASON_TRIGGER_FAILED);
  EXPECT_THAT(logged, AllOf(HasSubstr("TRIGGER_FAILED"), Not(HasSubstr("what it says"))));
}

TEST_F(SyncTriggerTest, WithoutAwsCredentialsItSaysSo) {
  NoFunctions none;
  SyncTrigger trigger({store_, sink_, none, threads_, clock_, metrics_, "us-east-1"}, {});
  std::promise<Answer> promise;
  trigger.Update(Request({Put("a", 0)}), kFunction, InSeconds(30),
                 [&promise](Answer answer) { promise.set_value(std::move(answer)); });
  const absl::Status status = promise.get_future().get().status();
  EXPECT_EQ(errors::ReasonOf(status), errors::v1::ERROR_REASON_TRIGGER_FAILED);
  EXPECT_THAT(errors::MetadataOf(status, "fault"), HasSubstr("no valid AWS credentials"));
}

TEST_F(SyncTriggerTest, ADatasetThatIsTooLargeForAnEventSaysHowLargeItIs) {
  const std::string value(kMaxValueBytes, 'v');
  UpdateRequest large = Request({});
  large.limits.bytes_per_dataset = 16 * kMiB;
  for (int i = 0; i < 3; ++i) large.patches.push_back(Put(absl::StrCat("k", i), 0, value));
  Apply(store_, large);
  EXPECT_EQ(ReasonOf({Put("a", 0)}), errors::v1::ERROR_REASON_TRIGGER_FAILED);
  EXPECT_THAT(fault(), HasSubstr("the event would have 62"));
  large.identity = FreshIdentity();
  for (RecordPatch& patch : large.patches) patch.key += "x";
  large.patches.push_back(Put("y", 0, std::string(kMiB / 2, 'v')));
  Apply(store_, large);
  EXPECT_EQ(ReasonOf({Put("a", 0)}), errors::v1::ERROR_REASON_TRIGGER_FAILED);
  EXPECT_THAT(fault(), HasSubstr("the dataset has 68"));
  EXPECT_THAT(functions_.calls(), IsEmpty());
}

TEST_F(SyncTriggerTest, ASlowFunctionOfOnePoolTakesNoPlaceOfAnother) {
  functions_.Hold();
  auto one = Begin(Request({Put("a", 0)})), two = Begin(Request({Put("b", 0)}));
  ASSERT_TRUE(testing::Eventually([&] { return functions_.held() == 2; }));
  EXPECT_EQ(Count("tidemark_dataset_trigger_calls_in_flight"), 2);
  const absl::Status third = Update({Put("c", 0)}).status();
  EXPECT_EQ(errors::ReasonOf(third), errors::v1::ERROR_REASON_TRIGGER_THROTTLED);
  EXPECT_EQ(Count("tidemark_dataset_trigger_calls_total", "refused"), 1);
  auto other = Begin(Request({Put("c", 0)}, "p:9"));
  ASSERT_TRUE(testing::Eventually([&] { return functions_.held() == 3; }));
  functions_.Release();
  EXPECT_TRUE(other.get().ok());
  EXPECT_NE(one.get().ok(), two.get().ok());  // both would create the dataset
  EXPECT_TRUE(Update({Put("c", 0)}).ok());    // places are free again
  EXPECT_EQ(Count("tidemark_dataset_trigger_calls_in_flight"), 0);
}

}  // namespace
}  // namespace tidemark::dataset
