// ConfigSessions: the SessionSource of a ClientConfig. Holds the current Session and replaces it
// when what it stands on changes:
//   token file     looked at every 50 s, and again after a 401 (client-go
//   transport/token_source.go) CA, client     looked at every 60 s; a change makes new transports
//   and ends streams of the old exec plugin    60 s before its credential expires, and after a 401;
//   one run at a time
// A file that cannot be read or parsed any more leaves the last good state in use, with a warning.
// Checks happen when a session is asked for: there is no thread in here.
// Thread safety: all methods from any thread. The clock must outlive it.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/status.h"
#include "k8sclient/config/client_config.h"
#include "k8sclient/config/exec_credential.h"
#include "k8sclient/rest/session.h"
#include "k8sclient/transport/transports.h"

namespace stowage::k8sclient {

class ConfigSessions final : public SessionSource {
 public:
  // Reads all files once; a broken or missing one is an error here, at start.
  static base::Result<std::unique_ptr<ConfigSessions>> open(
      ClientConfig config, base::Clock& clock, TransportFactories factories = defaultTransports());

  ~ConfigSessions() override;
  base::Result<std::shared_ptr<const Session>> session(const std::stop_token& stop) override;
  void unauthorized(base::SteadyTime started) override;

 private:
  ConfigSessions(ClientConfig config, base::Clock& clock, TransportFactories factories);

  // Brings everything up to date that is due, or older than the start of a refused request.
  // All of these are called with refresh_mutex_ held.
  base::Status refresh(base::SteadyTime now, std::optional<base::SteadyTime> refused,
                       const std::stop_token& stop);
  base::Status refreshFiles(base::SteadyTime now);
  base::Status refreshToken(base::SteadyTime now);
  base::Status refreshExec(base::SteadyTime now, const std::stop_token& stop);
  base::Status readEndpointFiles(Endpoint& endpoint) const;
  // Publishes a session of the current endpoint and token, with new transports when needed.
  base::Status publish();
  [[nodiscard]] std::vector<Header> identityHeaders() const;
  [[nodiscard]] base::SteadyTime nextCheck() const;

  const ClientConfig config_;
  base::Clock& clock_;
  const TransportFactories factories_;

  std::mutex refresh_mutex_;  // one refresh at a time; guards down to generation_
  Endpoint endpoint_;         // with the PEM texts read last
  std::string token_;
  std::optional<ExecCredential> exec_;
  base::SteadyTime files_due_{};
  base::SteadyTime token_due_{};
  base::SteadyTime token_read_{};
  base::SteadyTime exec_due_{};
  base::SteadyTime exec_started_{};
  std::optional<Endpoint> connected_;  // what the transports of current_ were made from
  std::vector<Header> headers_;        // of current_
  std::stop_source generation_;

  // What can be answered at once, if anything; mutex_ is held.
  [[nodiscard]] std::optional<base::Result<std::shared_ptr<const Session>>> knownLocked(
      base::SteadyTime now) const;

  std::mutex mutex_;  // guards the four below; never held while anything blocks
  std::shared_ptr<const Session> current_;
  base::SteadyTime check_due_{};
  base::Status failure_;                     // of the last refresh, when it left nothing usable
  std::optional<base::SteadyTime> refused_;  // start of the newest request that got a 401
};

}  // namespace stowage::k8sclient
