/* SPDX-License-Identifier: MIT
 *
 * Which model this is: a checksum of its sources, by the build. What another one made
 * of the same events (checkpoints, zoom tiles) may rightly differ.
 */
#include "tracer/model/model.h"

uint32_t gtv_model_id(void)
{
	return GTV_MODEL_ID;
}
