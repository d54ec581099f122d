#pragma once

#include <prometheus/counter.h>
#include <prometheus/registry.h>

#include <array>

#include "common/aws/error_class.h"

namespace tidemark::push {

enum class SnsOperation { kCreate, kSet, kDelete, kLook };

// tidemark_push_sns_calls_total{operation,outcome}: operation create, set, delete, look; outcome
// ok, or the class of the error as in common/aws.
class SnsMetrics {
 public:
  explicit SnsMetrics(prometheus::Registry& registry);

  // `error`: null for a success. For any thread.
  void Count(SnsOperation operation, const aws::ErrorClass* error);

 private:
  static constexpr std::size_t kOperations = 4;
  static constexpr std::size_t kOutcomes = 6;  // ok, and the classes in their order

  std::array<std::array<prometheus::Counter*, kOutcomes>, kOperations> calls_;
};

}  // namespace tidemark::push
