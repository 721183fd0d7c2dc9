// NumberedWriter: a client of an etcd cluster that writes key after key, each with a number of its
// own, by linearizable puts through all members in turn. A put that was not acknowledged is tried
// again with the same key and value, at the next member, until it is. It knows what was
// acknowledged, and how long the longest pause between two acknowledgements was. One thread writes;
// the public calls may come from another one.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace stowage::testing {

class NumberedWriter {
 public:
  // `members` tells the addresses of now, as often as it is asked.
  using Members = std::function<std::vector<std::string>()>;
  explicit NumberedWriter(Members members);
  ~NumberedWriter() { stop(); }
  NumberedWriter(const NumberedWriter&) = delete;
  NumberedWriter& operator=(const NumberedWriter&) = delete;

  struct Phase {
    std::int64_t acknowledged = 0;  // keys
    std::int64_t retried = 0;       // puts without an acknowledgement
    std::chrono::milliseconds longest_gap{0};
    std::chrono::milliseconds length{0};
  };
  // What happened since the last call. A pause that lasts still counts as far as it has got, in
  // this phase and the next.
  Phase nextPhase();
  // Writes no more.
  void stop();

  // After stop(): reads all keys back. Acknowledged ones that are not there, or differ.
  [[nodiscard]] std::vector<std::string> lost() const;
  [[nodiscard]] std::int64_t acknowledged() const { return total_; }

 private:
  void write(const std::stop_token& stop);
  bool putOnce(std::int64_t number, std::size_t& turn);

  const Members members_;
  std::mutex mutex_;  // guards what follows
  Phase phase_;
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();  // of the phase
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
  std::int64_t total_ = 0;
  std::jthread thread_;
};

}  // namespace stowage::testing
