#include "services/publisher/engine/copying.h"

#include <utility>

namespace tidemark::publisher {
namespace {

// How long the thread waits when nothing is posted: then it looks for new jobs, and for room.
constexpr absl::Duration kInterval = absl::Milliseconds(20);

}  // namespace

Copying::Copying(const ShardSet& held, std::shared_ptr<CopyInbox> inbox, const Parts& parts)
    : inbox_(std::move(inbox)),
      copier_(inbox_,
              {parts.dispatcher, parts.guards, parts.snapshots, parts.metrics, parts.boottime}),
      bulk_(held, inbox_,
            {copier_, parts.guards, parts.snapshots, parts.store, parts.dispatcher, parts.catalogue,
             parts.neighbours, parts.metrics, parts.boottime}),
      thread_([this] { Loop(); }) {}

Copying::~Copying() { Stop(); }

void Copying::Stop() {
  stopping_ = true;
  inbox_->Post([] {});
  if (thread_.joinable()) thread_.join();
}

void Copying::Loop() {
  while (!stopping_) {
    const CopyInbox::Content content = inbox_->Take(kInterval);
    copier_.Handle(content.outcomes);
    for (const CopyInbox::Task& task : content.tasks) task();
    copier_.Tick();
    bulk_.Tick();
  }
}

void Copying::Finish() {
  copier_.Handle(inbox_->Take(absl::ZeroDuration()).outcomes);
  bulk_.NoteAllChanged();
}

}  // namespace tidemark::publisher
