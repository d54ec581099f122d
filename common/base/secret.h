#pragma once

#include <ostream>
#include <string>
#include <utility>

namespace tidemark {

// Text that must not be shown: printing says that there is something, never what, and it turns into
// no string by itself, so that it can't become a log field. Only Reveal() gives it out, so that a
// reader finds every use.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}

  const std::string& Reveal() const { return text_; }
  bool empty() const { return text_.empty(); }

  // Takes longer the more of both is equal: not for what a client sends.
  friend bool operator==(const Secret&, const Secret&) = default;
  friend std::ostream& operator<<(std::ostream& out, const Secret& secret) {
    return out << (secret.empty() ? "(none)" : "(hidden)");
  }

 private:
  std::string text_;
};

}  // namespace tidemark
