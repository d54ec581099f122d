#include "common/obs/http_probes.h"

#include <curl/curl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/obs/metrics.h"
#include "common/obs/process_metrics.h"

namespace tidemark::obs {
namespace {

using ::testing::HasSubstr;

struct Answer {
  long status = 0;
  std::string body;
};

Answer Get(int port, const std::string& path) {
  Answer answer;
  CURL* curl = curl_easy_init();
  curl_easy_setopt(curl, CURLOPT_URL, absl::StrCat("http://127.0.0.1:", port, path).c_str());
  curl_easy_setopt(curl, CURLOPT_TIMEOUT, 30L);
  curl_easy_setopt(
      curl, CURLOPT_WRITEFUNCTION, +[](char* data, std::size_t, std::size_t size, void* body) {
        static_cast<std::string*>(body)->append(data, size);
        return size;
      });
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer.body);
  EXPECT_EQ(curl_easy_perform(curl), CURLE_OK);
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer.status);
  curl_easy_cleanup(curl);
  return answer;
}

class HttpProbesTest : public testing::Test {
 protected:
  prometheus::Registry registry_;
  ProcessMetrics process_{"dataset", absl::FromUnixSeconds(1000)};
  Readiness::Report report_;
  std::unique_ptr<HttpProbes> probes_ =
      HttpProbes::Start({}, {&registry_, &process_}, [this] { return report_; }).value();
};

TEST_F(HttpProbesTest, MetricsShowEverySeriesFromItsBirth) {
  Counter(registry_, "tidemark_test_things_total", "Things.", {{"kind", "good"}});
  Counter(registry_, "tidemark_test_things_total", "Things.", {{"kind", "bad"}}).Increment(2);
  Histogram(registry_, "tidemark_test_seconds", "Time.", LatencySeconds()).Observe(0.003);
  const Answer answer = Get(probes_->port(), "/metrics");
  EXPECT_EQ(answer.status, 200);
  EXPECT_THAT(answer.body, HasSubstr("tidemark_test_things_total{kind=\"good\"} 0\n"));
  EXPECT_THAT(answer.body, HasSubstr("tidemark_test_things_total{kind=\"bad\"} 2\n"));
  EXPECT_THAT(answer.body, HasSubstr("tidemark_test_seconds_bucket{le=\"0.005\"} 1\n"));
}

TEST_F(HttpProbesTest, MetricsTellOfTheProcess) {
  const Answer answer = Get(probes_->port(), "/metrics");
  EXPECT_THAT(answer.body, HasSubstr("tidemark_build_info{service=\"dataset\",version=\"0."));
  EXPECT_THAT(answer.body, HasSubstr("process_start_time_seconds 1000\n"));
  for (const char* name : {"process_cpu_seconds_total", "process_resident_memory_bytes",
                           "process_open_fds", "process_max_fds", "process_threads"}) {
    EXPECT_THAT(answer.body, HasSubstr(absl::StrCat("\n", name, " ")));
    EXPECT_THAT(answer.body, Not(HasSubstr(absl::StrCat("\n", name, " 0\n"))));
  }
}

TEST_F(HttpProbesTest, ReadyzNamesTheChecksAndFailsUnlessReady) {
  report_ = {.ready = false, .results = {{"database", absl::UnavailableError("refused \xFF")}}};
  Answer answer = Get(probes_->port(), "/readyz");
  EXPECT_EQ(answer.status, 503);
  const auto page = nlohmann::json::parse(answer.body);
  EXPECT_EQ(page["ready"], false);
  EXPECT_EQ(page["checks"][0]["name"], "database");
  EXPECT_EQ(page["checks"][0]["ok"], false);
  EXPECT_EQ(page["checks"][0]["message"], "refused \xEF\xBF\xBD");

  report_ = {.ready = true, .results = {{"database", absl::OkStatus()}}};
  answer = Get(probes_->port(), "/readyz");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(nlohmann::json::parse(answer.body)["ready"], true);
}

TEST_F(HttpProbesTest, LivezAsksNothing) {
  report_.ready = false;
  EXPECT_EQ(Get(probes_->port(), "/livez").status, 200);
}

TEST_F(HttpProbesTest, ServesNothingElse) {
  EXPECT_EQ(Get(probes_->port(), "/").status, 404);
  EXPECT_EQ(Get(probes_->port(), "/etc/passwd").status, 404);
  EXPECT_EQ(Get(probes_->port(), "/metrics/more").status, 404);
}

TEST_F(HttpProbesTest, APortInUseIsAnError) {
  const auto second = HttpProbes::Start({.port = probes_->port()}, {}, [this] { return report_; });
  EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace tidemark::obs
