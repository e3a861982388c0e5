#include "mol_edge/error.h"
#include "mol_edge/team.h"

#include "catch.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace mol_edge {
namespace {

TEST_CASE("a team does each task of each job once, awake or asleep") {
    const int threads = GENERATE(1, 2, 5);
    const int awake_us = GENERATE(0, 50);
    Team team(threads, awake_us);
    CHECK(team.threads() == threads);
    for (int job = 0; job < 200; ++job) {
        std::vector<std::atomic<int>> done(static_cast<std::size_t>(job % 37));
        team.run(job % 37, [&](int i) { ++done[static_cast<std::size_t>(i)]; });
        int wrong = 0;
        for (const auto& count : done) wrong += count == 1 ? 0 : 1;
        REQUIRE(wrong == 0);
    }
}

TEST_CASE("no two tasks run with the same thread number at once") {
    const int threads = GENERATE(1, 3);
    Team team(threads, 20);
    std::vector<std::atomic<int>> busy(static_cast<std::size_t>(threads));
    std::atomic<int> wrong{0};
    for (int job = 0; job < 50; ++job) {
        team.run(40, [&](int, int thread) {
            if (thread < 0 || thread >= threads) {
                ++wrong;
                return;
            }
            auto& mine = busy[static_cast<std::size_t>(thread)];
            if (++mine != 1) ++wrong;
            --mine;
        });
    }
    CHECK(wrong == 0);
}

TEST_CASE("each thread begins with a part of its own, and takes what others leave of theirs") {
    constexpr int tasks = 60;
    Team team(3, 20);
    for (int job = 0; job < 50; ++job) {
        std::vector<int> first(3, -1);
        std::vector<std::atomic<int>> done(tasks);
        team.run(tasks, [&](int i, int thread) {
            int& begin = first[static_cast<std::size_t>(thread)];
            if (begin < 0) begin = i;
            ++done[static_cast<std::size_t>(i)];
        });
        // A thread that comes late to its part may find the ones after it alone.
        for (int thread = 1; thread < 3; ++thread) {
            const int begin = first[static_cast<std::size_t>(thread)];
            const int parts_on = (begin / (tasks / 3) - thread + 3) % 3;
            REQUIRE((begin < 0 || parts_on < 2));
        }
        for (const auto& count : done) REQUIRE(count == 1);
    }
    std::vector<int> order;
    Team(1, 0).run(tasks, [&](int i) { order.push_back(i); });
    CHECK(std::is_sorted(order.begin(), order.end()));
}

TEST_CASE("what tasks write is there when a job is over") {
    Team team(3, 20);
    std::vector<long> values(1000);
    for (long job = 1; job <= 100; ++job) {
        team.run(1000, [&](int i) { values[static_cast<std::size_t>(i)] += job; });
    }
    for (const long value : values) REQUIRE(value == 5050);
}

TEST_CASE("a team of a process that was forked works on, with the caller alone") {
    Team team(3, 0);
    team.run(8, [](int) {});
    const pid_t child = fork();
    if (child == 0) {
        std::atomic<int> done{0};
        {
            Team& inherited = team;
            inherited.run(8, [&](int) { ++done; });
        }
        _exit(done == 8 ? 0 : 1);
    }
    int status = -1;
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("a room is a thread's own, stays from job to job and grows") {
    Team team(2, 20);
    std::vector<float*> rooms(2);
    team.run(40, [&](int, int thread) {
        float* const room = team.room(thread, 100);
        room[0] = static_cast<float>(thread);
        room[99] = 5;
        rooms[static_cast<std::size_t>(thread)] = room;
    });
    float* const common = team.room(2, 50);
    CHECK(common != rooms[0]);
    CHECK(common != rooms[1]);
    team.run(40, [&](int, int thread) {
        float* const before = rooms[static_cast<std::size_t>(thread)];
        if (before == nullptr) return;
        if (team.room(thread, 100) != before) rooms[0] = nullptr;
    });
    REQUIRE(rooms[0] != nullptr);
    CHECK(rooms[0][0] == 0);
    CHECK(team.room(2, 50) == common);
    // Larger, and on a cache line as before.
    float* const larger = team.room(2, 200'000);
    larger[199'999] = 7;
    CHECK(reinterpret_cast<std::uintptr_t>(larger) % 64 == 0);
}

TEST_CASE("a team of no threads or of negative patience is refused") {
    CHECK_THROWS_AS(Team(0, 10), OptionError);
    CHECK_THROWS_AS(Team(257, 10), OptionError);
    CHECK_THROWS_AS(Team(2, -1), OptionError);
}

}  // namespace
}  // namespace mol_edge
