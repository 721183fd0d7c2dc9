// Debug pages: what the scheduler holds, as JSON, for whoever has the right to look:
//
//   /debug/queue?namespace=NS&pod=NAME&limit=N      pods that wait, with what they wait for
//   /debug/cache?node=NAME&limit=N&verify=true      nodes, what they have and what is asked of them
//
// Thread safety: handlers are called on serving threads; the state is read on the scheduling thread
// between two decisions, within a time. Ownership: the loop outlives the handlers' server.
#pragma once

#include "base/clock.h"
#include "base/status.h"
#include "scheduling/cycle/state_dump.h"
#include "scheduling/loop.h"
#include "serving/http_exchange.h"

namespace stowage::scheduler_cmd {

// The answer is 503 when the scheduling thread has not come round within `patience`.
serving::HttpHandler queuePage(scheduling::SchedulingLoop& loop, base::Duration patience);
serving::HttpHandler cachePage(scheduling::SchedulingLoop& loop, base::Duration patience);

// What a query asks for; an error names the parameter.
base::Result<scheduling::DumpRequest> dumpRequest(scheduling::DumpRequest::What what,
                                                  const serving::HttpCall& call);
// As JSON.
std::string queueJson(const scheduling::StateDump& dump);
std::string cacheJson(const scheduling::StateDump& dump);

}  // namespace stowage::scheduler_cmd
