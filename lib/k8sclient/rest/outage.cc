#include "k8sclient/rest/outage.h"

namespace stowage::k8sclient {

namespace {

constexpr std::chrono::seconds kSayAgain{60};
constexpr std::chrono::seconds kApart{10};

std::string adviceFor(Outage::Kind kind, const std::string& error) {
  switch (kind) {
    case Outage::Kind::kNoCredentials:
      return "mend the user of the kubeconfig; this is tried again";
    case Outage::Kind::kRefused:
      return "the server does not know these credentials: a token or certificate that has ended, "
             "or of another cluster; this is tried again";
    case Outage::Kind::kNoConnection:
      break;
  }
  if (error.find("certificate") != std::string::npos)
    return "the server's certificate is not of the kubeconfig's certificate-authority, or not for "
           "that address; this is tried again";
  return "is the server of the kubeconfig right, and does it run? This is tried again";
}

}  // namespace

std::optional<Outage::News> Outage::onFailure(Kind kind, const std::string& error,
                                              base::SteadyTime now) {
  std::lock_guard lock(mutex_);
  if (!since_) since_ = now;
  const base::Duration wait = said_ ? kSayAgain : kApart;
  if (said_at_ && now - *said_at_ < wait) return std::nullopt;
  said_ = true;
  said_at_ = now;
  return News{false, adviceFor(kind, error), now - *since_};
}

std::optional<Outage::News> Outage::onAnswer(base::SteadyTime now) {
  std::lock_guard lock(mutex_);
  if (!since_) return std::nullopt;
  News news{true, "", now - *since_};
  since_.reset();
  if (!said_) return std::nullopt;
  said_ = false;
  said_at_ = now;
  return news;
}

}  // namespace stowage::k8sclient
