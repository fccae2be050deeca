#include "runtime/base/config.h"

#include <filesystem>
#include <optional>

#include "runtime/base/environment.h"

namespace chatpad {
namespace {

using environment::list;
using environment::number;
using environment::text;

std::optional<LogLevel> level_of(const std::string& name) {
  if (name == "debug") return LogLevel::debug;
  if (name == "info") return LogLevel::info;
  if (name == "warn") return LogLevel::warn;
  if (name == "error") return LogLevel::error;
  return std::nullopt;
}

Result<std::vector<Network>> networks_of(const std::vector<std::string>& texts) {
  std::vector<Network> networks;
  for (const std::string& text : texts) {
    const auto network = parse_network(text);
    if (!network) {
      return Error(Errc::validation_failed,
                   PublicText("CHATPAD_FETCH_ALLOW must list networks such as 10.1.0.0/16, or "
                              "addresses, comma separated."));
    }
    networks.push_back(*network);
  }
  return networks;
}

constexpr int64_t kAnyNumberMost = 1'000'000'000'000;

Result<RealtimeSettings> realtime_from_environment() {
  RealtimeSettings settings;
  const std::pair<Result<int64_t>, int64_t*> numbers[] = {
      {number<int64_t>("CHATPAD_REALTIME_CLIENTS", settings.clients, 0, kAnyNumberMost),
       &settings.clients},
      {number<int64_t>("CHATPAD_REALTIME_CHANNELS", settings.channels, 0, kAnyNumberMost),
       &settings.channels},
      {number<int64_t>("CHATPAD_REALTIME_JOINS", settings.joins, 0, kAnyNumberMost),
       &settings.joins},
      {number<int64_t>("CHATPAD_REALTIME_EVENTS", settings.events, 0, kAnyNumberMost),
       &settings.events},
      {number<int64_t>("CHATPAD_REALTIME_BYTES", settings.bytes, 0, kAnyNumberMost),
       &settings.bytes},
      {number<int64_t>("CHATPAD_REALTIME_PRESENCE", settings.presence, 0, kAnyNumberMost),
       &settings.presence}};
  for (const auto& [read, value] : numbers) {
    if (!read) return read.error();
    *value = *read;
  }
  return settings;
}

}  // namespace

Result<Config> config_from_environment() {
  Config config;
  std::error_code ignored;
  config.home = std::filesystem::absolute(text("CHATPAD_HOME", ".chatpad"), ignored);
  while (config.home.size() > 1 && config.home.back() == '/') config.home.pop_back();
  config.host = text("CHATPAD_HOST", config.host);
  config.database_url = text("CHATPAD_DATABASE_URL", "");
  config.redis_url = text("CHATPAD_REDIS_URL", "");
  config.public_url = text("CHATPAD_PUBLIC_URL", "");
  config.jwt_secret = text("CHATPAD_JWT_SECRET", "");
  config.secret_key = text("CHATPAD_SECRET_KEY", "");
  config.secret_key_file = text("CHATPAD_SECRET_KEY_FILE", "");
  config.stripe_webhook_secrets = list(text("CHATPAD_STRIPE_WEBHOOK_SECRET", ""));
  config.stripe_secret_key = text("CHATPAD_STRIPE_SECRET_KEY", "");
  config.stripe_url = text("CHATPAD_STRIPE_URL", config.stripe_url);
  config.trusted_proxies = list(text("CHATPAD_TRUSTED_PROXIES", ""));
  const auto opened = networks_of(list(text("CHATPAD_FETCH_ALLOW", "")));
  if (!opened) return opened.error();
  config.fetch_allow = *opened;

  config.test_names_file = text("CHATPAD_TEST_NAMES", "");

  const auto port = number<uint16_t>("CHATPAD_PORT", config.port, 0, 65535);
  if (!port) return port.error();
  config.port = *port;
  const auto loops = number<int>("CHATPAD_LOOPS", 0, 0, 64);
  if (!loops) return loops.error();
  config.loops = *loops;
  const auto scale = number<double>("CHATPAD_RATE_SCALE", 1.0, 0.001, 1e9);
  if (!scale) return scale.error();
  config.rate_scale = *scale;
  const auto cache =
      number<uint64_t>("CHATPAD_KNOWLEDGE_CACHE_MB", config.knowledge_cache_mb, 1, 1'000'000);
  if (!cache) return cache.error();
  config.knowledge_cache_mb = *cache;
  const auto drain = number<uint64_t>("CHATPAD_DRAIN_MS", config.drain_ms, 0, 600'000);
  if (!drain) return drain.error();
  config.drain_ms = *drain;
  const auto pool = number<int>("CHATPAD_POOL", config.pool_connections, 1, 64);
  if (!pool) return pool.error();
  config.pool_connections = *pool;
  const auto realtime = realtime_from_environment();
  if (!realtime) return realtime.error();
  config.realtime = *realtime;
  const std::string warming = text("CHATPAD_KNOWLEDGE_WARMING", "lazy");
  if (warming != "lazy" && warming != "eager" && warming != "scheduled") {
    return Error(Errc::validation_failed,
                 PublicText("CHATPAD_KNOWLEDGE_WARMING must be lazy, eager or scheduled."));
  }
  config.knowledge_warming = warming == "lazy"    ? Warming::lazy
                             : warming == "eager" ? Warming::eager
                                                  : Warming::scheduled;
  const auto warm_s =
      number<uint64_t>("CHATPAD_KNOWLEDGE_WARM_S", config.knowledge_warm_s, 1, 86'400);
  if (!warm_s) return warm_s.error();
  config.knowledge_warm_s = *warm_s;
  const auto embedding = embedding_from_environment();
  if (!embedding) return embedding.error();
  config.embedding = *embedding;
  const auto rerank = rerank_from_environment();
  if (!rerank) return rerank.error();
  config.rerank = *rerank;
  const auto auth = auth_from_environment();
  if (!auth) return auth.error();
  config.auth = *auth;
  auto ai = ai_from_environment();
  if (!ai) return ai.error();
  config.ai = std::move(*ai);
  const auto token_ms = number<int>("CHATPAD_TEST_PROVIDER_TOKEN_MS", -1, -1, 60'000);
  if (!token_ms) return token_ms.error();
  config.script_token_ms = *token_ms;
  const auto tokens = number<int>("CHATPAD_TEST_PROVIDER_TOKENS", 20, 1, 10'000);
  if (!tokens) return tokens.error();
  config.script_tokens = *tokens;

  const std::string level = text("CHATPAD_LOG", "info");
  const auto parsed = level_of(level);
  if (!parsed) {
    return Error(Errc::validation_failed,
                 PublicText("CHATPAD_LOG must be debug, info, warn or error."));
  }
  config.log_level = *parsed;
  if (!config.jwt_secret.empty() && config.jwt_secret.size() < 32) {
    return Error(Errc::validation_failed,
                 PublicText("CHATPAD_JWT_SECRET must have at least 32 bytes; "
                            "`openssl rand -hex 32` makes a good one."));
  }
  return config;
}

}  // namespace chatpad
