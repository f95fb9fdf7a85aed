/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* When to try again, and that it's said once only. */
#ifndef TUNNEL_RETRY_H
#define TUNNEL_RETRY_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct retry - a thing that's tried until it succeeds
 * @wanted: it's to be tried
 * @at_ms: when
 * @wait_ms: how long to wait after the next try that fails
 * @said: that it failed
 */
struct retry {
	bool wanted;
	uint64_t at_ms;
	unsigned int wait_ms;
	bool said;
};

/* It succeeded, or nothing is known of it. */
void retry_reset(struct retry *retry);

/* As soon as it may be, and as if nothing had failed before. */
void retry_soon(struct retry *retry);
void retry_at_once(struct retry *retry);

/* After a wait, which grows. */
void retry_later(struct retry *retry);

/* It's being tried. */
void retry_begun(struct retry *retry);

bool retry_is_due(const struct retry *retry);

#endif
