#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace tidemark::ledger {

// How often what happens.
struct Mix {
  double deletion = 0.015;  // of a dataset that lives
  double removal = 0.12;    // of a record that is there
  double long_value = 0.002;
  double near_limit = 0;  // a value close to what a dataset may hold
  double oversized = 0;   // a value whose event is larger than a stream's record may be
};

// One patch of an update.
struct Patch {
  std::string key;
  std::optional<std::string> value;  // nullopt: removed
  std::int64_t sync_count = 0;       // the one the writer holds
  std::int64_t device_ms = 0;        // since the epoch
};

// What to do next with a dataset. Without patches: delete it.
using Change = std::vector<Patch>;

// One dataset as its only writer knows it.
class DatasetWriter {
 public:
  // Datasets of one process have different numbers.
  explicit DatasetWriter(std::uint32_t number) : number_(number) {}

  std::uint32_t number() const { return number_; }
  // Sync session token; empty at first.
  std::string token;

  // The next change, by chance.
  Change Next(const Mix& mix, std::mt19937_64& random) const;
  // It was accepted under this count.
  void Accept(const Change& change, std::int64_t count);

 private:
  std::uint32_t number_;
  bool live_ = false;
  std::map<std::string, std::int64_t> counts_;  // of its keys, removed ones included
};

// What a change's event must tell, in 8 bytes: the start of the SHA-256 of, for each record, its
// key, 0x1F, the device's time in decimal, 0x1F, '=' and the value or '-', 0x1E; of a deletion: of
// "deletion". As tests/ledger/journal.py computes it of an event.
std::uint64_t DigestOf(const Change& change);

}  // namespace tidemark::ledger
