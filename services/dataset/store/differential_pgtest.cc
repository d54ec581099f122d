// The PostgreSQL store against the memory store, which runs the domain's pure rules: whatever is
// done to both, both answer the same and hold the same.
#include <algorithm>
#include <future>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "services/dataset/store/memory_store.h"
#include "services/dataset/store/testing/postgres_fixture.h"

namespace tidemark::dataset {
namespace {

constexpr int kIdentities = 2;
constexpr int kNames = 4;
constexpr int kKeys = 4;
constexpr Limits kLimits{.datasets_per_identity = 4,
                         .records_per_dataset = 3,
                         .bytes_per_dataset = 12,
                         .keys_per_dataset = 4,
                         .dataset_names_per_identity = 4};

using Words = std::vector<std::string>;

// A clock that runs ahead of the system's.
class ShiftedClock final : public Clock {
 public:
  absl::Time Now() const override { return absl::Now() + ahead; }
  absl::Duration ahead;
};

// A number in [from, to), as wild in the first case as in the last.
template <typename T>
T Pick(T from, T to) {
  return *rc::gen::resize(rc::kNominalSize, rc::gen::inRange<T>(from, to));
}

absl::Time Soon() { return absl::Now() + absl::Seconds(30); }

IdentityKey IdentityOf(int i) {
  return IdentityKey::Of("us-east-1:0a", absl::StrCat("us-east-1:", i));
}

// Of the `i`th identity: what devices call their datasets, and what merging calls copies of them.
Words NamesOf(int i) {
  Words names;
  for (int n = 0; n < kNames; ++n) {
    const std::string name(1, static_cast<char>('a' + n));
    const std::string copy = absl::StrCat(name, ".", IdentityOf(1 - i).identity_id);
    names.insert(names.end(), {name, copy, copy + "-2", copy + "-3"});
  }
  return names;
}

// Seldom one with the name of a copy.
DatasetKey AnyDataset() {
  const int i = Pick(0, kIdentities);
  const int name = 4 * Pick(0, kNames) + (Pick(0, 8) == 0 ? 1 : 0);
  return {IdentityOf(i), NamesOf(i)[static_cast<std::size_t>(name)]};
}

// What both stores must agree on, in words. Times differ, and only their order with them.
struct InWords {
  std::string operator()(const Applied& applied) const {
    return absl::StrCat(applied.triggered  ? "applied again by a trigger at "
                        : applied.replayed ? "applied again at "
                                           : "applied at ",
                        applied.sync_count.value());
  }
  std::string operator()(const Conflict& conflict) const {
    std::string words = "conflict at ";
    for (const auto& key : conflict.keys) {
      absl::StrAppend(&words, " ", key.key, ":", key.current.value(), "/", key.expected.value());
    }
    return words;
  }
  std::string operator()(const LimitBreach& breach) const {
    return absl::StrCat("limit ", std::string(NameOf(breach.limit)), " at ", breach.value, ">",
                        breach.bound);
  }
  std::string operator()(const RequestIdReused&) const { return "reused"; }
  std::string operator()(const absl::Status& status) const { return status.ToString(); }
  std::string operator()(const DatasetInfo& info) const {
    return absl::StrCat(info.key.identity.identity_id, "/", info.key.name, " count ",
                        info.sync_count.value(), " generation ", info.generation.value(),
                        info.live ? " live " : " dead ", info.modified_by, " records ",
                        info.live_records, " bytes ", info.bytes, " deleted at ",
                        info.deleted_at.value_or(SyncCount(0)).value());
  }
  std::string operator()(const Record& record) const {
    return absl::StrCat(record.key, "=", record.value.value_or("(removed)"), "@",
                        record.sync_count.value(), " ", record.modified_by);
  }
  std::string operator()(const RecordPage& page) const {
    std::string words = page.dataset ? (*this)(*page.dataset) : "never written";
    for (const Record& record : page.records) absl::StrAppend(&words, " ", (*this)(record));
    for (const std::string& name : page.merged_dataset_names) absl::StrAppend(&words, " ", name);
    return words;
  }
  std::string operator()(const DatasetView& view) const {
    std::string words = absl::StrCat("view of ", view.generation.value(), " bytes ", view.bytes,
                                     view.complete ? "" : " incomplete");
    for (const Record& record : view.records) absl::StrAppend(&words, " ", (*this)(record));
    if (view.repeat) absl::StrAppend(&words, " ", std::visit(*this, *view.repeat));
    return words;
  }
  std::string operator()(const LoggedChange& change) const {
    std::string words =
        absl::StrCat("kind ", static_cast<int>(change.kind), " ",
                     change.dataset.identity.identity_id, "/", change.dataset.name, " pool ",
                     change.pool_number.value(), " count ", change.sync_count.value(),
                     " generation ", change.generation.value(), " ", change.origin.modified_by);
    for (Record record : change.records) {
      record.modified_by.clear();  // a snapshot's records don't say
      absl::StrAppend(&words, " ", (*this)(record));
    }
    return words;
  }
};

// Both stores, and what is done to them.
class Pair {
 public:
  // Notes the kinds of outcomes in `seen`.
  explicit Pair(std::set<std::string>& seen) : seen_(seen) {}

