// What the services beside the language model have in common (embedder.h, reranker.h): how far a
// request may get, and how much of a text it takes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

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

}  // namespace chatpad::functions
