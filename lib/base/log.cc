#include "base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <chrono>
#include <memory>

#include "base/text.h"

namespace stowage::base {

namespace {

std::string_view levelName(LogLevel level) {
  switch (level) {
    case LogLevel::kError:
      return "error";
    case LogLevel::kWarn:
      return "warn";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kDebug:
      return "debug";
  }
  return "info";
}

spdlog::level::level_enum spdlogLevel(LogLevel level) {
  switch (level) {
    case LogLevel::kError:
      return spdlog::level::err;
    case LogLevel::kWarn:
      return spdlog::level::warn;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kDebug:
      return spdlog::level::debug;
  }
  return spdlog::level::info;
}

std::atomic<int> g_verbosity{0};

class SpdlogLogger final : public Logger {
 public:
  explicit SpdlogLogger(LogFormat format) : format_(format) {
    logger_ = std::make_shared<spdlog::logger>("stowage",
                                               std::make_shared<spdlog::sinks::stderr_sink_mt>());
    logger_->set_level(spdlog::level::trace);
    // JSON lines carry their own time; text lines get spdlog's.
    logger_->set_pattern(format == LogFormat::kJson ? "%v" : "%Y-%m-%dT%H:%M:%S.%fZ %^%L%$ %v",
                         spdlog::pattern_time_type::utc);
    logger_->flush_on(spdlog::level::info);
  }

  [[nodiscard]] bool enabled(LogLevel level) const override {
    return level != LogLevel::kDebug || g_verbosity.load(std::memory_order_relaxed) > 0;
  }

  void write(LogLevel level, std::string_view message, LogFields fields) override {
    if (!enabled(level)) return;
    const std::string line =
        format_ == LogFormat::kJson
            ? renderLogJson(level, formatMicroTime(std::chrono::system_clock::now()), message,
                            fields)
            : renderLogText(message, fields);
    logger_->log(spdlogLevel(level), "{}", line);
  }

 private:
  const LogFormat format_;
  std::shared_ptr<spdlog::logger> logger_;
};

// Replaced only in setUpLogging, before threads; the old one is kept so that no reference dangles.
std::atomic<Logger*> g_logger{nullptr};

}  // namespace

Logger& log() {
  if (Logger* logger = g_logger.load(std::memory_order_acquire)) return *logger;
  static SpdlogLogger fallback(LogFormat::kText);
  return fallback;
}

void setUpLogging(LogFormat format, int verbosity) {
  static std::unique_ptr<SpdlogLogger> installed;
  auto fresh = std::make_unique<SpdlogLogger>(format);
  setLogVerbosity(verbosity);
  g_logger.store(fresh.get(), std::memory_order_release);
  installed = std::move(fresh);
}

void setLogVerbosity(int verbosity) { g_verbosity.store(verbosity, std::memory_order_relaxed); }
int logVerbosity() { return g_verbosity.load(std::memory_order_relaxed); }

std::string renderLogText(std::string_view message, LogFields fields) {
  std::string line(message);
  for (const LogField& field : fields) {
    line.append(" ").append(field.key).append("=");
    if (field.quoted) {
      appendJsonString(line, field.value);
    } else {
      line.append(field.value);
    }
  }
  return line;
}

std::string renderLogJson(LogLevel level, std::string_view time, std::string_view message,
                          LogFields fields) {
  std::string line = R"({"ts":")";
  line.append(time).append(R"(","level":")").append(levelName(level)).append(R"(","msg":)");
  appendJsonString(line, message);
  for (const LogField& field : fields) {
    line.append(",");
    appendJsonString(line, field.key);
    line.append(":");
    if (field.quoted) {
      appendJsonString(line, field.value);
    } else {
      line.append(field.value);
    }
  }
  line.append("}");
  return line;
}

}  // namespace stowage::base
