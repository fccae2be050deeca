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
    // Teams. "$guests" is somebody of the team whom nobody here signs in as.
    {"POST /functions/v1/list-team-members", R"({"accountId":"$accounts"})"},
    {"POST /functions/v1/invite-team-member",
     R"({"accountId":"$accounts","email":"x@probe.example","role":"client"})"},
    {"POST /functions/v1/revoke-team-invitation", R"({"invitationId":"$team_invitations"})"},
    {"POST /functions/v1/get-team-invitation", R"({"token":"x"})", {}, Reach::shut},
    {"POST /functions/v1/accept-team-invitation", R"({"token":"x"})", {}, Reach::shut},
    {"POST /functions/v1/change-member-role",
     R"({"accountId":"$accounts","memberId":"$guests","role":"member"})"},
    {"POST /functions/v1/remove-team-member", R"({"accountId":"$accounts","memberId":"$guests"})"},
    {"POST /functions/v1/leave-account", R"({"accountId":"$accounts"})"},
    // API keys: one to revoke, one to rotate.
    {"POST /functions/v1/create-api-key",
     R"({"accountId":"$accounts","name":"x","scopes":["chat:write"]})"},
    {"POST /functions/v1/list-api-keys", R"({"accountId":"$accounts"})"},
    {"POST /functions/v1/rotate-api-key", R"({"keyId":"$second_keys"})"},
    {"POST /functions/v1/revoke-api-key", R"({"keyId":"$first_keys"})"},
    {"POST /auth/api-keys", R"({"tenant_id":"$accounts","name":"x","scopes":["chat:write"]})"},
    {"DELETE /auth/api-keys/{id}", {}, "/auth/api-keys/$first_keys"},
    // The audit log.
    {"GET /v1/admin/audit-logs", {}, "/v1/admin/audit-logs?tenant_id=$accounts"},
    {"POST /v1/admin/audit-logs/export", R"({"tenant_id":"$accounts"})"},
    {"GET /v1/admin/audit-logs/exports/{id}", {}, "/v1/admin/audit-logs/exports/$audit_exports"},
    {"GET /v1/admin/audit-logs/download", {}, "/v1/admin/audit-logs/download?token=x", Reach::shut},
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