  void Step() {
    switch (
        *rc::gen::weightedElement<int>({{12, 0}, {2, 1}, {4, 2}, {1, 3}, {2, 4}, {1, 5}, {2, 6}})) {
      case 0:
        return Update(AnyBatch());
      case 1:
        return DeleteAny();
      case 2:
        return Repeat();
      case 3:
        return PassTime(absl::Minutes(Pick(10, 50)));
      case 4:
        return Merge();
      case 6:
        return ReadPages();
      default:
        return Erase();
    }
  }

  // Both hold the same, and PostgreSQL's tables agree with each other.
  void Compare() {
    postgres_.Settle();
    RC_ASSERT(Held(postgres_.reads()) == Held(memory_));
    Words logged, expected;
    for (const LoggedChange& change : postgres_.Log()) logged.push_back(InWords()(change));
    for (const LoggedChange& change : memory_.Log()) expected.push_back(InWords()(change));
    RC_ASSERT(logged == expected);
    RC_ASSERT(Inconsistencies(SharedDatabase()) == Words());
  }

 private:
  static ChangeOrigin Origin() {
    const std::string device = absl::StrCat("device", Pick(0, 3));
    return {.modified_by = device, .device_id = device, .traceparent = ""};
  }

  // The kind of an outcome is what it says before "at".
  void Saw(std::string_view words) {
    seen_.insert(std::string(words.substr(0, words.find(" at "))));
  }

  RequestIdentity NextIdentity() {
    ++ids_;
    return {.request = {ids_, 1}, .content = {ids_, 2}, .named = Pick(0, 2) == 0};
  }

  template <typename T, typename Ask>
  static T Answer(const Ask& ask) {
    std::promise<absl::StatusOr<T>> promise;
    ask([&promise](absl::StatusOr<T> result) { promise.set_value(std::move(result)); });
    absl::StatusOr<T> result = promise.get_future().get();
    RC_ASSERT(result.ok());
    return *std::move(result);
  }

  static RecordPage List(ReadStore& store, const RecordQuery& query) {
    return Answer<RecordPage>(
        [&](auto done) { store.ListRecords(query, Soon(), std::move(done)); });
  }

  static DatasetView View(ReadStore& store, const UpdateRequest& request, std::int64_t max_bytes) {
    return Answer<DatasetView>([&](auto done) {
      store.View({request.dataset, request.identity, max_bytes}, Soon(), std::move(done));
    });
  }

  static Words Held(ReadStore& store) {
    Words words;
    for (int i = 0; i < kIdentities; ++i) {
      const auto live = Answer<DatasetPage>(
          [&](auto done) { store.ListDatasets(IdentityOf(i), "", 100, Soon(), std::move(done)); });
      for (const DatasetInfo& info : live.datasets) words.push_back(InWords()(info));
      const auto usage = Answer<IdentityUsage>(
          [&](auto done) { store.DescribeIdentity(IdentityOf(i), Soon(), std::move(done)); });
      words.push_back(absl::StrCat("identity ", usage.datasets, " ", usage.bytes));
      for (const std::string& name : NamesOf(i)) {
        words.push_back(InWords()(List(store, {.dataset = {IdentityOf(i), name}})));
      }
    }
    const auto pool = Answer<PoolUsage>(
        [&](auto done) { store.DescribePool("us-east-1:0a", Soon(), std::move(done)); });
    words.push_back(absl::StrCat("pool ", pool.bytes));
    return words;
  }

  // What a device would expect that knows the dataset, save now and then.
  RecordPatch AnyPatch(const RecordPage& page, std::string key) {
    RecordPatch patch;
    patch.expected = SyncCount(0);
    for (const Record& record : page.records) {
      if (record.key == key) patch.expected = record.sync_count;
    }
    if (Pick(0, 12) == 0) patch.expected = SyncCount(Pick(0, 6));
    patch.key = std::move(key);
    if (Pick(0, 4) > 0) patch.value = std::string(static_cast<std::size_t>(Pick(0, 7)), 'x');
    return patch;
  }

