// HttpExtenders: scheduling's port to extenders over HTTP, on a thread of its own: one question at
// a time.
// Thread safety: ask() from any thread, never blocks. Ownership: `api` outlives it; stop() or the
// destructor ends the thread and whatever call is under way.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>

#include "cmd/scheduler/extender_conversation.h"
#include "k8sclient/rest/api_client.h"
#include "scheduling/extenders/extender_port.h"

namespace stowage::scheduler_cmd {

class HttpExtenders final : public scheduling::ExtenderCaller {
 public:
  // Called once for each question taken, on the thread of this object; not after stop().
  using Done = std::function<void(const scheduling::ExtenderAnswer&)>;
  HttpExtenders(ExtenderClients clients, k8sclient::ApiClient& api, Done done)
      : api_(api), done_(std::move(done)), clients_(std::move(clients)) {}
  ~HttpExtenders() override { stop(); }

  // Once started, nothing more happens.
  void start();
  void stop();
  bool ask(const scheduling::ExtenderQuestion& question) override;
  // Whom questions are about from the next one on.
  void setClients(ExtenderClients clients);

 private:
  void run(const std::stop_token& stop);
  scheduling::ExtenderAnswer answerTo(const scheduling::ExtenderQuestion& question,
                                      const ExtenderClients& clients, const std::stop_token& stop);

  k8sclient::ApiClient& api_;
  const Done done_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable_any asked_;
  ExtenderClients clients_;
  struct Waiting {
    scheduling::ExtenderQuestion question;
    ExtenderClients clients;  // those that there were when it was asked
  };
  std::optional<Waiting> waiting_;
  bool busy_ = false;
  std::jthread thread_;
};

}  // namespace stowage::scheduler_cmd
