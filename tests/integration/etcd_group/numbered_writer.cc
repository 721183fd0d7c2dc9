#include "integration/etcd_group/numbered_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <map>
#include <utility>

#include "integration/standin/etcd_client.h"

namespace stowage::testing {

namespace {

using namespace std::chrono_literals;

// Fast enough to fall into every gap, slow enough to leave the machine to the cluster.
constexpr auto kPace = 10ms;

// Numbers begin with 1. The value tells a key that was mixed up from one that is right.
std::string keyOf(std::int64_t number) { return fmt::format("numbered/{:09}", number); }
std::string valueOf(std::int64_t number) { return fmt::format("value of {}", number); }

std::chrono::milliseconds since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() -
                                                               begin);
}

}  // namespace

NumberedWriter::NumberedWriter(Members members)
    : members_(std::move(members)), thread_([this](const std::stop_token& stop) { write(stop); }) {}

void NumberedWriter::write(const std::stop_token& stop) {
  std::mutex idle;
  std::condition_variable_any pace;
  std::size_t turn = 0;
  for (std::int64_t number = 1; !stop.stop_requested();) {
    const bool done = putOnce(number, turn);
    {
      const std::lock_guard lock(mutex_);
      if (done) {
        phase_.longest_gap = std::max(phase_.longest_gap, since(last_));
        last_ = std::chrono::steady_clock::now();
        ++phase_.acknowledged;
        total_ = number++;
      } else {
        ++phase_.retried;
      }
    }
    std::unique_lock lock(idle);
    pace.wait_for(lock, stop, kPace, [] { return false; });
  }
}

bool NumberedWriter::putOnce(std::int64_t number, std::size_t& turn) {
  const std::vector<std::string> members = members_();
  if (members.empty()) return false;
  return EtcdClient(members[turn++ % members.size()]).put(keyOf(number), valueOf(number));
}

NumberedWriter::Phase NumberedWriter::nextPhase() {
  const std::lock_guard lock(mutex_);
  phase_.longest_gap = std::max(phase_.longest_gap, since(last_));
  phase_.length = since(begin_);
  begin_ = std::chrono::steady_clock::now();
  return std::exchange(phase_, Phase{});
}

void NumberedWriter::stop() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

std::vector<std::string> NumberedWriter::lost() const {
  for (const std::string& member : members_()) {
    const auto pairs = EtcdClient(member).list("numbered/");
    if (!pairs) continue;
    std::map<std::string, std::string> found;
    for (const EtcdClient::Pair& pair : *pairs) found[pair.key] = pair.value;
    std::vector<std::string> lost;
    for (std::int64_t number = 1; number <= total_; ++number) {
      const auto at = found.find(keyOf(number));
      if (at == found.end() || at->second != valueOf(number)) lost.push_back(keyOf(number));
    }
    return lost;
  }
  return {"no member answers"};
}

}  // namespace stowage::testing
