#include "cmd/scheduler/http_extenders.h"

#include <exception>
#include <string>
#include <utility>

namespace stowage::scheduler_cmd {

using scheduling::ExtenderAnswer;
using scheduling::ExtenderQuestion;

void HttpExtenders::setClients(ExtenderClients clients) {
  std::lock_guard lock(mutex_);
  clients_ = std::move(clients);
}

void HttpExtenders::start() {
  if (thread_.joinable()) return;
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void HttpExtenders::stop() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

bool HttpExtenders::ask(const ExtenderQuestion& question) {
  {
    std::lock_guard lock(mutex_);
    if (busy_ || waiting_) return false;
    waiting_ = Waiting{question, clients_};
  }
  asked_.notify_one();
  return true;
}

void HttpExtenders::run(const std::stop_token& stop) {
  for (;;) {
    Waiting next;
    {
      std::unique_lock lock(mutex_);
      if (!asked_.wait(lock, stop, [this] { return waiting_.has_value(); })) return;
      next = *std::exchange(waiting_, std::nullopt);
      busy_ = true;
    }
    const ExtenderAnswer answer = answerTo(next.question, next.clients, stop);
    {
      // Free before the answer is known: the next question may follow from it at once.
      std::lock_guard lock(mutex_);
      busy_ = false;
    }
    if (stop.stop_requested()) return;
    done_(answer);
  }
}

ExtenderAnswer HttpExtenders::answerTo(const ExtenderQuestion& question,
                                       const ExtenderClients& clients,
                                       const std::stop_token& stop) {
  try {
    return ExtenderConversation(question, clients, api_, stop).run();
  } catch (const std::exception& error) {
    ExtenderAnswer answer;
    answer.pod = question.pod;
    answer.number = question.number;
    answer.error = std::string("asking extenders: ") + error.what();
    return answer;
  }
}

}  // namespace stowage::scheduler_cmd
