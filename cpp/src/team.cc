#include "mol_edge/team.h"

#include "mol_edge/error.h"

#include "network/buffer.h"

#include <chrono>
#include <memory>
#include <string>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace mol_edge {
namespace {

constexpr int kMostThreads = 256;
constexpr int kSpinsBetweenLooksAtClock = 64;
constexpr int kSpinsBeforeYield = 4096;

void relax() {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
}

/// Waits until `value` differs from `seen`: awake for a while, then asleep.
void await_change(const std::atomic<std::uint32_t>& value, std::uint32_t seen, int awake_us) {
    using Clock = std::chrono::steady_clock;
    if (awake_us > 0) {
        const auto end = Clock::now() + std::chrono::microseconds(awake_us);
        do {
            for (int i = 0; i < kSpinsBetweenLooksAtClock; ++i) {
                if (value.load(std::memory_order_acquire) != seen) return;
                relax();
            }
        } while (Clock::now() < end);
    }
    value.wait(seen);
}

}  // namespace

Team::Team(int threads, int awake_us) : awake_us_(awake_us), process_(getpid()) {
    if (threads < 1 || threads > kMostThreads) {
        throw OptionError("threads must be from 1 to " + std::to_string(kMostThreads) + ", got " +
                          std::to_string(threads) + ".");
    }
    if (awake_us < 0) {
        throw OptionError("awake_us must not be negative, got " + std::to_string(awake_us) + ".");
    }
    parts_ = std::vector<Part>(static_cast<std::size_t>(threads));
    rooms_.resize(static_cast<std::size_t>(threads) + 1);
    workers_.reserve(static_cast<std::size_t>(threads) - 1);
    try {
        for (int i = 1; i < threads; ++i) workers_.emplace_back([this, i] { work(i); });
    } catch (const std::system_error& error) {
        const std::size_t started = workers_.size() + 1;
        end();
        throw OptionError("threads must be as many as this process may start, got " +
                          std::to_string(threads) + " and could start " + std::to_string(started) +
                          " (" + error.what() + "): ask for fewer.");
    }
}

Team::~Team() {
    if (getpid() == process_) {
        end();
        return;
    }
    // The workers stayed behind in the process that this one was forked from, and what stood for
    // them may stand for other threads by now: nothing may be done to them.
    static_cast<void>(new std::vector<std::thread>(std::move(workers_)));
}

void Team::end() {
    ending_ = true;
    ++round_;
    round_.notify_all();
    for (std::thread& worker : workers_) worker.join();
}

float* Team::room(int thread, std::size_t floats) {
    auto& room = rooms_[static_cast<std::size_t>(thread)];
    if (room == nullptr || room->size() < floats) {
        room.reset();
        room = std::make_unique<network::Buffer>(floats);
    }
    return room->data();
}

void Team::run_job(const Job& job) {
    if (workers_.empty() || job.count < 2) {
        for (int i = 0; i < job.count; ++i) job.call(job.task, i, 0);
        return;
    }
    job_ = job;
    const std::ptrdiff_t threads = this->threads();
    for (std::ptrdiff_t i = 0; i < threads; ++i) {
        Part& part = parts_[static_cast<std::size_t>(i)];
        part.next.store(static_cast<int>(job.count * i / threads), std::memory_order_relaxed);
        part.end = static_cast<int>(job.count * (i + 1) / threads);
    }
    open_ = true;
    ++round_;
    round_.notify_all();
    take_tasks(0);
    open_ = false;
    for (int spins = 0; inside_ != 0; ++spins) {
        if (spins < kSpinsBeforeYield) {
            relax();
        } else {
            std::this_thread::yield();
        }
    }
}

void Team::work(int thread) {
    std::uint32_t seen = 0;
    for (;;) {
        await_change(round_, seen, awake_us_);
        seen = round_.load(std::memory_order_acquire);
        if (ending_) return;
        // Entered before it is looked whether there is a job: the caller waits for whoever is
        // inside before it takes the job away.
        ++inside_;
        if (open_) take_tasks(thread);
        --inside_;
    }
}

void Team::take_tasks(int thread) {
    const auto count = static_cast<int>(parts_.size());
    for (int i = 0; i < count; ++i) {
        Part& part = parts_[static_cast<std::size_t>((thread + i) % count)];
        for (;;) {
            const int index = part.next.fetch_add(1, std::memory_order_relaxed);
            if (index >= part.end) break;
            job_.call(job_.task, index, thread);
        }
    }
}

}  // namespace mol_edge
