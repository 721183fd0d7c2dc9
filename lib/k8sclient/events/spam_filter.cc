#include "k8sclient/events/spam_filter.h"

#include <algorithm>
#include <iterator>

namespace stowage::k8sclient {

bool SpamFilter::allow(const std::string& object, base::SteadyTime now) {
  auto at = buckets_.find(object);
  if (at == buckets_.end()) {
    if (buckets_.size() >= options_.objects) {
      buckets_.erase(ages_.front());
      ages_.pop_front();
    }
    ages_.push_back(object);
    at = buckets_
             .emplace(object,
                      Bucket{static_cast<double>(options_.burst), now, std::prev(ages_.end())})
             .first;
  } else {
    ages_.splice(ages_.end(), ages_, at->second.age);
  }
  Bucket& bucket = at->second;
  const std::chrono::duration<double> passed = now - bucket.filled;
  const std::chrono::duration<double> per_token = options_.refill;
  bucket.tokens =
      std::min<double>(options_.burst, bucket.tokens + passed.count() / per_token.count());
  bucket.filled = now;
  if (bucket.tokens < 1) return false;
  bucket.tokens -= 1;
  return true;
}

}  // namespace stowage::k8sclient
