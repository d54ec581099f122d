#include "services/push/sns/sns_metrics.h"

#include <string>

#include "common/obs/metrics.h"

namespace tidemark::push {

SnsMetrics::SnsMetrics(prometheus::Registry& registry) {
  constexpr std::array kNames = {"create", "set", "delete", "look"};
  for (std::size_t operation = 0; operation < kOperations; ++operation) {
    for (std::size_t outcome = 0; outcome < kOutcomes; ++outcome) {
      const std::string name =
          outcome == 0
              ? "ok"
              : std::string(aws::ErrorClassName(static_cast<aws::ErrorClass>(outcome - 1)));
      calls_[operation][outcome] = &obs::Counter(
          registry, "tidemark_push_sns_calls_total",
          "Calls of SNS, by what was asked and how it ended: ok, or the class of the error.",
          {{"operation", kNames[operation]}, {"outcome", name}});
    }
  }
}

void SnsMetrics::Count(SnsOperation operation, const aws::ErrorClass* error) {
  const std::size_t outcome = error == nullptr ? 0 : 1 + static_cast<std::size_t>(*error);
  calls_[static_cast<std::size_t>(operation)][outcome]->Increment();
}

}  // namespace tidemark::push
