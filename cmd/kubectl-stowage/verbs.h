// Verbs: what the command line asks for, carried out. Each returns what is to be printed, or why it
// was not done. Blocks its caller; belongs to one thread. Ownership: client and clock outlive it.
#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "cmd/kubectl-stowage/group_reader.h"
#include "cmd/kubectl-stowage/options.h"
#include "k8sclient/rest/api_client.h"

namespace stowage::kubectl {

class Verbs {
 public:
  Verbs(k8sclient::ApiClient& api, base::Clock& clock, const std::string& ns);

  base::Result<std::string> run(const Options& options);
  // status --watch: shows the status whenever it is another one, until stopped or an error.
  base::Status watch(const Options& options, const std::function<void(const std::string&)>& show,
                     const std::stop_token& stop);

 private:
  base::Result<std::string> status(const Options& options);
  base::Result<std::string> history(const Options& options);
  base::Result<std::string> rollback(const Options& options);
  base::Result<std::string> restart(const std::string& name);
  // Sets one field of the spec of that very group.
  base::Status setField(const kubeapi::StatefulGroup& group, const std::string& field,
                        const std::string& value);
  base::Result<std::string> manage(const std::string& name, bool paused);
  base::Result<std::string> replace(const std::string& pod);
  // Why a refused patch was refused, when somebody else was faster.
  std::optional<std::string> overtaken(const kubeapi::StatefulGroup& group);

  k8sclient::ApiClient& api_;
  base::Clock& clock_;
  const std::string ns_;
  GroupReader reader_;
};

}  // namespace stowage::kubectl
