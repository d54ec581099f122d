#include "services/publisher/engine/s3_record_store.h"

#include <array>
#include <map>
#include <sstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/abseil.h"
#include "common/obs/metrics.h"
#include "services/publisher/domain/record_object.h"

namespace tidemark::publisher {
namespace {

using Stored = RecordStore::Stored;

// The faults that FaultOfPut tells.
constexpr std::array<std::pair<Fault, const char*>, 6> kOutcomes = {{
    {Fault::kNone, "stored"},
    {Fault::kTransient, "transient"},
    {Fault::kThrottled, "throttle"},
    {Fault::kCredentials, "credentials"},
    {Fault::kRefused, "refused"},
    {Fault::kDenied, "denied"},
}};

// Of a URL's life this part may pass before it is sent.
constexpr int kWaitingPart = 10;

class Counts {
 public:
  explicit Counts(prometheus::Registry& registry)
      : seconds_(obs::Histogram(registry, "tidemark_publisher_s3_put_seconds",
                                "Time to put the records of a large event to S3.",
                                obs::LatencySeconds())),
        bytes_(obs::Histogram(registry, "tidemark_publisher_s3_put_bytes",
                              "Bytes of the records of a large event.", obs::SizeBytes())),
        no_url_(PutsOf(registry, "no_url")) {
    for (const auto& [fault, outcome] : kOutcomes) puts_[fault] = &PutsOf(registry, outcome);
  }

  void Put(Fault fault, absl::Duration took, std::size_t bytes) {
    puts_.at(fault)->Increment();
    seconds_.Observe(absl::ToDoubleSeconds(took));
    bytes_.Observe(static_cast<double>(bytes));
  }
  void NoUrl() { no_url_.Increment(); }

 private:
  static prometheus::Counter& PutsOf(prometheus::Registry& registry, const char* outcome) {
    return obs::Counter(registry, "tidemark_publisher_s3_puts_total",
                        "Attempts to store the records of a large event in S3, by outcome; no_url: "
                        "not tried, as no URL of the lifetime asked for can be signed.",
                        {{"outcome", outcome}});
  }

  prometheus::Histogram& seconds_;
  prometheus::Histogram& bytes_;
  prometheus::Counter& no_url_;
  std::map<Fault, prometheus::Counter*> puts_;
};

std::string ErrorText(const aws::CallError& error, Fault fault) {
  std::ostringstream text;
  if (fault == Fault::kRefused) {
    text << "the event is larger than its stream takes, and S3 refused its records for good: "
         << error << "; the dataset's next change is not affected";
  } else {
    text << "S3 did not take the records of a large event: " << error;
  }
  return text.str();
}

// What a Store is to do, from call to call.
struct Work {
  std::string key;
  std::string url;
  std::string records;  // moved into the put
  std::size_t bytes = 0;
  bool stored = false;  // before: only a URL is wanted
  std::string traceparent;
  absl::Time start;
  RecordStore::Done done;
};

}  // namespace

// Shared by the store and its calls, so that either may end first.
struct S3RecordStore::Core {
  Core(Settings s, aws::S3Client c, const Parts& p, prometheus::Registry& registry)
      : settings(std::move(s)), client(std::move(c)), parts(p), counts(registry) {}

  void Succeed(const Work& work) const {
    work.done({.url = work.url, .good_for = settings.url_lifetime / kWaitingPart});
  }

  void HaveNoUrl(const Work& work, const absl::Status& status) {
    counts.NoUrl();
    const bool now = status.code() == absl::StatusCode::kUnavailable;
    work.done({.fault = now ? Fault::kCredentials : Fault::kDenied,
               .error = absl::StrCat("no URL can be made for the records of a large event: ",
                                     status.message())});
  }

  void Finish(const Work& work, const std::optional<aws::CallError>& error) {
    const Fault fault = error ? FaultOfPut(*error) : Fault::kNone;
    counts.Put(fault, parts.clock.Now() - work.start, work.bytes);
    if (!error) return Succeed(work);
    work.done({.fault = fault, .error = ErrorText(*error, fault)});
  }

  const Settings settings;
  const aws::S3Client client;
  const Parts parts;
  Counts counts;
};

S3RecordStore::S3RecordStore(Settings settings, aws::S3Client client, const Parts& parts,
                             prometheus::Registry& registry)
    : core_(std::make_shared<Core>(std::move(settings), std::move(client), parts, registry)) {}

void S3RecordStore::Store(std::string_view pool_id, const Event& event, Done done) {
  auto work = std::make_shared<Work>();
  work->key = absl::StrCat(core_->settings.prefix,
                           RecordObjectName(core_->parts.keyring.Current().secret.Reveal(), pool_id,
                                            event.key, event.change));
  work->records = event.records_json();
  work->bytes = work->records.size();
  work->stored = event.stored_until.has_value();
  work->traceparent = event.traceparent;
  work->done = std::move(done);
  // The URL first: if there is none, nothing need be stored.
  core_->parts.urls.Make(work->key, [core = core_, work](absl::StatusOr<std::string> url) {
    if (!url.ok()) return core->HaveNoUrl(*work, url.status());
    work->url = *std::move(url);
    if (work->stored) return core->Succeed(*work);
    work->start = core->parts.clock.Now();
    core->client.PutObject(
        {.bucket = core->settings.bucket,
         .key = work->key,
         .content_type = "application/json",
         .body = std::move(work->records),
         .encryption = core->settings.encryption},
        {.timeouts = {.total = core->settings.timeout}, .traceparent = work->traceparent},
        [core, work](const std::optional<aws::CallError>& error) { core->Finish(*work, error); });
  });
}

Fault FaultOfPut(const aws::CallError& error) {
  using aws::ErrorClass;
  constexpr int kContentTooLarge = 413;  // RFC 9110 section 15.5.14, of proxies
  if (error.code == "EntityTooLarge" || error.http_status == kContentTooLarge) {
    return Fault::kRefused;
  }
  switch (error.error_class) {
    case ErrorClass::kTransient:
      return Fault::kTransient;
    case ErrorClass::kThrottle:
      return Fault::kThrottled;
    case ErrorClass::kCredentials:
      return Fault::kCredentials;
    case ErrorClass::kPermanent:
    case ErrorClass::kOff:
      return Fault::kDenied;
  }
  return Fault::kTransient;
}

}  // namespace tidemark::publisher
