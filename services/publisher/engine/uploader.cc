#include "services/publisher/engine/uploader.h"

#include <memory>
#include <utility>

#include "common/obs/log.h"
#include "services/publisher/domain/event_encoder.h"

namespace tidemark::publisher {
namespace {

void LogUploadFailure(Outlet& outlet, const Uploader::Answer& answer, absl::Time now) {
  const auto held_back = outlet.failures.Admit(now);
  if (!held_back) return;
  obs::Log(obs::Level::kWarning, "the records of a large event could not be stored",
           {{"pool_id", outlet.config.pool_id},
            {"stream", outlet.config.stream_name},
            {"error", answer.stored.error},
            {"traceparent", answer.traceparent},
            {"held_back", *held_back}});
}

}  // namespace

void Uploader::Pump(Outlet& outlet, absl::Time now) {
  while (outlet.window.NextUploadDue() <= now) {
    if (Full()) {
      if (!Waits(outlet.config.id)) waiting_.push_back(outlet.config.id);
      return;
    }
    const auto upload = outlet.window.NextUpload(now);
    if (!upload) return;
    Begin(outlet, *upload);
  }
}

void Uploader::Begin(const Outlet& outlet, const DeliveryWindow::Upload& upload) {
  const Event& event = *upload.event;
  const auto bytes = static_cast<std::int64_t>(event.records.size);
  bytes_ += bytes;
  store_.Store(outlet.config.pool_id, event,
               [post = post_, answer = std::make_shared<Answer>(
                                  Answer{outlet.id(), upload.id, bytes, event.traceparent, {}})](
                   RecordStore::Stored stored) {
                 answer->stored = std::move(stored);
                 post(std::move(*answer));
               });
}

absl::Time Uploader::NextDue(const Outlet& outlet) const {
  return Waits(outlet.config.id) ? absl::InfiniteFuture() : outlet.window.NextUploadDue();
}

std::optional<DeliveryWindow::Refused> Uploader::Finish(Outlet* outlet, Answer answer,
                                                        absl::Time now, Random& random) {
  bytes_ -= answer.bytes;
  if (outlet == nullptr) return std::nullopt;
  RecordStore::Stored& stored = answer.stored;
  if (stored.fault != Fault::kNone) LogUploadFailure(*outlet, answer, now);
  const Event* const event = outlet->window.Uploading(answer.upload);
  if (event == nullptr) return std::nullopt;
  DeliveryWindow::UploadResult result{.fault = stored.fault, .error = std::move(stored.error)};
  if (stored.fault == Fault::kNone) {
    result.data = DataWithUrl(outlet->config.pool_id, *event, stored.url);
    result.good_until = now + stored.good_for;
  }
  return outlet->window.FinishUpload(answer.upload, std::move(result), now, random);
}

std::deque<DestinationId> Uploader::TakeWaiting() {
  return Full() ? std::deque<DestinationId>() : std::exchange(waiting_, {});
}

}  // namespace tidemark::publisher
