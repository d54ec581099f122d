#include "services/publisher/domain/copy_freshness.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace tidemark::publisher {

CopyFreshness::Read CopyFreshness::Begin() {
  open_.insert(++last_);
  spans_.push_back({last_, {}});
  return last_;
}

void CopyFreshness::End(Read read) {
  open_.erase(read);
  while (!spans_.empty() && (open_.empty() || spans_.front().since < *open_.begin())) {
    spans_.pop_front();
  }
}

void CopyFreshness::Note(std::string_view key, std::string_view dataset_name,
                         std::int64_t sync_count) {
  if (spans_.empty()) return;
  std::int64_t& highest = spans_.back().highest[NameOf(key, dataset_name)];
  highest = std::max(highest, sync_count);
}

bool CopyFreshness::IsStale(Read read, std::string_view key, std::string_view dataset_name,
                            std::int64_t sync_count) const {
  const std::string name = NameOf(key, dataset_name);
  return std::any_of(spans_.begin(), spans_.end(), [&](const Span& span) {
    if (span.since < read) return false;
    const auto noted = span.highest.find(name);
    return noted != span.highest.end() && noted->second > sync_count;
  });
}

std::size_t CopyFreshness::noted() const {
  std::size_t noted = 0;
  for (const Span& span : spans_) noted += span.highest.size();
  return noted;
}

// Identity ids have no U+0000.
std::string CopyFreshness::NameOf(std::string_view key, std::string_view dataset_name) {
  constexpr std::string_view kSeparator("\0", 1);
  return absl::StrCat(absl::string_view(key.data(), key.size()),
                      absl::string_view(kSeparator.data(), kSeparator.size()),
                      absl::string_view(dataset_name.data(), dataset_name.size()));
}

}  // namespace tidemark::publisher
