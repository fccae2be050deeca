// StripeStandIn: answers for Stripe's API while `chatpad verify-isolation` runs, so that buying a
// plan is asked for to its end. Every request gets the address of a page; what was asked is not
// looked at. Listens on a free port of loopback from its construction to its end, in a thread of
// its own, one connection at a time.
#pragma once

#include <string>
#include <thread>

namespace chatpad::isolation {

class StripeStandIn {
 public:
  StripeStandIn();
  ~StripeStandIn();
  StripeStandIn(const StripeStandIn&) = delete;
  StripeStandIn& operator=(const StripeStandIn&) = delete;
  const std::string& url() const { return url_; }

 private:
  void run() const;
  int fd_ = -1;
  std::string url_;
  std::thread thread_;
};

}  // namespace chatpad::isolation
