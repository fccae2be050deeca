#include "functions/shared/external/metadata_keeper.h"

#include <utility>

#include "functions/shared/external/saml_settings.h"
#include "runtime/base/log.h"
#include "runtime/wire/fields.h"

namespace chatpad::functions {
namespace {

constexpr pg::Statement kClaim{
    "claim_saml_metadata", "select id, entity_id, metadata_url from api.claim_saml_metadata($1)"};
constexpr pg::Statement kRenew{"renew_saml_metadata", "select api.renew_saml_metadata($1, $2)"};

void tell(const Error& error, const std::string& id) {
  log::Line(LogLevel::warn, "saml_metadata_not_renewed")
      .field("id", id)
      .field("code", error_info(error.errc).code)
      .field("cause", error.cause.value);
}

}  // namespace

Task<void> MetadataKeeper::run() {
  for (;;) {
    bool more = false;
    try {
      more = co_await work();
    } catch (const Raised& raised) {
      tell(raised.error(), "");
    }
    if (!more) co_await sleep_for(context_.loop(), kMetadataLookMs);
  }
}

// True when there may be more to do.
Task<bool> MetadataKeeper::work() {
  pg::Params asked(kMetadataKeptS);
  pg::Rows rows =
      co_await context_.service_pool().once(pg::service_claims(), kClaim, std::move(asked));
  if (rows.size() != 1) co_return false;
  std::string id = rows.str(0, 0);
  std::string entity_id = rows.str(0, 1);
  std::string url = rows.str(0, 2);
  std::optional<Error> failure;
  try {
    co_await renew(id, std::move(entity_id), std::move(url));
  } catch (const Raised& raised) {
    failure = raised.error();
  }
  if (failure) tell(*failure, id);
  co_return true;
}

Task<void> MetadataKeeper::renew(std::string id, std::string entity_id, std::string url) {
  SamlSaid said;
  said.url = std::move(url);
  std::string settings = co_await saml_settings(context_, std::move(said));
  const std::string entity = wire::Fields::parse(settings).or_raise().string("entityId", 1, 1024);
  if (entity != entity_id) {
    raise(Errc::upstream_failed, {}, LogText("the metadata is about another entity"));
  }
  pg::Params params(id, std::move(settings));
  pg::Rows rows =
      co_await context_.service_pool().once(pg::service_claims(), kRenew, std::move(params));
  if (rows.size() == 1 && rows.boolean(0, 0)) {
    log::Line(LogLevel::info, "sign_in_provider").field("act", "renewed").field("id", id);
  }
}

}  // namespace chatpad::functions
