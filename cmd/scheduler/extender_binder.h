// ExtenderBinder: scheduling's Binder port where an extender may bind: pods that concern it are
// handed to it, from sender threads of its own since it may be slow; the others go the usual way.
// Thread safety: all from one thread, the scheduling one; never blocks. Ownership: all references
// outlive it. Source: kube-scheduler schedule_one.go (extendersBinding) and extender.go (Bind),
// v1.36.3.
#pragma once

#include "cmd/scheduler/api_binder.h"
#include "cmd/scheduler/extender_conversation.h"

namespace stowage::scheduler_cmd {

inline constexpr const char* kExtenderBindCall = "extender_binding";

class ExtenderBinder final : public scheduling::Binder {
 public:
  // `done` as that of `binder`, whose dispatcher is `writes`; `own` carries the calls to extenders.
  ExtenderBinder(ApiBinder& binder, k8sclient::WriteDispatcher& writes,
                 k8sclient::WriteDispatcher& own, ExtenderClients clients, ApiBinder::Done done)
      : binder_(binder),
        writes_(writes),
        own_(own),
        clients_(std::move(clients)),
        done_(std::move(done)) {}

  bool bind(const scheduling::BindRequest& request) override;
  bool takeBack(const scheduling::PodRef& pod) override;
  // Whom positions in bind requests mean from now on. From the thread that binds.
  void setClients(ExtenderClients clients) { clients_ = std::move(clients); }

 private:
  ApiBinder& binder_;
  k8sclient::WriteDispatcher& writes_;
  k8sclient::WriteDispatcher& own_;
  ExtenderClients clients_;
  const ApiBinder::Done done_;
};

}  // namespace stowage::scheduler_cmd
