#pragma once

#include <cstdint>
#include <deque>
#include <set>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"

namespace tidemark::publisher {

// Keeps a copy of a dataset from following a newer change of it to the same destination.
//
// A copy is as of the moment it was read. Changes that entered the destination's lines before that
// moment were committed by then, so the copy has them. What enters afterwards, and before the copy
// does, is noted here: if such a change has a higher count, the copy is stale, and must be read
// again. Once in line, a copy precedes whatever enters after it.
//
// A copy may be ahead of changes that follow it: consumers drop those, as their counts are lower.
//
// Memory: a name and a number for each dataset that changed while the oldest open read is open.
// Pure; for one thread.
class CopyFreshness {
 public:
  // A read of copies, open until all of them have entered a line or were given up.
  using Read = std::uint64_t;

  // To be called before the read begins.
  Read Begin();
  void End(Read read);
  bool open() const { return !open_.empty(); }

  // A change of the log enters.
  void Note(std::string_view key, std::string_view dataset_name, std::int64_t sync_count);
  // Whether a copy of that read, with that count, must not enter.
  bool IsStale(Read read, std::string_view key, std::string_view dataset_name,
               std::int64_t sync_count) const;

  // Datasets noted, for tests of its bounds.
  std::size_t noted() const;

 private:
  // What was noted between the beginning of a read and that of the next.
  struct Span {
    Read since = 0;
    absl::flat_hash_map<std::string, std::int64_t> highest;
  };

  static std::string NameOf(std::string_view key, std::string_view dataset_name);

  Read last_ = 0;
  std::set<Read> open_;
  std::deque<Span> spans_;  // from the oldest open read on
};

}  // namespace tidemark::publisher
