// Config: every setting of the program, read once from the environment. docs/config.md lists them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/base/ai_settings.h"
#include "runtime/base/auth_settings.h"
#include "runtime/base/error.h"
#include "runtime/base/network.h"
#include "runtime/base/service_settings.h"

namespace chatpad {

// What an account may do in realtime unless its own limits say otherwise (docs/limits.md).
struct RealtimeSettings {
  int64_t clients = 20'000;          // CHATPAD_REALTIME_CLIENTS
  int64_t channels = 100'000;        // CHATPAD_REALTIME_CHANNELS
  int64_t joins = 1'000;             // CHATPAD_REALTIME_JOINS: a second
  int64_t events = 2'000;            // CHATPAD_REALTIME_EVENTS: a second
  int64_t bytes = 64 * 1024 * 1024;  // CHATPAD_REALTIME_BYTES: a second
  int64_t presence = 1'000;          // CHATPAD_REALTIME_PRESENCE: a second
};

// When indexes of knowledge that has changed are built (docs/config.md).
enum class Warming : uint8_t { lazy, eager, scheduled };

struct Config {
  std::string home;                // CHATPAD_HOME, default .chatpad; absolute
  std::string host = "127.0.0.1";  // CHATPAD_HOST
  uint16_t port = 8000;            // CHATPAD_PORT; 0 picks a free one
  std::string database_url;        // CHATPAD_DATABASE_URL; empty: the private cluster
  std::string redis_url;           // CHATPAD_REDIS_URL; empty: no bus to other programs
  std::string public_url;          // CHATPAD_PUBLIC_URL; default http://host:port
  int loops = 0;                   // CHATPAD_LOOPS; 0: one per core
  double rate_scale = 1.0;         // CHATPAD_RATE_SCALE: multiplies every rate limit
  std::string jwt_secret;          // CHATPAD_JWT_SECRET or made by `up`; at least 32 bytes
  std::string secret_key;          // CHATPAD_SECRET_KEY or made by `up`: seals secrets of accounts
  std::string secret_key_file;     // CHATPAD_SECRET_KEY_FILE: where it stands instead
  std::vector<std::string> trusted_proxies;  // CHATPAD_TRUSTED_PROXIES: addresses, comma separated
  // CHATPAD_FETCH_ALLOW: networks that URLs of tenants may lead to although they are not public.
  std::vector<Network> fetch_allow;
  // CHATPAD_STRIPE_WEBHOOK_SECRET: of the endpoint at Stripe, comma separated while one is rolled.
  std::vector<std::string> stripe_webhook_secrets;
  std::string stripe_secret_key;  // CHATPAD_STRIPE_SECRET_KEY; empty: nothing is sold
  std::string stripe_url = "https://api.stripe.com";  // CHATPAD_STRIPE_URL: tests stand in for it
  ServiceSettings embedding;
  ServiceSettings rerank;
  Warming knowledge_warming = Warming::lazy;  // CHATPAD_KNOWLEDGE_WARMING
  uint64_t knowledge_warm_s = 300;            // CHATPAD_KNOWLEDGE_WARM_S: of `scheduled`
  uint64_t knowledge_cache_mb = 50;           // CHATPAD_KNOWLEDGE_CACHE_MB
  uint64_t drain_ms = 10'000;                 // CHATPAD_DRAIN_MS
  int pool_connections = 8;                   // CHATPAD_POOL: connections per loop and login role
  LogLevel log_level = LogLevel::info;        // CHATPAD_LOG: debug, info, warn, error
  RealtimeSettings realtime;
  AuthSettings auth;
  AiSettings ai;
  // From the home's env file, for pages.
  std::string anon_key;
  std::string demo_agent_id;  // empty: no demo here
  // For tests only: answers come from a script instead of a provider.
  int script_token_ms = -1;     // CHATPAD_TEST_PROVIDER_TOKEN_MS
  int script_tokens = 20;       // CHATPAD_TEST_PROVIDER_TOKENS
  std::string test_names_file;  // CHATPAD_TEST_NAMES: stands in for DNS where tenants' URLs lead
};

// Errc::validation_failed names the variable that cannot be used and what it may hold.
Result<Config> config_from_environment();

}  // namespace chatpad
