#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "services/publisher/engine/stream_sender.h"

namespace tidemark::publisher {

// Streams in memory. Answers from a thread of its own. Safe for concurrent use.
class FakeSender final : public StreamSender {
 public:
  struct Record {
    std::string key;
    Position position = 0;
    std::string data;
  };
  // Decides how a request fares, on the fake's thread. A record counts as arrived if its result is
  // without fault, or if `arrives` says so although the request failed: the answer got lost.
  struct Verdict {
    SendResult result;
    bool arrives = false;
  };
  using Judge = std::function<Verdict(const std::string& stream, const std::vector<Record>&)>;

  FakeSender();
  ~FakeSender() override;

  void Send(const DestinationConfig& destination, std::span<const DeliveryWindow::Record> records,
            std::string_view traceparent, Sent done) override;
  void Look(const DestinationConfig& destination, Looked done) override;
  void Forget(const DestinationConfig& destination) override;

  // All requests succeed until a judge is set.
  void SetJudge(Judge judge);
  void SetState(StreamState state);
  // The largest record that the streams say they take; they say nothing until it is set.
  void SetRecordBytes(std::int64_t bytes);
  // While held, requests wait for their answers.
  void Hold(bool hold);
  // Likewise, those to this stream alone; empty for none.
  void HoldStream(std::string stream);

  // What arrived, repeats included, in order.
  std::vector<Record> Arrived(const std::string& stream) const;
  std::vector<Position> Positions(const std::string& stream) const;
  std::size_t requests() const;
  std::size_t looks() const;
  std::size_t forgotten() const;
  // Requests that wait for their answers.
  std::size_t waiting() const;

  // A successful answer, and one that fails as a whole.
  static Verdict Success(const std::vector<Record>& records);
  static Verdict Failure(Fault fault, bool arrives = false);

 private:
  struct Request {
    std::string stream;
    std::vector<Record> records;
    Sent done;
  };

  void Loop();
  void Answer(const Request& request);

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Judge judge_;
  StreamState state_ = StreamState::kReady;
  std::optional<std::int64_t> record_bytes_;
  bool hold_ = false;
  std::string held_stream_;
  bool stopping_ = false;
  std::deque<Request> queue_;
  std::size_t requests_ = 0;
  std::size_t looks_ = 0;
  std::size_t forgotten_ = 0;
  std::map<std::string, std::vector<Record>> arrived_;
  std::thread thread_;
};

}  // namespace tidemark::publisher
