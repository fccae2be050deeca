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
    // Plans, usage and payment. What Stripe is asked for needs a key of Stripe's, the rest of the
    // shut
    // ones a super admin.
    {"POST /functions/v1/get-usage", R"({"accountId":"$accounts"})"},
    {"POST /functions/v1/list-plans", "{}"},
    {"POST /functions/v1/set-account-plan",
     R"({"accountId":"$accounts","plan":"basic"})",
     {},
     Reach::shut},
    {"POST /functions/v1/update-plan", R"({"planId":"basic"})", {}, Reach::shut},
    {"POST /functions/v1/create-checkout",
     R"({"accountId":"$accounts","plan":"basic"})",
     {},
     Reach::shut},
    {"POST /functions/v1/create-billing-portal", R"({"accountId":"$accounts"})", {}, Reach::shut},
    {"POST /functions/v1/stripe-webhook",
     R"({"id":"evt_1","type":"checkout.session.completed",
         "data":{"object":{"client_reference_id":"$accounts"}}})",
     {},
     Reach::shut},
    // The outbox.
    {"POST /functions/v1/list-mails", R"({"accountId":"$accounts"})"},
    // Sessions: the person is the one of the token, of the password or of the mail; no id names
    // one.
    {"POST /auth/v1/signup", "{}", {}, Reach::shut},
    {"POST /auth/v1/token", "{}", "/auth/v1/token?grant_type=password", Reach::shut},
    {"POST /auth/v1/otp", "{}", {}, Reach::shut},
    {"POST /auth/v1/magiclink", "{}", {}, Reach::shut},
    {"POST /auth/v1/recover", "{}", {}, Reach::shut},
    {"POST /auth/v1/resend", "{}", {}, Reach::shut},
    {"POST /auth/v1/verify", "{}", {}, Reach::shut},
    {"GET /auth/v1/verify", {}, {}, Reach::shut},
    {"GET /auth/v1/reauthenticate", {}, {}, Reach::shut},
    {"GET /auth/v1/user", {}, {}, Reach::shut},
    {"PUT /auth/v1/user", "{}", {}, Reach::shut},
    {"POST /auth/v1/logout", {}, {}, Reach::shut},
    {"GET /auth/v1/.well-known/jwks.json", {}, {}, Reach::open},
    {"GET /auth/v1/settings", {}, {}, Reach::open},
    {"GET /auth/v1/health", {}, {}, Reach::open},
    // What only the service role may.
    {"GET /auth/v1/admin/users", {}, {}, Reach::shut},
    {"POST /auth/v1/admin/users", R"({"id":"$users","email":"x@probe.example"})", {}, Reach::shut},
    {"GET /auth/v1/admin/users/{id}", {}, "/auth/v1/admin/users/$users", Reach::shut},
    {"PUT /auth/v1/admin/users/{id}", R"({"email":"x@probe.example"})",
     "/auth/v1/admin/users/$users", Reach::shut},
    {"DELETE /auth/v1/admin/users/{id}", "{}", "/auth/v1/admin/users/$users", Reach::shut},
    {"POST /auth/v1/admin/generate_link",
     R"({"type":"magiclink","email":"x@probe.example"})",
     {},
     Reach::shut},
    {"POST /auth/v1/invite", R"({"email":"x@probe.example"})", {}, Reach::shut},
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
