#include "cmd/scheduler/config_reload.h"

#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "k8sclient/config/client_config.h"

namespace stowage::scheduler_cmd {

namespace {

constexpr base::Duration kPeriod = std::chrono::seconds(1);
constexpr const char* kAction = "Configuring";
constexpr const char* kReloads = "stowage_config_reloads_total";
constexpr const char* kReloadsHelp = "Changes of the configuration file, by what became of them.";

std::string joined(const std::vector<std::string>& parts) {
  std::string out;
  for (const std::string& part : parts) out += (out.empty() ? "" : ", ") + part;
  return out;
}

// Each line of `text` as a YAML comment.
std::string commented(const std::string& text) {
  std::string out = "# ";
  for (const char c : text) {
    out += c;
    if (c == '\n') out += "# ";
  }
  return out + "\n";
}

// Empty when the file cannot be read, with the reason in `error`.
std::string fileText(const std::string& file, std::string& error) {
  auto text = k8sclient::readFile(file);
  if (text) return std::move(*text);
  error = text.error().message();
  return {};
}

}  // namespace

std::vector<std::string> restartFields(const config::SchedulerConfig& in_use,
                                       const config::SchedulerConfig& next) {
  std::vector<std::string> fields;
  if (!(in_use.leader_election == next.leader_election)) fields.emplace_back("leaderElection");
  if (!(in_use.client_connection == next.client_connection))
    fields.emplace_back("clientConnection");
  return fields;
}

ConfigReload::ConfigReload(Source source, config::SchedulerConfig in_use, Apply apply,
                           SelfEvents& events, base::Clock& clock, base::MetricSink& metrics)
    : source_(std::move(source)),
      apply_(std::move(apply)),
      events_(events),
      clock_(clock),
      applied_(metrics.counter(kReloads, kReloadsHelp, {{"result", "applied"}})),
      refused_(metrics.counter(kReloads, kReloadsHelp, {{"result", "refused"}})),
      successful_(metrics.gauge("stowage_config_last_reload_successful",
                                "1 while the configuration file is the one in use, 0 while it is "
                                "refused.",
                                {})),
      restart_(metrics.gauge("stowage_config_restart_needed",
                             "1 while the configuration file has changes that need a restart.",
                             {})),
      at_start_(in_use),
      in_use_(std::move(in_use)) {
  successful_.set(1);
  std::string error;
  if (!source_.file.empty()) last_seen_ = fileText(source_.file, error);
}

void ConfigReload::start() {
  if (source_.file.empty()) return;
  thread_ = std::jthread([this](const std::stop_token& stop) {
    while (clock_.sleepFor(kPeriod, stop)) look();
  });
}

void ConfigReload::stop() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

bool ConfigReload::look() {
  if (source_.file.empty()) return false;
  const std::scoped_lock lock(looking_);
  std::string error;
  std::string text = fileText(source_.file, error);
  // What is seen of a file that cannot be read is the reason.
  const std::string seen = error.empty() ? text : error;
  if (seen == last_seen_) return false;
  last_seen_ = seen;
  if (!error.empty()) {
    refuse(error);
    return true;
  }
  auto next = config::loadSchedulerConfig(text, source_.file, source_.overrides);
  if (next) {
    take(std::move(*next));
  } else {
    refuse(next.error().message());
  }
  return true;
}

void ConfigReload::take(config::SchedulerConfig next) {
  const std::vector<std::string> restart = restartFields(at_start_, next);
  next.leader_election = at_start_.leader_election;
  next.client_connection = at_start_.client_connection;
  if (base::Status applied = apply_(next); !applied.ok()) {
    refuse(applied.message());
    return;
  }
  std::string note = "the configuration of " + source_.file + " is in use";
  if (!restart.empty()) note += "; these need a restart: " + joined(restart);
  for (const config::Notice& notice : next.notices) {
    base::log().info("differs from kube-scheduler",
                     {{"field", notice.field}, {"what", notice.text}});
  }
  base::log().info("configuration reloaded",
                   {{"file", source_.file}, {"needsRestart", joined(restart)}});
  {
    const std::scoped_lock lock(mutex_);
    in_use_ = std::move(next);
    remark_ = "reloaded at " + base::formatTime(clock_.wallNow());
    if (!restart.empty()) remark_ += "\nneeds a restart: " + joined(restart);
  }
  applied_.increment();
  successful_.set(1);
  restart_.set(restart.empty() ? 0 : 1);
  events_.tell(k8sclient::EventType::kNormal, "ConfigurationReloaded", kAction, std::move(note));
}

void ConfigReload::refuse(const std::string& why) {
  base::log().error("the changed configuration is refused; the old one stays in use",
                    {{"file", source_.file}, {"error", why}});
  {
    const std::scoped_lock lock(mutex_);
    remark_ = "refused at " + base::formatTime(clock_.wallNow()) + ":\n" + why;
  }
  refused_.increment();
  successful_.set(0);
  events_.tell(k8sclient::EventType::kWarning, "ConfigurationRefused", kAction,
               "the old configuration stays in use: " + why);
}

std::string ConfigReload::configz() const {
  const std::scoped_lock lock(mutex_);
  return (remark_.empty() ? "" : commented(remark_)) + config::schedulerConfigYaml(in_use_);
}

}  // namespace stowage::scheduler_cmd
