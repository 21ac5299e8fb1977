#include "report.hpp"

#include <boost/json.hpp>

#include <cstdio>

namespace playhead::simulation {
namespace {

std::string hexadecimal(std::uint64_t number) {
    std::string text(16, '0');
    for (std::size_t i = text.size(); i-- > 0; number >>= 4U) text[i] = "0123456789abcdef"[number & 15U];
    return text;
}

std::string rounded(double number) {
    char text[32];
    std::snprintf(text, sizeof text, "%.1f", number);
    return text;
}

} // namespace

void RunReport::add(std::uint64_t seed, World& world, const std::vector<Complaint>& wrong) {
    ++seeds_;
    simulated_ += world.lived();
    operations_ += world.operations();
    hash_ = hash_ * 31 + world.hash();
    for (const auto& [what, times] : world.coverage()) coverage_[what] += times;
    for (const Complaint& complaint : wrong) broken_.push_back({seed, complaint});
}

std::string RunReport::json(double real_s) const {
    boost::json::object coverage;
    for (const auto& [what, times] : coverage_) coverage[what] = times;
    boost::json::array broken;
    for (const Broken& one : broken_) {
        broken.push_back(boost::json::object{{"seed", one.seed},
                                             {"invariant", std::string{name_of(one.complaint.invariant)}},
                                             {"what", one.complaint.what}});
    }
    return boost::json::serialize(boost::json::object{{"seeds", seeds_},
                                                      {"simulated_s", simulated_s()},
                                                      {"real_s", real_s},
                                                      {"simulated_s_per_s", real_s > 0 ? simulated_s() / real_s : 0},
                                                      {"operations", operations_},
                                                      {"states_reached", coverage.size()},
                                                      {"coverage", coverage},
                                                      {"hash", hexadecimal(hash_)},
                                                      {"broken", broken}});
}

std::string RunReport::words(double real_s) const {
    std::string text;
    for (const Broken& one : broken_)
        text += "seed " + std::to_string(one.seed) + ": " + in_words(one.complaint) + '\n';
    text += std::to_string(seeds_) + (seeds_ == 1 ? " world, " : " worlds, ") + rounded(simulated_s()) +
            " simulated seconds in " + rounded(real_s) + " s, " + std::to_string(operations_) + " operations, " +
            std::to_string(coverage_.size()) + " states reached, hash " + hexadecimal(hash_) + '\n';
    return text;
}

} // namespace playhead::simulation
