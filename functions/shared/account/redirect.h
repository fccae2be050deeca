// Sending a browser on: where to is rules.h's question (allowed_redirect), this puts the URL
// together. A fragment or a query that the page's URL has already makes room.
#pragma once

#include <string>
#include <string_view>

#include "functions/shared/account/session.h"
#include "runtime/edge/reply.h"

namespace chatpad::functions {

class UrlParameters {
 public:
  UrlParameters& add(std::string_view name, std::string_view value);
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

std::string with_query(std::string_view url, const UrlParameters& parameters);
std::string with_fragment(std::string_view url, const UrlParameters& parameters);
// error, error_code and error_description, in the query and in the fragment: clients look at
// either.
std::string with_problem(std::string_view url, std::string_view error, std::string_view code,
                         std::string_view description);

// What the implicit flow puts into a fragment. `type`: of the link, e.g. recovery; may be empty.
UrlParameters session_parameters(const IssuedSession& session, std::string_view type);

// 303 See Other, not to be stored, and nothing of it in a Referer.
edge::Reply redirect(const std::string& url);

}  // namespace chatpad::functions
