// What somebody says of a provider, for making and for changing one: in the words of
// /functions/v1 (camelCase) and of Supabase's /auth/v1/admin/custom-providers and sso/providers.
//
// Errors: validation_failed naming the field.
#pragma once

#include <optional>
#include <string>

#include "functions/shared/external/provider.h"
#include "runtime/base/config.h"
#include "runtime/coro/task.h"
#include "runtime/edge/call.h"
#include "runtime/wire/fields.h"

namespace chatpad::functions {

constexpr size_t kClientSecretCharsMax = 2048;

struct ProviderInput {
  std::string json;                   // `p` of api.create_sign_in_provider
  std::optional<std::string> secret;  // sealed before it reaches the database
};

enum class InputFor : uint8_t { create, update };
// `config` says which hosts may be fetched by http.
ProviderInput read_custom_provider(const Config& config, const wire::Fields& f, InputFor what);

// Also SAML: the identity provider's metadata comes as `metadataXml`, or is fetched from
// `metadataUrl`, and is read on a worker.
Task<ProviderInput> read_provider(edge::Call call, wire::Fields f, InputFor what);
// The same in the words of Supabase's /auth/v1/admin/sso/providers, SAML alone.
Task<ProviderInput> read_sso_provider(edge::Call call, wire::Fields f, InputFor what);
// {"provider": ...}
std::string provider_body(std::string_view provider_json);

// The kind that an issuer's host has, whatever anybody says; nullopt: any.
std::optional<std::string_view> kind_of_issuer(std::string_view issuer);

// Whether the caller may keep the provider, or (without an id) providers of the account: before
// anything is fetched for them. Raises as the database does when they change one.
Task<void> require_provider_keeper(edge::Call call, std::optional<Uuid> account,
                                   std::optional<Uuid> id);

// Under the rights of `db`. `account`: nullopt for the server's own.
Task<std::string> create_provider(edge::Call call, edge::Db db, std::optional<Uuid> account,
                                  ProviderInput input);
Task<std::string> update_provider(edge::Call call, edge::Db db, Uuid id, ProviderInput input);

// The id of the server's provider that the path names; raises not_found.
Task<Uuid> provider_id_of_path(edge::Call call);

}  // namespace chatpad::functions
