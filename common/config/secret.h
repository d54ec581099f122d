#pragma once

#include <ostream>
#include <utility>

namespace tidemark::config {

// A value that must not be shown: printing it gives "***" and it can't become a log field. Only
// Reveal() gives it out, so that a reader finds every use.
template <typename T>
class Secret {
 public:
  Secret() = default;
  explicit Secret(T value) : value_(std::move(value)) {}

  const T& Reveal() const { return value_; }

  friend std::ostream& operator<<(std::ostream& out, const Secret&) { return out << "***"; }

 private:
  T value_{};
};

}  // namespace tidemark::config