  UpdateRequest AnyUpdate(const DatasetKey& dataset) {
    UpdateRequest request{.dataset = dataset,
                          .pool_number = PoolNumber(3),
                          .limits = kLimits,
                          .patches = {},
                          .origin = Origin(),
                          .identity = NextIdentity()};
    const RecordPage page = List(memory_, {.dataset = dataset});
    std::set<std::string> keys;
    for (int i = Pick(1, 4); i > 0; --i) {
      keys.insert(std::string(1, static_cast<char>('p' + Pick(0, kKeys + 1))));
    }
    for (const std::string& key : keys) request.patches.push_back(AnyPatch(page, key));
    if (Pick(0, 2) == 0) std::ranges::reverse(request.patches);
    // A third are a sync trigger's, which now and then saw another life.
    if (Pick(0, 3) == 0) {
      request.seen_generation = View(memory_, request, 100).generation;
      if (Pick(0, 6) == 0) request.seen_generation = Generation(Pick(0, 3));
    }
    return request;
  }

  // Requests of different datasets, in the order in which they are locked: among those of one
  // identity, limits are decided in that order.
  std::vector<UpdateRequest> AnyBatch() {
    std::set<std::tuple<Owner, std::string, std::string, DatasetKey>> datasets;
    for (int i = Pick(1, 5); i > 0; --i) {
      const DatasetKey key = AnyDataset();
      datasets.insert({key.identity.owner, key.identity.identity_id, key.name, key});
    }
    std::vector<UpdateRequest> requests;
    for (const auto& entry : datasets) requests.push_back(AnyUpdate(std::get<DatasetKey>(entry)));
    return requests;
  }

  static Words Outcomes(UpdateStore& store, const std::vector<UpdateRequest>& requests) {
    std::vector<const UpdateRequest*> pointers;
    for (const UpdateRequest& request : requests) pointers.push_back(&request);
    Words words;
    for (const UpdateOutcome& outcome : store.Update(pointers, Soon())) {
      words.push_back(std::visit(InWords(), outcome));
    }
    return words;
  }

  void Update(const std::vector<UpdateRequest>& requests) {
    const Words expected = Outcomes(memory_, requests);
    RC_ASSERT(Outcomes(postgres_.updates(), requests) == expected);
    for (const std::string& words : expected) Saw(words);
    updates_.insert(updates_.end(), requests.begin(), requests.end());
  }

  // Now and then the dataset is written again, and the deletion comes once more.
  void DeleteAny() {
    const DeleteRequest request{AnyDataset(), PoolNumber(3), Origin(),
                                Pick(0, 4) == 0 ? std::nullopt : std::optional(NextIdentity())};
    Delete(request);
    if (!request.identity || Pick(0, 2) == 0) return;
    Update({AnyUpdate(request.dataset)});
    Delete(request);
  }

  void Delete(const DeleteRequest& request) {
    const auto expected = memory_.Delete(request, Soon());
    const auto outcome = postgres_.admin().Delete(request, Soon());
    RC_ASSERT(expected.ok() && outcome.ok());
    RC_ASSERT(outcome->kind == expected->kind);
    using Kind = DeleteOutcome::Kind;
    if (outcome->kind == Kind::kDeleted) Saw("deleted");
    if (outcome->kind == Kind::kReplayed) {
      const bool known = outcome->dataset.generation != Generation(0);
      Saw(known ? "deleted again" : "deleted again too late");
    }
    if (outcome->kind == Kind::kNotFound) Saw("nothing to delete");
    RC_ASSERT(InWords()(outcome->dataset) == InWords()(expected->dataset));
    deletions_.push_back(request);
  }

  // Sends an earlier request again, now and then with other content.
  void Repeat() {
    RequestIdentity::Hash other{Pick<std::uint64_t>(0, 10) == 0 ? 1 : 0, 77};
    if (!deletions_.empty() && Pick(0, 3) == 0) {
      DeleteRequest request = deletions_[Pick<std::size_t>(0, deletions_.size())];
      if (other.first == 1 && request.identity) request.identity->content = other;
      return Delete(request);
    }
    if (updates_.empty()) return;
    const std::size_t recent = std::min<std::size_t>(updates_.size(), 12);
    UpdateRequest request = updates_[updates_.size() - 1 - Pick<std::size_t>(0, recent)];
    if (other.first == 1) request.identity.content = other;
    const std::int64_t max_bytes = Pick(0, 20);
    const std::string viewed = InWords()(View(memory_, request, max_bytes));
    RC_ASSERT(InWords()(View(postgres_.reads(), request, max_bytes)) == viewed);
    Update({request});
  }

