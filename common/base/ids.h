#pragma once

#include <compare>
#include <functional>
#include <ostream>
#include <utility>

namespace tidemark {

// A value of type T that can't be mistaken for another kind of T: Strong<int64_t, struct AgeTag>
// neither converts to nor compares with any other number. Ordered and hashable like T.
template <typename T, typename Tag>
class Strong {
 public:
  using Value = T;

  constexpr Strong() = default;
  constexpr explicit Strong(T value) : value_(std::move(value)) {}

  constexpr const T& value() const& { return value_; }
  constexpr T&& value() && { return std::move(value_); }

  friend constexpr bool operator==(const Strong&, const Strong&) = default;
  friend constexpr auto operator<=>(const Strong&, const Strong&) = default;

  template <typename H>
  friend H AbslHashValue(H hash, const Strong& id) {
    return H::combine(std::move(hash), id.value_);
  }
  friend std::ostream& operator<<(std::ostream& out, const Strong& id) { return out << id.value_; }

 private:
  T value_{};
};

}  // namespace tidemark

template <typename T, typename Tag>
struct std::hash<tidemark::Strong<T, Tag>> {
  std::size_t operator()(const tidemark::Strong<T, Tag>& id) const {
    return std::hash<T>{}(id.value());
  }
};
