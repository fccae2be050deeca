// No text opens that was not sealed here, and what was sealed opens to itself, for its owner only.
//
// uses: runtime/wire/sealed.cc runtime/wire/crypto.cc runtime/base/error.cc runtime/base/check.cc
// uses: runtime/base/uuid.cc runtime/base/clock.cc
// links: -lcrypto
#include "runtime/base/check.h"
#include "runtime/wire/sealed.h"

using namespace chatpad;
using namespace chatpad::wire;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const Keyring keys = Keyring::parse("a-key-for-fuzzing-that-is-long-enough-0").or_raise();
  const std::string text(reinterpret_cast<const char*>(data), size);
  const SealedFor ours{"owner", "place"};
  CHECK(!keys.open(ours, text), "nobody guesses a tag");
  const auto key_id = sealed_key_id(text);
  CHECK(!key_id || key_id->size() == 16, "a key id has one length");
  static_cast<void>(Keyring::parse(text));

  // With this key's id in front the decoder and the cipher are reached.
  CHECK(!keys.open(ours, "v1." + keys.key_id() + "." + text), "nobody guesses a tag");

  const std::string plain = text.substr(0, kSealedPlainBytesMax);
  const std::string sealed = keys.seal(ours, plain);
  CHECK(sealed_key_id(sealed) == keys.key_id(), "a sealed text names its key");
  CHECK(keys.open(ours, sealed) == plain, "what was sealed opens");
  CHECK(!keys.open({"other", "place"}, sealed), "and for nobody else");
  return 0;
}
