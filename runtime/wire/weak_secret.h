// What makes a secret weak: too short, published somewhere, one pattern over and over, or too few
// different characters. For `chatpad doctor`; no proof of strength. Pure; says nothing of the
// secret.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace chatpad::wire {

// What is wrong, as the rest of a sentence that begins with the secret's name ("is published as an
// example"); nullopt when nothing is..
std::optional<std::string> weakness_of_key(std::string_view secret);
// Of a password that people or programs type: shorter ones may do, published ones may not.
std::optional<std::string> weakness_of_password(std::string_view password);
// A token that Supabase ships for trying things out: everybody has its secret.
bool is_published_token(std::string_view token);

}  // namespace chatpad::wire