  // For PostgreSQL, whose clock can't be set, the past moves back instead.
  void PassTime(absl::Duration time) {
    clock_.ahead += time;
    SharedDatabase().Run(absl::StrCat(
        "UPDATE dataset.dataset SET modified_time = modified_time - shift,"
        " applied_time = ARRAY(SELECT t - shift FROM unnest(applied_time) WITH ORDINALITY"
        "                      AS a (t, n) ORDER BY n)"
        " FROM (SELECT interval '",
        absl::ToInt64Minutes(time), " minutes' AS shift) AS s"));
  }

  // Now and then the loser goes on with a dataset that it gave, and gives it again.
  void Merge() {
    const int winner = Pick(0, kIdentities);
    const Words copies = Merge(winner);
    if (copies.empty() || Pick(0, 2) == 0) return;
    Update({AnyUpdate({IdentityOf(1 - winner), copies.front().substr(0, 1)})});
    Merge(winner);
  }

  // The names of the copies.
  Words Merge(int winner) {
    const MergeRequest request{.winner = IdentityOf(winner),
                               .loser = IdentityOf(1 - winner),
                               .pool_number = PoolNumber(3),
                               .limits = kLimits,
                               .origin = Origin()};
    const auto expected = memory_.Merge(request, Soon());
    const auto copies = postgres_.admin().Merge(request, Soon());
    RC_ASSERT(copies.status().code() == expected.status().code());
    RC_ASSERT(copies.status().message() == expected.status().message());
    if (!expected.ok()) return {};
    Saw("merged");
    Words names, copied, wanted;
    for (const DatasetInfo& info : *copies) {
      copied.push_back(InWords()(info));
      names.push_back(info.key.name);
      if (info.key.name.ends_with("-2")) Saw("merged beside another");
    }
    for (const DatasetInfo& info : *expected) wanted.push_back(InWords()(info));
    RC_ASSERT(copied == wanted);
    return names;
  }

  // All pages of a list from some count, of few records and bytes each.
  void ReadPages() {
    RecordQuery query{.dataset = AnyDataset(),
                      .since = SyncCount(Pick(0, 4)),
                      .max_records = Pick(1, 4),
                      .max_bytes = Pick(1, 300)};
    int pages = 0;
    for (bool more = true; more; ++pages) {
      const RecordPage expected = List(memory_, query);
      const RecordPage page = List(postgres_.reads(), query);
      RC_ASSERT(page.more == expected.more);
      RC_ASSERT(InWords()(page) == InWords()(expected));
      more = page.more;
      if (!more) break;
      query.after = {page.dataset->generation, page.dataset->sync_count, page.records.back().key};
      if (Pick(0, 6) == 0) Update(AnyBatch());  // which later pages leave out
    }
    if (pages > 0) Saw("pages");
  }

  void Erase() {
    const EraseRequest request{IdentityOf(Pick(0, kIdentities)), PoolNumber(3), Origin()};
    postgres_.Settle();  // the proof counts what is left of deleted datasets
    const auto expected = memory_.Erase(request, Soon());
    const auto erased = postgres_.admin().Erase(request, Soon());
    RC_ASSERT(expected.ok() && erased.ok());
    const auto proof = [](const Erased& e) {
      return std::tie(e.datasets, e.records, e.bytes, e.change_log_rows);
    };
    RC_ASSERT(proof(*erased) == proof(*expected));
  }

  std::set<std::string>& seen_;
  ShiftedClock clock_;
  MemoryStore memory_{clock_};
  PostgresUnderTest postgres_{{{"synchronous_commit", "off"}}};  // for speed: nothing crashes here
  std::uint64_t ids_ = 0;
  std::vector<UpdateRequest> updates_;  // that were sent
  std::vector<DeleteRequest> deletions_;
};

TEST(DifferentialTest, PostgresDecidesAndHoldsWhatTheDomainsRulesSay) {
  std::set<std::string> seen;
  EXPECT_TRUE(rc::check([&seen] {
    Pair pair(seen);
    for (int steps = Pick(1, 40); steps > 0; --steps) pair.Step();
    pair.Compare();
  }));
  // It has looked at everything.
  EXPECT_THAT(seen, ::testing::IsSupersetOf(
                        {"applied", "applied again", "applied again by a trigger", "conflict",
                         "reused", "limit datasets", "limit dataset_names", "limit records",
                         "limit keys", "limit bytes", "merged", "merged beside another", "deleted",
                         "deleted again", "deleted again too late", "nothing to delete"}));
}

}  // namespace
}  // namespace tidemark::dataset
