#include "runtime/isolation_probes.h"

namespace chatpad::isolation {
namespace {

constexpr Probe kProbes[] = {
    // The widget, its visitors and API keys.
    {"POST /functions/v1/get-widget-config", R"({"agentId":"$agents"})", {}, Reach::open},
    {"POST /functions/v1/get-widget-config",
     R"({"agentId":"$agents","visitorId":"$visitors"})",
     {},
     Reach::open},
    {"POST /functions/v1/widget-chat", R"({"agentId":"$agents","message":"Hi"})"},
    {"POST /functions/v1/widget-chat",
     R"({"agentId":"$agents","conversationId":"$conversations","message":"Hi"})"},
    {"POST /functions/v1/get-messages", R"({"conversationId":"$conversations"})"},
    {"POST /functions/v1/create-widget-lead", R"({"agentId":"$agents","name":"X"})"},
    {"POST /functions/v1/create-widget-lead",
     R"({"agentId":"$agents","conversationId":"$conversations","name":"X"})"},
    {"GET /functions/v1/serve-widget", {}, {}, Reach::open},
    {"POST /functions/v1/validate-api-key", "{}"},
    // The inbox.
    {"POST /functions/v1/list-accounts", "{}"},
    {"POST /functions/v1/list-agents", R"({"accountId":"$accounts"})"},
    {"POST /functions/v1/list-conversations", R"({"accountId":"$accounts"})"},
    {"POST /functions/v1/list-conversations",
     R"({"accountId":"$accounts","agentId":"$agents","search":"onlyfor"})"},
    {"POST /functions/v1/get-conversation", R"({"conversationId":"$conversations"})"},
    {"POST /functions/v1/start-takeover", R"({"conversationId":"$conversations","note":"X"})"},
    {"POST /functions/v1/send-human-message",
     R"({"conversationId":"$conversations","content":"X"})"},
    {"POST /functions/v1/end-takeover", R"({"conversationId":"$conversations"})"},
    {"POST /functions/v1/update-conversation",
     R"({"conversationId":"$conversations","status":"closed"})"},
    {"POST /functions/v1/list-leads", R"({"accountId":"$accounts"})"},
    {"POST /functions/v1/add-knowledge-text",
     R"({"agentId":"$agents","title":"X","content":"Words."})"},
    // Verified identity.
    {"POST /functions/v1/get-identity-secret", R"({"agentId":"$agents"})"},
    {"POST /functions/v1/rotate-identity-secret", R"({"agentId":"$agents"})"},
    {"POST /functions/v1/require-identity", R"({"agentId":"$agents","required":false})"},
    // Secrets.
    {"POST /functions/v1/set-secret", R"({"accountId":"$accounts","name":"x","value":"y"})"},
    {"POST /functions/v1/list-secrets", R"({"accountId":"$accounts"})"},
    {"POST /functions/v1/delete-secret", R"({"accountId":"$accounts","name":"probe"})"},
    // Sessions.
    {"POST /auth/v1/signup", "{}", {}, Reach::shut},
    {"POST /auth/v1/token", "{}", "/auth/v1/token?grant_type=password", Reach::shut},
    {"GET /auth/v1/.well-known/jwks.json", {}, {}, Reach::open},
    {"GET /auth/v1/user", {}, {}, Reach::shut},
    {"POST /auth/v1/logout", {}, {}, Reach::shut},
    // Realtime over HTTP.
    {"POST /realtime/v1/api/broadcast",
     R"({"messages":[
         {"topic":"conversation:$conversations","event":"x","payload":{},"private":true},
         {"topic":"account:$accounts","event":"x","payload":{},"private":true},
         {"topic":"agent:$agents","event":"x","payload":{}}]})",
     {},
     Reach::shut},
    {"POST /realtime/v1/api/broadcast/{topic}/events/{event}", "{}",
     "/realtime/v1/api/broadcast/account:$accounts/events/x?private=true", Reach::shut},
    // Pages and what belongs to the platform.
    {"GET /", {}, {}, Reach::open},
    {"GET /admin", {}, {}, Reach::open},
    {"GET /admin/", {}, {}, Reach::open},
    {"GET /assets/{name}", {}, "/assets/$agents", Reach::open},
    {"GET /chat/{agentId}", {}, "/chat/$agents", Reach::open},
    {"GET /widget/{agentId}", {}, "/widget/$agents", Reach::open},
    {"GET /demo", {}, {}, Reach::open},
    {"GET /favicon.ico", {}, {}, Reach::open},
    {"GET /favicon.svg", {}, {}, Reach::open},
    {"GET /robots.txt", {}, {}, Reach::open},
    {"GET /health", {}, {}, Reach::open},
    {"GET /metrics", {}, {}, Reach::open},
};

}  // namespace

std::span<const Probe> probes() { return kProbes; }

}  // namespace chatpad::isolation
