#pragma once

namespace tidemark::pg {

// Wakes a thread that waits in poll() for its descriptor too (an eventfd). Any thread may call Set.
class Wake {
 public:
  Wake();
  ~Wake();

  Wake(const Wake&) = delete;
  Wake& operator=(const Wake&) = delete;

  // Makes the descriptor readable until Clear.
  void Set();
  void Clear();
  int descriptor() const { return descriptor_; }

 private:
  const int descriptor_;
};

}  // namespace tidemark::pg
