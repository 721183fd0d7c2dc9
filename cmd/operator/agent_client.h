// AgentClient: asks the agents in members' pods, over HTTP, at the pods' own addresses. Every call
// carries a token by which the agent knows that it is the operator who asks (docs/hooks.md).
// Thread safety: any thread; each call blocks its caller for at most the hook's timeout, and while
// a token is had. Where agents are slow, fewer are asked at once (AgentTurns); questions for roles
// are counted apart. Ownership: tokens, clock and metrics outlive it.
#pragma once

#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/metric_sink.h"
#include "base/status.h"
#include "cmd/operator/agent_turns.h"
#include "cmd/operator/hook_tokens.h"
#include "kubeapi/hooks.h"
#include "statefulgroup/ports.h"

namespace stowage::operator_cmd {

class AgentClient final : public statefulgroup::HookCaller {
 public:
  AgentClient(HookTokens& tokens, AgentTurns::Limits asking, AgentTurns::Limits probing,
              base::MetricSink& metrics, base::Clock& clock, std::stop_token stop);

  statefulgroup::HookAnswer ask(const statefulgroup::HookRequest& request) override;
  // kResourceExhausted: it was not asked, since it is not its turn.
  base::Result<kubeapi::hooks::Role> role(const kubeapi::MemberPod& pod,
                                          const kubeapi::group::Hook& hook);

 private:
  struct Exchange {
    int status = 0;
    std::string body;
  };
  // `body` empty: a GET.
  base::Result<Exchange> exchange(AgentTurns& turns, const kubeapi::MemberPod& pod,
                                  const kubeapi::group::Hook& hook, const std::string& path,
                                  std::string body);

  HookTokens& tokens_;
  AgentTurns asking_;
  AgentTurns probing_;
  base::MetricSink& metrics_;
  base::Clock& clock_;
  const std::stop_token stop_;
};

}  // namespace stowage::operator_cmd
