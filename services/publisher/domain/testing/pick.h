#pragma once

#include <rapidcheck.h>

namespace tidemark::publisher {

// A number in [from, to) in a property test, as wild in the first case as in the last.
template <typename T>
T Pick(T from, T to) {
  return *rc::gen::resize(rc::kNominalSize, rc::gen::inRange<T>(from, to));
}

}  // namespace tidemark::publisher
