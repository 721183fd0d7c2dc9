#include "k8sclient/transport/exchange.h"

#include <algorithm>
#include <utility>

#include "k8sclient/transport/deadline.h"

namespace stowage::k8sclient {

std::size_t Exchange::readRequest(char* to, std::size_t room) {
  std::lock_guard lock(mutex_);
  outcome_.request_read = true;
  const std::size_t count = std::min(room, request_body_.size() - request_at_);
  std::copy_n(request_body_.data() + request_at_, count, to);
  request_at_ += count;
  return count;
}

bool Exchange::takeAnswer(std::string_view piece, std::function<void()> release) {
  std::lock_guard lock(mutex_);
  if (abandoned_) return false;
  if (streaming_) {
    piece_ = piece;
    release_ = std::move(release);
    outcome_.piece = true;
    changed_.notify_all();
    return true;
  }
  if (piece.size() > max_body_ - response_.body.size()) {
    outcome_.too_large = true;
    changed_.notify_all();
  } else if (!outcome_.too_large) {
    response_.body.append(piece);
  }
  return false;
}

void Exchange::headersArrived(int status, std::vector<Header> headers) {
  std::lock_guard lock(mutex_);
  outcome_.headers = true;
  response_.status = status;
  response_.headers = std::move(headers);
  changed_.notify_all();
}

void Exchange::finished(std::string error) {
  std::lock_guard lock(mutex_);
  outcome_.finished = true;
  outcome_.error = std::move(error);
  changed_.notify_all();
}

bool Exchange::waitFor(base::SteadyTime deadline, const std::stop_token& stop,
                       const std::function<bool(const Outcome&)>& ready) {
  std::unique_lock lock(mutex_);
  return changed_.wait_until(lock, stop, deadline, [&] { return ready(outcome_); });
}

Exchange::Outcome Exchange::outcome() const {
  std::lock_guard lock(mutex_);
  return outcome_;
}

bool Exchange::consumePiece(const std::function<bool(std::string_view)>& on_data) {
  std::string_view piece;
  {
    std::lock_guard lock(mutex_);
    if (!outcome_.piece) return true;
    piece = piece_;
  }
  if (!on_data(piece)) return false;
  std::function<void()> release;
  {
    std::lock_guard lock(mutex_);
    outcome_.piece = false;
    release = std::exchange(release_, nullptr);
  }
  release();
  return true;
}

void Exchange::abandon(base::Duration grace) {
  std::function<void()> release;
  {
    std::lock_guard lock(mutex_);
    abandoned_ = true;
    outcome_.piece = false;
    release = std::exchange(release_, nullptr);
  }
  if (release) release();
  std::unique_lock lock(mutex_);
  changed_.wait_until(lock, deadlineIn(grace), [&] { return outcome_.finished; });
}

HttpResponse Exchange::takeResponse() {
  std::lock_guard lock(mutex_);
  return std::move(response_);
}

HttpResponse Exchange::headers() const {
  std::lock_guard lock(mutex_);
  return response_;
}

}  // namespace stowage::k8sclient
