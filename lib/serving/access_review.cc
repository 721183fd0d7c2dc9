#include "serving/access_review.h"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <utility>

namespace stowage::serving {

namespace {

using Json = nlohmann::json;

constexpr const char* kTokenReviews = "/apis/authentication.k8s.io/v1/tokenreviews";
constexpr const char* kAccessReviews = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
// A scraper waits about ten seconds in all, for two reviews and the answer.
constexpr auto kReviewTimeout = std::chrono::seconds(4);
constexpr std::size_t kMaxAnswerBytes = std::size_t{1} << 20;

// Replaces invalid UTF-8 instead of throwing.
std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// The object `status` of a review's answer.
base::Result<Json> ask(k8sclient::ApiClient& client, const char* path, const Json& body,
                       const std::stop_token& stop) {
  k8sclient::CallOptions options;
  options.timeout = kReviewTimeout;
  const auto answer = client.create(path, dump(body), options, stop);
  if (!answer) return base::fail(answer.error().toStatus().withPrefix(path));
  if (answer->size() > kMaxAnswerBytes) {
    return base::fail(base::Code::kInternal, "the answer to a review is too long");
  }
  Json json = Json::parse(*answer, nullptr, /*allow_exceptions=*/false);
  const auto status = json.is_object() ? json.find("status") : json.end();
  if (!json.is_object() || status == json.end() || !status->is_object()) {
    return base::fail(base::Code::kInternal, "the answer to a review has no status");
  }
  return Json(std::move(*status));
}

// Wrong types read as absent: what is not clearly a yes is a no.
bool flag(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_boolean() && found->get<bool>();
}

std::string text(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

bool listed(const Json& object, const char* name, const std::string& wanted) {
  const auto found = object.find(name);
  return found != object.end() && found->is_array() &&
         std::find(found->begin(), found->end(), Json(wanted)) != found->end();
}

std::vector<std::string> texts(const Json& list) {
  std::vector<std::string> out;
  if (!list.is_array()) return out;
  for (const Json& item : list)
    if (item.is_string()) out.push_back(item.get<std::string>());
  return out;
}

}  // namespace

base::Result<std::optional<Identity>> ApiAccessReviewer::authenticate(const std::string& token,
                                                                      const std::stop_token& stop) {
  Json spec = {{"token", token}};
  if (!audience_.empty()) spec["audiences"] = Json::array({audience_});
  const auto status = ask(
      client_, kTokenReviews,
      {{"apiVersion", "authentication.k8s.io/v1"}, {"kind", "TokenReview"}, {"spec", spec}}, stop);
  if (!status) return base::fail(status.error());
  if (!flag(*status, "authenticated")) return std::optional<Identity>();
  // An authenticator that knows no audiences leaves them out: its yes is for the API server.
  if (!audience_.empty() && !listed(*status, "audiences", audience_))
    return std::optional<Identity>();
  const auto user = status->find("user");
  Identity who;
  if (user != status->end() && user->is_object()) {
    who.user = text(*user, "username");
    who.uid = text(*user, "uid");
    if (const auto groups = user->find("groups"); groups != user->end()) {
      who.groups = texts(*groups);
    }
    if (const auto extra = user->find("extra"); extra != user->end() && extra->is_object()) {
      for (const auto& [key, values] : extra->items()) who.extra[key] = texts(values);
    }
  }
  if (who.user.empty()) {
    return base::fail(base::Code::kInternal, "a TokenReview names no user");
  }
  return std::optional<Identity>(std::move(who));
}

base::Result<bool> ApiAccessReviewer::authorize(const Identity& who, const std::string& path,
                                                const std::string& verb,
                                                const std::stop_token& stop) {
  const auto status = ask(client_, kAccessReviews,
                          {{"apiVersion", "authorization.k8s.io/v1"},
                           {"kind", "SubjectAccessReview"},
                           {"spec",
                            {{"user", who.user},
                             {"uid", who.uid},
                             {"groups", who.groups},
                             {"extra", who.extra},
                             {"nonResourceAttributes", {{"path", path}, {"verb", verb}}}}}},
                          stop);
  if (!status) return base::fail(status.error());
  return flag(*status, "allowed") && !flag(*status, "denied");
}

}  // namespace stowage::serving
