#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <map>
#include <string>

// Metrics over prometheus-cpp. Names are `tidemark_<service>_<noun>_<unit>[_total]`, in seconds and
// bytes; label values come from closed sets, never from a tenant. Make every series once, at start,
// so that it begins at 0, and keep the reference: it lives as long as the registry.
namespace tidemark::obs {

using Labels = std::map<std::string, std::string>;
using Buckets = prometheus::Histogram::BucketBoundaries;

// 0.5 ms to 30 s, for calls and statements.
const Buckets& LatencySeconds();
// 64 B to 16 MiB by fours.
const Buckets& SizeBytes();
// 1 to 4096 by twos, for batches.
const Buckets& BatchItems();

// One series. The family is made with the first of its series; `help` is that of the first.
prometheus::Counter& Counter(prometheus::Registry& registry, const std::string& name,
                             const std::string& help, const Labels& labels = {});
prometheus::Gauge& Gauge(prometheus::Registry& registry, const std::string& name,
                         const std::string& help, const Labels& labels = {});
prometheus::Histogram& Histogram(prometheus::Registry& registry, const std::string& name,
                                 const std::string& help, const Buckets& buckets,
                                 const Labels& labels = {});

}  // namespace tidemark::obs
