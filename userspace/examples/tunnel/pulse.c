// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "pulse.h"
#include "tunnel.h"

#define ROUNDS    3
#define ROUND_MS  1000
#define SHORT_LEN 5 /* kind and number */

static void ask(const struct pulse *pulse, struct link *link, size_t len)
{
	struct message probe = {
		.kind = MESSAGE_PROBE,
		.number = pulse->number,
		.bytes = len,
	};

	/* Should it be lost, it's asked again. */
	tunnel_tell(link, &probe);
}

void pulse_begin(struct pulse *pulse, unsigned int keepalive_s)
{
	pulse->round = 0;
	pulse->short_came = false;
	pulse->next_ms = loop_now() + keepalive_s * 1000ull;
}

enum pulse_says pulse_turn(struct pulse *pulse, struct link *link, size_t len,
			   unsigned int keepalive_s)
{
	enum pulse_says says;

	if (loop_now() < pulse->next_ms)
		return PULSE_NOTHING;
	if (pulse->round == ROUNDS) {
		says = pulse->short_came ? PULSE_NARROWER : PULSE_LOST;
		pulse_begin(pulse, keepalive_s);
		return says;
	}
	if (!pulse->round++) {
		pulse->number++;
		/* What was learnt of the path is forgotten after a while. */
		link_measure(link);
	} else {
		ask(pulse, link, SHORT_LEN);
	}
	ask(pulse, link, len);
	pulse->next_ms = loop_now() + ROUND_MS;
	return PULSE_NOTHING;
}

void pulse_echo(struct pulse *pulse, uint32_t number, size_t len, size_t full,
		unsigned int keepalive_s)
{
	if (!pulse->round || number != pulse->number)
		return;
	if (len >= full)
		pulse_begin(pulse, keepalive_s);
	else
		pulse->short_came = true;
}
