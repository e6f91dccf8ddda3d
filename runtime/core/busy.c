/* SPDX-License-Identifier: MIT
 *
 * The program's clock, and work that only takes time: for demos and tests, on the real
 * system as simulated.
 */
#include "runtime/core/rt.h"
#include "runtime/sim/sim.h"
#include "runtime/sim/sim_thread.h"
#include "runtime/io/timer.h"

#define LOOK_NS	   1000u   /* between two safe points */
#define MISSING_NS 100000u /* longer than this, the core was somebody else's */

uint64_t gt_now_ns(void)
{
	if (gt__sim_on) /* or who waits for a time by looking would wait for ever */
		gt__sim_enter(GT__SIM_TICK);
	return gt__sys_now_ns();
}

static void busy_simulated(uint64_t ns)
{
	for (uint64_t done = 0; done < ns; done += GT__SIM_TICK)
		gt_tick();
}

void gt_busy_ns(uint64_t ns)
{
	uint64_t done = 0;

	if (gt__sim_on) {
		busy_simulated(ns);
		return;
	}
	/* What others do at our safe points is not our work. */
	while (done < ns) {
		uint64_t begin = gt__sys_now_ns(), passed;

		while ((passed = gt__sys_now_ns() - begin) < LOOK_NS)
			gt__sys_relax();
		done += passed < MISSING_NS ? passed : LOOK_NS;
		gt_tick();
	}
}

int gt_block_ns(uint64_t ns)
{
	gt__sys_sleep_until(gt__deadline_in(ns));
	return 0;
}
