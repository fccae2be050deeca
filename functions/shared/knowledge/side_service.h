// What the services beside the language model have in common (embedder.h, reranker.h): how far a
// request may get, how much of a text it takes, and what its end says about the service.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "functions/shared/ai/breaker.h"
#include "runtime/base/service_settings.h"
#include "runtime/http/client.h"

namespace chatpad::functions {

constexpr uint64_t kSideConnectMs = 2'000;
constexpr int kSideTransfersMax = 64;  // at once, of one loop

// Only public addresses, unless the settings allow others.
http::ClientOptions side_client(const ServiceSettings& settings);

// The request without its body.
http::ClientRequest side_request(const ServiceSettings& settings, const char* path,
                                 uint64_t total_ms);

// At a character's border.
void shorten(std::string& text, size_t bytes_max);

// Of what was sent, not of the key, the model or the hour.
bool is_about_texts(int status);

// One admission by a breaker. Whoever leaves before the answer has said nothing of the service.
class SideAdmission {
 public:
  explicit SideAdmission(ai::Breaker& breaker) : breaker_(breaker) {}
  ~SideAdmission() {
    if (!told_) breaker_.gave_up();
  }
  SideAdmission(const SideAdmission&) = delete;
  void succeeded() {
    told_ = true;
    breaker_.succeeded();
  }
  void failed(uint64_t now_ms) {
    told_ = true;
    breaker_.failed(now_ms);
  }

 private:
  ai::Breaker& breaker_;
  bool told_ = false;
};

}  // namespace chatpad::functions
