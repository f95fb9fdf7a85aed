// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "loop.h"
#include "retry.h"

#define WAIT_MS     500
#define WAIT_MAX_MS 30000

void retry_reset(struct retry *retry)
{
	retry->wanted = false;
	retry->wait_ms = WAIT_MS;
	retry->said = false;
}

void retry_soon(struct retry *retry)
{
	retry->wanted = true;
	if (retry->at_ms < loop_now())
		retry->at_ms = loop_now();
}

void retry_at_once(struct retry *retry)
{
	retry->wanted = true;
	retry->wait_ms = WAIT_MS;
	retry->at_ms = loop_now();
}

void retry_later(struct retry *retry)
{
	retry->wanted = true;
	retry->at_ms = loop_now() + retry->wait_ms;
	retry->wait_ms *= 2;
	if (retry->wait_ms > WAIT_MAX_MS)
		retry->wait_ms = WAIT_MAX_MS;
}

void retry_begun(struct retry *retry)
{
	retry->wanted = false;
}

bool retry_is_due(const struct retry *retry)
{
	return retry->wanted && loop_now() >= retry->at_ms;
}
