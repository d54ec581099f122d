#include "services/publisher/engine/push_intake.h"

#include "services/publisher/store/push_decoder.h"

namespace tidemark::publisher {

void PushIntake::Decode(const LogRow& row) {
  // A copy of what a dataset holds is news to nobody.
  if (row.kind == ChangeKind::kSnapshot) return;
  absl::StatusOr<PushChange> change = DecodePush(row);
  if (change.ok()) return changes_.push_back(*std::move(change));
  const auto held_back = unreadable_.Admit(parts_.boottime.Now());
  if (!held_back) return;
  obs::Log(obs::Level::kError, "a row of the change log can't be read; report this as a fault",
           {{"position", row.position}, {"held_back", *held_back}});
}

void PushIntake::Flush(Position read_mark) {
  parts_.dispatcher.Deliver(std::exchange(changes_, {}), read_mark);
  pools_ = parts_.pools.All();
}

}  // namespace tidemark::publisher
