// ExtenderBinder: scheduling's Binder port where an extender may bind: pods that concern it are
// handed to it, the others go the usual way.
// Thread safety: bind() from any thread, never blocks. Ownership: all references outlive it.
// Source: kube-scheduler schedule_one.go (extendersBinding) and extender.go (Bind), v1.36.3.
#pragma once

#include "cmd/scheduler/api_binder.h"
#include "cmd/scheduler/extender_conversation.h"

namespace stowage::scheduler_cmd {

class ExtenderBinder final : public scheduling::Binder {
 public:
  // `done` as that of `binder`.
  ExtenderBinder(ApiBinder& binder, k8sclient::WriteDispatcher& dispatcher,
                 const ExtenderClients& clients, ApiBinder::Done done)
      : binder_(binder), dispatcher_(dispatcher), clients_(clients), done_(std::move(done)) {}

  bool bind(const scheduling::BindRequest& request) override;
  bool takeBack(const scheduling::PodRef& pod) override { return binder_.takeBack(pod); }

 private:
  ApiBinder& binder_;
  k8sclient::WriteDispatcher& dispatcher_;
  const ExtenderClients& clients_;
  const ApiBinder::Done done_;
};

}  // namespace stowage::scheduler_cmd
