#include "functions/shared/plan/stripe_client.h"

#include <optional>

#include "runtime/wire/fields.h"
#include "runtime/wire/url.h"

namespace chatpad::functions {
namespace {

constexpr size_t kUrlCharsMax = 4096;

std::string form_text(const StripeForm& form) {
  std::string text;
  for (const auto& [name, value] : form) {
    if (!text.empty()) text += '&';
    text.append(wire::percent_encode(name)).append("=").append(wire::percent_encode(value));
  }
  return text;
}

// Stripe's own words are for whoever runs this server.
[[noreturn]] void refuse(const http::Response& response) {
  std::string cause = "Stripe answered " + std::to_string(response.head.status) + ": ";
  cause += response.body.substr(0, 500);
  raise(Errc::upstream_failed, PublicText("The payment service did not do this; try again later."),
        LogText(std::move(cause)));
}

// nullopt when the answer is not what Stripe answers.
std::optional<std::string> url_of(const http::Response& response) {
  const auto fields = wire::Fields::parse(response.body);
  if (!fields) return std::nullopt;
  try {
    return fields->optional_string("url", kUrlCharsMax);
  } catch (const Raised&) {
    return std::nullopt;
  }
}

}  // namespace

Task<std::string> StripeClient::page(std::string path, StripeForm form) {
  if (config_.stripe_secret_key.empty()) {
    raise(Errc::not_supported, PublicText("Nothing can be bought on this server."));
  }
  http::ClientRequest request;
  request.method = "POST";
  request.url = config_.stripe_url + "/v1/" + path;
  request.headers.push_back("Authorization: Bearer " + config_.stripe_secret_key);
  request.headers.emplace_back("Content-Type: application/x-www-form-urlencoded");
  request.body = form_text(form);
  request.total_ms = kAnswerMs;
  request.response_bytes_max = kAnswerBytesMax;
  http::Response response = co_await http::fetch(client_, std::move(request));
  if (response.head.status != 200) refuse(response);
  const auto url = url_of(response);
  if (!url) refuse(response);
  co_return *url;
}

}  // namespace chatpad::functions
