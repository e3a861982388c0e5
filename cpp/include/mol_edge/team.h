#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <sys/types.h>
#include <thread>
#include <type_traits>
#include <vector>

namespace mol_edge {

namespace network {
class Buffer;
}

/// Threads that share the tasks of one job after another. The caller is one of them, and does alone
/// what the others do not come to in time, so that a thread that sleeps delays nothing.
///
/// One job runs at a time: callers take turns by themselves. A process that was forked has the
/// caller alone.
class Team {
  public:
    /// Throws OptionError unless `threads` is from 1 to 256 and `awake_us` is not negative, and
    /// where the process may not start so many.
    ///
    /// `awake_us`: microseconds for which a thread looks out for the next job before it sleeps.
    Team(int threads, int awake_us);
    ~Team();
    Team(const Team&) = delete;
    Team& operator=(const Team&) = delete;

    [[nodiscard]] int threads() const { return static_cast<int>(workers_.size()) + 1; }

    /// Calls `task(i)`, or `task(i, thread)` with threads counted from 0, for each i in [0, count),
    /// and returns when all are done. Each thread begins with a part of its own, in order, and goes
    /// on with what the others have left: so the same threads take the same parts of jobs that
    /// follow each other, as long as nothing holds them up, and find there what they have written.
    /// A thread's next task is most often the one after its last.
    template <class Task>
    void run(int count, const Task& task) {
        run_job({&call<Task>, &task, count});
    }

    /// Memory for so many floats that a job needs on its way, of a thread or, where `thread` is
    /// `threads()`, of all together. It holds anything, and lies where the job before left it in
    /// the caches. Of a thread's, only that thread asks; it is gone when more is asked for.
    [[nodiscard]] float* room(int thread, std::size_t floats);

  private:
    struct Job {
        void (*call)(const void* task, int index, int thread) = nullptr;
        const void* task = nullptr;
        int count = 0;
    };

    /// Tasks of which a thread has the first ones; apart from others', since each is written often.
    struct alignas(64) Part {
        std::atomic<int> next{0};
        int end = 0;
    };

    template <class Task>
    static void call(const void* task, int index, int thread) {
        if constexpr (std::is_invocable_v<const Task&, int, int>) {
            (*static_cast<const Task*>(task))(index, thread);
        } else {
            (*static_cast<const Task*>(task))(index);
        }
    }

    /// Ends the workers that were started.
    void end();
    void run_job(const Job& job);
    void work(int thread);
    void take_tasks(int thread);

    Job job_;
    std::vector<Part> parts_;
    std::vector<std::unique_ptr<network::Buffer>> rooms_;
    /// Workers that may look at the job.
    std::atomic<int> inside_{0};
    std::atomic<bool> open_{false};
    /// Rises with each job; workers wait for it to change.
    std::atomic<std::uint32_t> round_{0};
    std::atomic<bool> ending_{false};
    int awake_us_;
    pid_t process_;
    std::vector<std::thread> workers_;
};

}  // namespace mol_edge
