/* SPDX-License-Identifier: MIT
 *
 * The rows of `make bench` on Boost.Fiber. usage: boost_fiber ROW; prints one figure in
 * the row's unit; exit status 2: there is no such row here.
 */
#include <boost/fiber/all.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <vector>

namespace fibers = boost::fibers;

static double now_ns()
{
	return std::chrono::duration<double, std::nano>(
		       std::chrono::steady_clock::now().time_since_epoch())
		.count();
}

static double yields(int count)
{
	const int each = 1000000 / count;
	std::vector<fibers::fiber> all;
	double start;

	for (int i = 0; i < count; i++)
		all.emplace_back([each] {
			for (int n = 0; n < each; n++)
				boost::this_fiber::yield();
		});
	start = now_ns();
	for (auto &one : all)
		one.join();
	return (now_ns() - start) / (double(each) * count);
}

static double spawns()
{
	const int count = 100000;
	double start = now_ns();

	for (int i = 0; i < count; i++)
		fibers::fiber([] {}).join();
	return (now_ns() - start) / count;
}

static double trips()
{
	const int count = 200000;
	fibers::buffered_channel<long> there(2), back(2);
	double start = now_ns();
	long ball = 0;

	fibers::fiber echo([&] {
		long got;

		for (int i = 0; i < count; i++) {
			there.pop(got);
			back.push(got);
		}
	});
	for (int i = 0; i < count; i++) {
		there.push(i);
		back.pop(ball);
	}
	echo.join();
	return (now_ns() - start) / count;
}

static double locks()
{
	const int count = 2000000;
	fibers::mutex mutex;
	double start = now_ns();

	for (int i = 0; i < count; i++) {
		mutex.lock();
		mutex.unlock();
	}
	return (now_ns() - start) / count;
}

static double cpu_us()
{
	timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return double(ts.tv_sec) * 1e6 + double(ts.tv_nsec) / 1e3;
}

/* As row timer_wake of runtime_scale.c does it. */
static double wakes()
{
	const int sleepers = 100000, wanted = 1000000;
	const auto period = std::chrono::milliseconds(500);
	fibers::fixedsize_stack stack(16384);
	double start = 0;
	int count = 0;

	for (int i = 0; i < sleepers; i++)
		fibers::fiber(std::allocator_arg, stack, [&, i] {
			boost::this_fiber::sleep_for(period * i / sleepers);
			while (count < wanted) {
				if (count++ == sleepers)
					start = cpu_us();
				boost::this_fiber::sleep_for(period);
			}
		}).detach();
	while (count < wanted)
		boost::this_fiber::sleep_for(period / 10);
	std::printf("%.6g\n", (cpu_us() - start) / (wanted - sleepers));
	std::fflush(stdout);
	std::_Exit(0); /* the sleepers sleep on */
}

int main(int argc, char **argv)
{
	const char *row = argc > 1 ? argv[1] : "";
	double figure;

	if (!std::strcmp(row, "yield"))
		figure = yields(2);
	else if (!std::strcmp(row, "yield_1000"))
		figure = yields(1000);
	else if (!std::strcmp(row, "spawn_join"))
		figure = spawns();
	else if (!std::strcmp(row, "chan_roundtrip"))
		figure = trips();
	else if (!std::strcmp(row, "mutex"))
		figure = locks();
	else if (!std::strcmp(row, "timer_wake"))
		figure = wakes();
	else
		return 2;
	std::printf("%.6g\n", figure);
	return 0;
}
