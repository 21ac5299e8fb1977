#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

// Clocks, sizes and the results of one run.
namespace playhead::bench {

std::int64_t now_ns();    // CLOCK_MONOTONIC
std::int64_t thread_ns(); // processor time of this thread
double resident_kib();    // of this process
void keep_to_one_core();  // the one it runs on now

// Keys and numbers in the order in which they were found.
class Results {
  public:
    void add(const std::string& key, double value) { values_.emplace_back(key, value); }
    // The median, with the 10th and 90th percentile as _p10 and _p90.
    void add(const std::string& key, std::vector<double> samples);
    void add(const Results& more);
    double operator[](const std::string& key) const; // 0 if it was not measured
    // A table, and as the last line one flat JSON object.
    void print() const;
    const std::vector<std::pair<std::string, double>>& values() const { return values_; }

  private:
    std::vector<std::pair<std::string, double>> values_;
};

// The sample that a share `q` of all does not exceed.
double quantile(std::vector<double> samples, double q);

// Runs it in a process of its own, so that its heap is nobody else's, and gives what it found. Ends the program if that
// process fails.
Results apart(const std::string& name, const std::function<void(Results&)>& work);

} // namespace playhead::bench
