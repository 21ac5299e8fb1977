#include "net/tls/certificates.hpp"
#include "net/tls/test_certificate.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <system_error>
#include <unistd.h>

using namespace playhead::tls;
using playhead::tls::test::any_pair;
using playhead::tls::test::make_pair;
using playhead::tls::test::Pair;
using Look = Certificates::Look;

namespace {

// A folder with a pair in it.
class Folder {
  public:
    Folder() {
        static std::atomic<int> count{0};
        path_ = std::filesystem::temp_directory_path() /
                ("playhead-certificates-" + std::to_string(::getpid()) + "-" + std::to_string(++count));
        std::filesystem::create_directories(path_);
        put(any_pair());
    }
    ~Folder() {
        std::error_code failed;
        std::filesystem::remove_all(path_, failed);
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    Files files() const { return {path_ / "cert.pem", path_ / "key.pem"}; }
    // As those who renew certificates do: a new file takes the name.
    void put(const std::filesystem::path& file, const std::string& text) const {
        const auto fresh = path_ / "fresh";
        std::ofstream{fresh, std::ios::binary} << text;
        std::filesystem::rename(fresh, file);
    }
    void put(const Pair& pair) const {
        put(files().certificate, pair.certificate);
        put(files().key, pair.key);
    }
    std::string refusal() const {
        try {
            const Certificates certificates{files()};
        } catch (const std::runtime_error& error) {
            return error.what();
        }
        FAIL("the files were accepted");
        return {};
    }

  private:
    std::filesystem::path path_;
};

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

} // namespace

TEST_CASE("files that cannot be used are named, with the key of the config and what to do") {
    const Folder folder;
    const std::string certificate = "tls.certificate: '" + folder.files().certificate.string() + "' ";
    const std::string key = "tls.key: '" + folder.files().key.string() + "' ";
    std::string expected;
    SUBCASE("no certificate") {
        std::filesystem::remove(folder.files().certificate);
        expected = certificate + "cannot be read: No such file or directory; put the certificate there";
    }
    SUBCASE("no key") {
        std::filesystem::remove(folder.files().key);
        expected = key + "cannot be read: No such file or directory; put the private key there";
    }
    SUBCASE("a folder") {
        std::filesystem::remove(folder.files().certificate);
        std::filesystem::create_directory(folder.files().certificate);
        expected = certificate + "is a folder; expected a file";
    }
    SUBCASE("nonsense") {
        folder.put(folder.files().certificate, "nonsense");
        expected = certificate + "holds no certificate";
    }
    SUBCASE("something huge") {
        folder.put(folder.files().key, std::string(Certificates::file_bytes_max + 1, 'x'));
        expected = key + "is larger than 262144 bytes";
    }
    SUBCASE("a key of another certificate") {
        folder.put(folder.files().key, make_pair().key);
        expected = key + "is not the key of this certificate";
    }
    CHECK(contains(folder.refusal(), expected));
}

TEST_CASE("what has not changed stays, and is not read again") {
    const Folder folder;
    Certificates certificates{folder.files()};
    const auto before = certificates.current();
    for (const bool patient : {true, false}) CHECK(certificates.look(patient) == Look::same);
    CHECK(certificates.current() == before);
}

TEST_CASE("a new pair is taken up, and whoever has the old one keeps it") {
    const Folder folder;
    Certificates certificates{folder.files()};
    const auto before = certificates.current();
    folder.put(make_pair({.name = "renewed.example"}));
    CHECK(certificates.look(true) == Look::renewed);
    CHECK(contains(certificates.current()->subject(), "renewed.example"));
    CHECK(contains(before->subject(), "localhost"));
    CHECK(certificates.look(true) == Look::same);
}

TEST_CASE("a pair that is seen half replaced is waited for") {
    const Folder folder;
    Certificates certificates{folder.files()};
    const Pair fresh = make_pair({.name = "renewed.example"});
    folder.put(folder.files().certificate, fresh.certificate);
    CHECK(certificates.look(true) == Look::same);
    CHECK(contains(certificates.current()->subject(), "localhost"));
    folder.put(folder.files().key, fresh.key);
    CHECK(certificates.look(true) == Look::renewed);
    CHECK(contains(certificates.current()->subject(), "renewed.example"));
}

TEST_CASE("new files that stay wrong are told of once, and the old pair stays in use") {
    const Folder folder;
    Certificates certificates{folder.files()};
    const auto before = certificates.current();
    folder.put(folder.files().key, "nonsense");
    CHECK(certificates.look(true) == Look::same);
    const auto told = certificates.look(true);
    REQUIRE_FALSE(told.has_value());
    CHECK(contains(told.error(), folder.files().key.string() + "' holds no private key"));
    for (int i = 0; i < 3; ++i) CHECK(certificates.look(true) == Look::same);
    CHECK(certificates.current() == before);
    SUBCASE("who asks is told again") {
        for (int i = 0; i < 2; ++i) CHECK_FALSE(certificates.look(false).has_value());
    }
    SUBCASE("wrong in another way is told anew") {
        std::filesystem::remove(folder.files().certificate);
        CHECK(certificates.look(true) == Look::same);
        CHECK_FALSE(certificates.look(true).has_value());
    }
    SUBCASE("put right, they are taken up") {
        folder.put(any_pair());
        CHECK(certificates.look(true) == Look::renewed);
    }
}

TEST_CASE("who asks is told at once") {
    const Folder folder;
    Certificates certificates{folder.files()};
    folder.put(folder.files().key, "nonsense");
    CHECK_FALSE(certificates.look(false).has_value());
    CHECK(certificates.look(true) == Look::same);
}
